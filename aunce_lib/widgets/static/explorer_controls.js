// The controls around the maps, and where everything stands.

function build(view) {
  const { data, root } = view;
  const button = (name, text, title, action, pressed) =>
    h(
      "button",
      {
        type: "button",
        class: `aunce-explorer-${name}`,
        title,
        "aria-pressed": pressed,
        onclick: action,
      },
      text,
    );
  const field = (label, control) =>
    h("label", { class: "aunce-explorer-field" }, h("span", {}, label), control);
  root.classList.add("aunce-explorer");
  root.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the keys
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Embedding explorer");
  view.auMenu = h(
    "select",
    {
      class: "aunce-explorer-au",
      onchange: () => view.ask_place(() => view.model.set("au", Number(view.auMenu.value))),
    },
    ...data.aus.map(({ au, name }) => h("option", { value: au }, `AU${au} ${name}`)),
  );
  view.colourMenu = h("select", {
    class: "aunce-explorer-colour",
    onchange: () => view.set("colour", view.colourMenu.value),
  });
  const groups = {
    "Action units": (c) => /^AU\d+$/.test(c.name),
    "Who and where": (c) => c.kind === "category" || c.name === "frame",
    More: () => true,
  };
  const left = new Set(data.columns);
  for (const [label, fits] of Object.entries(groups)) {
    const columns = [...left].filter(fits);
    columns.forEach((column) => left.delete(column));
    if (columns.length)
      view.colourMenu.append(
        h(
          "optgroup",
          { label },
          ...columns.map((column) =>
            h("option", { value: column.name }, column.name.replaceAll("_", " ")),
          ),
        ),
      );
  }
  view.findBox = h("input", {
    class: "aunce-explorer-find",
    type: "search",
    placeholder: "person, sequence, frame",
    oninput: () => view.find(view.findBox.value),
    onkeydown: (event) => event.key === "Enter" && view.nextFound(),
  });
  view.foundNote = h("span", { class: "aunce-explorer-found", role: "status" });
  view.lassoButton = button(
    "lasso",
    "Lasso",
    "Drag draws a loop around faces",
    () => view.setMode("lasso"),
    "true",
  );
  view.moveButton = button(
    "move",
    "Move",
    "Drag moves the map (or hold Alt)",
    () => view.setMode("move"),
    "false",
  );
  view.facesButton = button(
    "faces",
    "Faces",
    "Show faces on the map, where there is room",
    () => {
      view.facesOn = !view.facesOn;
      view.facesButton.setAttribute("aria-pressed", view.facesOn);
      view.redraw();
    },
    "false",
  );
  view.facesButton.disabled = !data.atlas.byteLength;
  const save = [
    view.model.offline
      ? null
      : button("html", "HTML", "Save as one page that works without a network", () =>
          view.saveHtml(),
        ),
    button("png", "PNG", "Save the maps as a picture", () => savePng(view)),
    button("svg", "SVG", "Save the maps as a drawing", () => saveSvg(view)),
  ];
  view.moments = h("input", {
    type: "range",
    class: "aunce-explorer-moment",
    min: 0,
    max: 1,
    step: 0.01,
    value: view.model.get("moment"),
    "aria-label": "Training: 0 before, 1 after",
    oninput: () => view.setMoment(Number(view.moments.value)),
    onchange: () => view.set("moment", Number(view.moments.value)),
  });
  view.playButton = button(
    "play",
    "▶ Train",
    "Watch the faces move from before to after training",
    () => play(view),
  );
  view.training = h(
    "div",
    { class: "aunce-explorer-training" },
    view.playButton,
    h("span", {}, "before"),
    view.moments,
    h("span", {}, "after training"),
  );
  view.maps = view.model.get("layout_data").maps.map((_, index) => new MapView(view, index));
  view.legend = h("div", { class: "aunce-explorer-legend" });
  view.card = h("section", { class: "aunce-explorer-face", "aria-label": "Chosen face" });
  view.whyBox = h("section", { class: "aunce-explorer-why", "aria-label": "Why" });
  view.summary = h("section", { class: "aunce-explorer-selection", "aria-label": "Selection" });
  view.tip = h("div", { class: "aunce-explorer-tip", hidden: true });
  view.says = h("div", { class: "aunce-explorer-says", "aria-live": "polite" });
  view.banner = h("div", { class: "aunce-explorer-banner", role: "alert", hidden: true });
  const badges = [
    data.synthetic ? "synthetic: drawn faces, no real people" : null,
    ...data.spoiled.map((note) => `spoiled on purpose: ${note}`),
  ].filter(Boolean);
  const people = data.byName.get("subject").values_text.length;
  root.replaceChildren(
    h(
      "header",
      {},
      h("strong", {}, "Embedding explorer"),
      h(
        "span",
        { class: "aunce-explorer-count" },
        `${plural(data.n, "face")} of ${plural(people, "person", "people")}`,
      ),
      ...badges.map((badge) => h("span", { class: "aunce-explorer-badge" }, badge)),
    ),
    h(
      "div",
      { class: "aunce-explorer-bar" },
      field("Embedding of", view.auMenu),
      field("Colour by", view.colourMenu),
      h(
        "label",
        { class: "aunce-explorer-field" },
        h("span", {}, "Find", view.foundNote),
        view.findBox,
      ),
      h(
        "span",
        { class: "aunce-explorer-group", role: "group", "aria-label": "What dragging does" },
        view.lassoButton,
        view.moveButton,
      ),
      view.facesButton,
      h(
        "span",
        {
          class: "aunce-explorer-group aunce-explorer-save",
          role: "group",
          "aria-label": "Save",
        },
        ...save,
      ),
    ),
    view.banner,
    h(
      "div",
      { class: "aunce-explorer-body" },
      h(
        "div",
        { class: "aunce-explorer-left" },
        h("div", { class: "aunce-explorer-maps" }, ...view.maps.map((map) => map.element)),
        view.training,
        view.legend,
        view.summary,
      ),
      h("aside", {}, view.card, view.whyBox),
    ),
    h(
      "p",
      { class: "aunce-explorer-help", id: view.helpId },
      h("b", {}, "Try: "),
      "draw a loop around a cluster. Do its faces share a label, or a person? ",
      "Click a face, then ask “Why?”. ",
      h(
        "span",
        { class: "aunce-explorer-keys" },
        "Keys on a map: arrows walk from face to face, Enter chooses, Space selects, ",
        "G selects 25 around, W asks why, + − 0 zoom, Shift+arrows move, Esc clears. ",
        "Shift+lasso adds, Ctrl+lasso takes away.",
      ),
    ),
    view.says,
    view.tip,
  );
  view.training.hidden = !view.model.get("layout_data").maps[0].before;
}
