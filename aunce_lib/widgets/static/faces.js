// Rows of faces with words under them; those of a row to choose from are buttons.
function element(tag, className, text, parent) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text; // text, never HTML: names may come from anybody's files
  parent.append(made);
  return made;
}

const PATIENCE = 3000; // ms for an answer; then the page says that the kernel is gone

function render({ model, el }) {
  const root = element("div", "aunce-faces", "", el);
  const silent = element("p", "silent", "", el);
  let silence = 0;
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  silent.setAttribute("role", "alert");

  function card(face, row, number, parent) {
    const made = element(row.choose ? "button" : "div", `face ${face.label}`, "", parent);
    made.classList.toggle("anchor", Boolean(face.anchor));
    made.classList.toggle("false", Boolean(face.false));
    const image = element("img", "", "", made);
    image.src = model.get("images")[face.image];
    image.alt = face.says;
    if (face.bar !== undefined) {
      const bar = element("span", "bar", "", made);
      bar.style.width = `${Math.max(2, 100 * face.bar)}%`;
    }
    element("span", "foot", face.foot, made);
    if (face.false) element("span", "flag", "✗ false", made);
    if (!row.choose) return;
    made.type = "button";
    made.setAttribute("aria-pressed", String(Boolean(face.anchor)));
    made.addEventListener("click", () => {
      if (model.get("chosen") === number) return;
      silence ||= setTimeout(
        () => (silent.textContent = "No answer: run this cell again."),
        PATIENCE,
      );
      model.set("chosen", number);
      model.save_changes();
    });
  }

  function answered() {
    clearTimeout(silence);
    silence = 0;
    silent.textContent = "";
    draw();
  }

  function draw() {
    const focused = [...root.querySelectorAll("button")].indexOf(document.activeElement);
    root.replaceChildren();
    for (const row of model.get("rows")) {
      const section = element("section", row.drawn ? "drawn" : "", "", root);
      section.setAttribute("aria-label", `${row.title}: ${row.note}`);
      const head = element("p", "head", "", section);
      element("b", "", row.drawn ? `▶ ${row.title}` : row.title, head);
      element("span", "", ` ${row.note}`, head);
      const strip = element("div", "strip", "", section);
      row.cards.forEach((face, number) => card(face, row, number, strip));
      if (row.more) element("span", "more", row.more, strip);
    }
    if (focused >= 0) root.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
  }

  model.on("change:rows", answered);
  model.on("change:images", draw);
  draw();
  return () => {
    clearTimeout(silence);
    model.off("change:rows", answered);
    model.off("change:images", draw);
  };
}

export default { render };
