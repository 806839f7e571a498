// The line that says what to try. It also names the sliders of its widget for screen readers:
// ipywidgets writes a label beside each, but ties it to nothing.
function nameSliders(widget) {
  for (const slider of widget.querySelectorAll(".widget-slider")) {
    const label = slider.querySelector(".widget-label")?.textContent.trim();
    const handle = slider.querySelector(".noUi-handle");
    if (label && handle?.getAttribute("aria-label") !== label) {
      handle?.setAttribute("aria-label", label);
    }
  }
}

function render({ model, el }) {
  el.innerHTML = model.get("value"); // our own words; nothing of them comes from data
  let frame = 0;
  const later = () => {
    if (!frame) frame = requestAnimationFrame(look);
  };
  const observer = new MutationObserver(later);
  let watched = null;
  function look() {
    frame = 0;
    const widget = el.closest(".widget-vbox");
    if (!widget) return later(); // not in the page yet
    if (widget !== watched) {
      observer.observe(widget, { childList: true, subtree: true });
      watched = widget;
    }
    nameSliders(widget);
  }
  later();
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
  };
}

export default { render };
