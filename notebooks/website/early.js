// Before anything is drawn: the theme chosen on an earlier page, so that nothing flashes.
try {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch (error) { /* a browser that keeps nothing follows the system */ }
document.documentElement.classList.add("scripted");
