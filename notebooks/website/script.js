const root = document.documentElement;
const theme = document.getElementById("theme");
const menu = document.getElementById("menu");
const contents = document.getElementById("contents");
const system = matchMedia("(prefers-color-scheme: dark)");

// Light and dark: as the system says, until the button says otherwise.
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
const nameTheme = () => {
  theme.textContent = isDark() ? "Light" : "Dark";
  theme.setAttribute("aria-label", `Switch to ${theme.textContent.toLowerCase()} colours`);
};
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch (error) { /* not kept then */ }
  nameTheme();
});
system.addEventListener("change", nameTheme);
nameTheme();

// The contents, on a narrow screen.
const open = (wanted) => {
  contents.classList.toggle("open", wanted);
  menu.setAttribute("aria-expanded", wanted);
};
menu.addEventListener("click", () => open(!contents.classList.contains("open")));
contents.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && contents.classList.contains("open")) { open(false); menu.focus(); }
});

// Where one is, in the contents.
const links = new Map([...contents.querySelectorAll(".sections a")].map((a) => [a.hash.slice(1), a]));
const headings = [...document.querySelectorAll("main h2[id], main h3[id]")].filter((h) => links.has(h.id));
const mark = () => {
  const passed = headings.filter((h) => h.getBoundingClientRect().top < 140);
  const here = passed.length ? links.get(passed[passed.length - 1].id) : null;
  for (const link of links.values()) link.classList.toggle("here", link === here);
};
document.addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
mark();

// On paper nothing stays folded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
