// The embedding explorer: what is shown, and the controls around it. Talks to `widgets/explorer.py`.

const PATIENCE = 4000; // ms for an answer; then the page says that the kernel is gone or busy

class ExplorerView {
  constructor(model, root) {
    Object.assign(this, { model, root, hover: -1, anchor: -1, mode: "lasso", facesOn: false, found: null, reason: null, highlighted: null, waiting: false });
    this.helpId = `aunce-help-${Math.random().toString(36).slice(2)}`;
    this.questions = new Map();
    this.data = decode(model.get("data"));
    this.chosen = new Int32Array(0);
    this.build();
    this.readTheme();
    this.setColour(model.get("colour"));
    this.takeLayout(false);
    this.takeChosen();
    this.takeAnchor();
    this.loadAtlas();
    this.redraw();
  }

  // ---------------------------------------------------------------------------- building

  build() {
    const { data, root } = this, button = (name, text, title, action, pressed) => h("button", { type: "button", class: `aunce-explorer-${name}`, title, "aria-pressed": pressed, onclick: action }, text);
    const field = (label, control) => h("label", { class: "aunce-explorer-field" }, h("span", {}, label), control);
    root.classList.add("aunce-explorer");
    root.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the keys
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", "Embedding explorer");
    this.auMenu = h("select", { class: "aunce-explorer-au", onchange: () => this.ask_place(() => this.model.set("au", Number(this.auMenu.value))) },
      ...data.aus.map(({ au, name }) => h("option", { value: au }, `AU${au} ${name}`)));
    this.colourMenu = h("select", { class: "aunce-explorer-colour", onchange: () => this.set("colour", this.colourMenu.value) });
    const groups = { "Action units": (c) => /^AU\d+$/.test(c.name), "Who and where": (c) => c.kind === "category" || c.name === "frame", "More": () => true };
    const left = new Set(data.columns);
    for (const [label, fits] of Object.entries(groups)) {
      const columns = [...left].filter(fits);
      columns.forEach((column) => left.delete(column));
      if (columns.length) this.colourMenu.append(h("optgroup", { label }, ...columns.map((column) => h("option", { value: column.name }, column.name.replaceAll("_", " ")))));
    }
    this.findBox = h("input", { class: "aunce-explorer-find", type: "search", placeholder: "person, sequence, frame", oninput: () => this.find(this.findBox.value), onkeydown: (event) => event.key === "Enter" && this.nextFound() });
    this.foundNote = h("span", { class: "aunce-explorer-found", role: "status" });
    this.lassoButton = button("lasso", "Lasso", "Drag draws a loop around faces", () => this.setMode("lasso"), "true");
    this.moveButton = button("move", "Move", "Drag moves the map (or hold Alt)", () => this.setMode("move"), "false");
    this.facesButton = button("faces", "Faces", "Show faces on the map, where there is room", () => { this.facesOn = !this.facesOn; this.facesButton.setAttribute("aria-pressed", this.facesOn); this.redraw(); }, "false");
    this.facesButton.disabled = !data.atlas.byteLength;
    const save = [this.model.offline ? null : button("html", "HTML", "Save as one page that works without a network", () => this.saveHtml()), button("png", "PNG", "Save the maps as a picture", () => savePng(this)), button("svg", "SVG", "Save the maps as a drawing", () => saveSvg(this))];
    this.moments = h("input", { type: "range", class: "aunce-explorer-moment", min: 0, max: 1, step: 0.01, value: this.model.get("moment"), "aria-label": "Training: 0 before, 1 after", oninput: () => this.setMoment(Number(this.moments.value)), onchange: () => this.set("moment", Number(this.moments.value)) });
    this.playButton = button("play", "▶ Train", "Watch the faces move from before to after training", () => this.play());
    this.training = h("div", { class: "aunce-explorer-training" }, this.playButton, h("span", {}, "before"), this.moments, h("span", {}, "after training"));
    this.maps = this.model.get("layout_data").maps.map((_, index) => new MapView(this, index));
    this.legend = h("div", { class: "aunce-explorer-legend" });
    this.card = h("section", { class: "aunce-explorer-face", "aria-label": "Chosen face" });
    this.whyBox = h("section", { class: "aunce-explorer-why", "aria-label": "Why" });
    this.summary = h("section", { class: "aunce-explorer-selection", "aria-label": "Selection" });
    this.tip = h("div", { class: "aunce-explorer-tip", hidden: true });
    this.says = h("div", { class: "aunce-explorer-says", "aria-live": "polite" });
    this.banner = h("div", { class: "aunce-explorer-banner", role: "alert", hidden: true });
    const badges = [data.synthetic ? "synthetic: drawn faces, no real people" : null, ...data.spoiled.map((note) => `spoiled on purpose: ${note}`)].filter(Boolean);
    const people = data.byName.get("subject").values_text.length;
    root.replaceChildren(
      h("header", {}, h("strong", {}, "Embedding explorer"), h("span", { class: "aunce-explorer-count" }, `${plural(data.n, "face")} of ${plural(people, "person", "people")}`),
        ...badges.map((badge) => h("span", { class: "aunce-explorer-badge" }, badge))),
      h("div", { class: "aunce-explorer-bar" }, field("Embedding of", this.auMenu), field("Colour by", this.colourMenu), h("label", { class: "aunce-explorer-field" }, h("span", {}, "Find", this.foundNote), this.findBox),
        h("span", { class: "aunce-explorer-group", role: "group", "aria-label": "What dragging does" }, this.lassoButton, this.moveButton), this.facesButton,
        h("span", { class: "aunce-explorer-group aunce-explorer-save", role: "group", "aria-label": "Save" }, ...save)),
      this.banner,
      h("div", { class: "aunce-explorer-body" },
        h("div", { class: "aunce-explorer-left" }, h("div", { class: "aunce-explorer-maps" }, ...this.maps.map((map) => map.element)), this.training, this.legend, this.summary),
        h("aside", {}, this.card, this.whyBox)),
      h("p", { class: "aunce-explorer-help", id: this.helpId }, h("b", {}, "Try: "), "draw a loop around a cluster. Do its faces share a label, or a person? Click a face, then ask “Why?”. ",
        h("span", { class: "aunce-explorer-keys" }, "Keys on a map: arrows walk from face to face, Enter chooses, Space selects, G selects 25 around, W asks why, + − 0 zoom, Shift+arrows move, Esc clears. Shift+lasso adds, Ctrl+lasso takes away.")),
      this.says, this.tip);
    this.training.hidden = !this.model.get("layout_data").maps[0].before;
  }

  readTheme() {
    const computed = getComputedStyle(this.root), read = (name) => computed.getPropertyValue(name).trim();
    this.theme = { paperText: read("--paper"), paper: packed(read("--paper")), ink: read("--ink"), accent: read("--accent") };
    packed.known?.delete(read("--paper"));
  }

  async loadAtlas() {
    if (!this.data.atlas.byteLength) return;
    this.atlas = await createImageBitmap(new Blob([this.data.atlas], { type: "image/jpeg" }));
    showCard(this);
    showSelection(this);
    if (this.facesOn) this.redraw();
  }

  // ---------------------------------------------------------------------------- model → page

  takeLayout(animate = true) {
    const layout = this.model.get("layout_data");
    this.layout = layout;
    this.waiting = false;
    this.au = layout.au;
    this.auMenu.value = layout.au;
    this.targets = layout.maps.map((map) => ({ before: map.before && floats(map.before), after: floats(map.after) }));
    layout.maps.forEach((map, index) => this.maps[index].title(map));
    this.reason = null;
    if (animate) this.glide(this.placesAt(Number(this.moments.value)), 700);
    else this.places = this.placesAt(Number(this.moments.value));
    showWhy(this);
    readSelection(this);
    if (layout.maps.some((map) => map.pending)) setTimeout(() => this.ask({ ask: "place" }, [], 0).catch(() => {}), 60); // once PCA's map is seen
  }

  placesAt(moment) {
    this.extents = this.targets.map((target) => extent(target, moment));
    return this.targets.map(({ before, after }) => (before && moment < 1 ? blend(before, after, moment) : after.slice()));
  }

  setMoment(moment) {
    this.stop?.();
    this.moments.value = moment;
    this.places = this.placesAt(moment);
    this.redraw();
  }

  play() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.setMoment(Number(this.moments.value) < 1 ? 1 : 0);
    const begun = performance.now();
    this.stop?.();
    let going = true;
    this.stop = () => { going = false; };
    const frame = (now) => { // first a moment to look at what was before
      if (!going) return;
      const share = Math.min(Math.max((now - begun - 400) / 1800, 0), 1);
      this.moments.value = ease(share);
      this.places = this.placesAt(ease(share));
      this.redraw();
      if (share < 1) requestAnimationFrame(frame);
      else this.set("moment", 1);
    };
    requestAnimationFrame(frame);
  }

  glide(to, duration) {
    this.stop?.();
    const from = this.places, begun = performance.now();
    if (!from || matchMedia("(prefers-reduced-motion: reduce)").matches) { this.places = to; return this.redraw(); }
    let going = true;
    this.stop = () => { going = false; };
    const frame = (now) => {
      if (!going) return;
      const share = Math.min((now - begun) / duration, 1);
      this.places = share < 1 ? to.map((target, index) => blend(from[index], target, ease(Math.max(share, 0)))) : to;
      this.redraw();
      if (share < 1) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  takeChosen() {
    const sent = this.model.get("chosen");
    this.chosen = sent?.byteLength ? new Int32Array(sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength)) : new Int32Array(0);
    this.mask = null;
    if (this.chosen.length) { this.mask = new Uint8Array(this.data.n); for (const i of this.chosen) this.mask[i] = 1; }
    this.reorder();
    readSelection(this);
    this.redraw();
  }

  takeAnchor() {
    const anchor = this.model.get("anchor");
    if (anchor !== this.anchor) this.reason = null;
    this.anchor = anchor < this.data.n ? anchor : -1;
    showCard(this);
    showWhy(this);
    this.redrawOver();
  }

  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  // ---------------------------------------------------------------------------- asking the kernel

  ask(question, buffers = [], patience = PATIENCE) {
    const id = `${this.helpId}/${(this.asked = (this.asked ?? 0) + 1)}`;
    return new Promise((resolve, reject) => {
      const timer = patience && setTimeout(() => this.lost("The kernel does not answer: it is busy, or gone. What is shown stays usable; run the cell again for the rest."), patience);
      this.questions.set(id, { resolve, reject, timer });
      try { this.model.send({ ...question, id }, undefined, buffers); } catch (error) { this.lost(`The kernel cannot be reached (${error.message}).`); reject(error); }
    });
  }

  hear(answer, buffers) {
    const question = this.questions.get(answer?.id); // another tab's questions are not ours
    if (!question) return;
    this.questions.delete(answer.id);
    clearTimeout(question.timer);
    this.banner.hidden = true;
    if (answer.error) { this.lost(answer.error); question.reject(new Error(answer.error)); } else question.resolve({ ...answer, buffers });
  }

  lost(text) { this.banner.textContent = text; this.banner.hidden = false; }

  checkKernel() {
    const restarted = "The kernel was restarted or shut down, and this explorer lives in the old one: run its cell again. Maps, colours and counts still work; “Why?” and neighbours do not.";
    const timer = setTimeout(() => this.lost(restarted), 1500);
    this.ask({ ask: "ping" }, [], 0).then(() => clearTimeout(timer), () => this.lost(restarted));
  }

  ask_place(change) {
    this.waiting = true;
    this.layout.maps.forEach((map, index) => this.maps[index].title(map));
    change();
    this.model.save_changes();
    if (this.model.offline) return;
    this.ask({ ask: "ping" }, [], 0); // the answer comes after the maps
  }

  setMethod(index, method) {
    const methods = [...this.model.get("methods")];
    methods[index] = method;
    this.ask_place(() => this.model.set("methods", methods));
  }

  f1(encoder) { return f1Scores(this.chosen, this.data, encoder); }
  canAsk(i) { return !this.model.offline || this.model.reasons.has(`${i}/0/0`); }

  async askWhy(map = 0, seed = 0) {
    if (this.anchor < 0) return;
    try {
      const told = await this.ask({ ask: "why", anchor: this.anchor, map, seed });
      if (told.anchor !== this.anchor) return;
      this.reason = { ...told, map, seed };
      showWhy(this);
      this.redrawOver();
    } catch { /* the banner says it */ }
  }

  async neighbours(map, rows) {
    const stored = this.layout.maps[map].neighbours, { k } = this.data;
    if (stored) {
      const all = new Int32Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.byteLength)), near = new Int32Array(rows.length * k);
      rows.forEach((row, at) => near.set(all.subarray(row * k, (row + 1) * k), at * k));
      return near;
    }
    const { buffers } = await this.ask({ ask: "neighbours", map }, [Int32Array.from(rows).buffer]);
    const [sent] = buffers;
    return new Int32Array(sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength));
  }

  async saveHtml() {
    this.says.textContent = "Writing the page …";
    try {
      const { buffers } = await this.ask({ ask: "html" }, [], 60000);
      download(new Blob([buffers[0]], { type: "text/html" }), "explorer.html");
      this.says.textContent = "Saved explorer.html.";
    } catch { /* the banner says it */ }
  }

  // ---------------------------------------------------------------------------- choosing

  choose(faces, how) {
    let set = new Set(how === "replace" ? [] : this.chosen);
    for (const i of faces) (how === "remove" || (how === "toggle" && set.has(i)) ? set.delete(i) : set.add(i));
    const sorted = Int32Array.from(set).sort();
    this.set("chosen", new DataView(sorted.buffer)); // the model's event brings it to the maps
  }

  setAnchor(i) { this.set("anchor", i); }

  setHover(i, map, aloud = false) {
    if (i === this.hover) return;
    this.hover = i;
    if (i >= 0 && aloud) { this.says.textContent = sentence(i, this.data); map.centreOn(i); this.redraw(); }
    showTip(this, map);
    this.redrawOver();
  }

  setMode(mode) {
    this.mode = mode;
    this.lassoButton.setAttribute("aria-pressed", mode === "lasso");
    this.moveButton.setAttribute("aria-pressed", mode === "move");
    this.root.dataset.mode = mode;
  }

  find(query) {
    this.found = findFaces(query, this.data);
    this.foundNote.textContent = this.found ? `: ${plural(this.found.count, "face")}, Enter goes on` : "";
    this.foundAt = -1;
    this.reorder();
    this.redraw();
  }

  nextFound() {
    if (!this.found?.count) return;
    do this.foundAt = (this.foundAt + 1) % this.data.n; while (!this.found.found[this.foundAt]);
    this.setAnchor(this.foundAt);
    this.maps.forEach((map) => map.centreOn(this.foundAt));
    this.redraw();
  }

  setColour(name) {
    this.colourMenu.value = name;
    this.column = this.data.byName.get(name) ?? this.data.byName.get(`AU${this.data.aus[0].au}`);
    this.look = looks(this.column, this.data.n);
    this.highlighted = null;
    this.reorder();
    showLegend(this);
  }

  reorder() {
    const { n } = this.data, faded = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      const out = (this.mask && !this.mask[i]) || (this.found && !this.found.found[i]) || (this.highlighted && !this.highlighted.test(i));
      faded[i] = out ? 1 : 0;
    }
    this.order = drawingOrder(n, faded, this.mask || this.found || this.highlighted ? Uint8Array.from(faded, (f) => 1 - f) : null);
  }

  redraw() { this.dirty = "points"; this.schedule(); }
  redrawOver() { this.dirty ??= "over"; this.schedule(); }
  schedule() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      const begun = performance.now(), what = this.dirty;
      this.frame = this.dirty = null;
      for (const map of this.maps) { if (what === "points") map.drawPoints(); map.drawOver(); }
      if (what === "points") { this.drawn = (this.drawn ?? 0) + 1; this.drawMs = performance.now() - begun; this.firstDraw ??= performance.timeOrigin + performance.now(); }
    });
  }

  drawFace(context, i, x, y, size) {
    const { side, in_row } = this.data;
    if (!this.atlas) return;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.atlas, (i % in_row) * side, Math.floor(i / in_row) * side, side, side, x, y, size, size);
  }
}

// ------------------------------------------------------------------------------ small things

const ease = (t) => t * t * (3 - 2 * t);
const plural = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const blend = (from, to, share) => { const mix = new Float32Array(to.length); for (let i = 0; i < to.length; i++) mix[i] = from[i] + (to[i] - from[i]) * share; return mix; };

// Half the width and height that a map needs at a moment of training.
function extent({ before, after }, moment) {
  const half = (xy) => { const most = [1e-3, 1e-3]; for (let k = 0; k < xy.length; k++) if (Math.abs(xy[k]) > most[k % 2]) most[k % 2] = Math.abs(xy[k]); return most; };
  const [early, late] = [half(before ?? after), half(after)];
  return late.map((value, axis) => early[axis] + (value - early[axis]) * moment);
}

function decode(sent) {
  const values = floats(sent.values), columns = sent.columns.map((column, c) => ({ ...column, values_text: column.values, values: values.subarray(c * sent.n, (c + 1) * sent.n) }));
  return { ...sent, columns, predictions: floats(sent.predictions), byName: new Map(columns.map((column) => [column.name, column])) };
}

function render({ model, el }) {
  const root = h("div"), events = {};
  el.append(root);
  const view = new ExplorerView(model, root);
  root.explorer = view; // the tests' handle
  const on = (name, action) => { model.on(name, action); events[name] = action; };
  on("change:layout_data", () => view.takeLayout());
  on("change:chosen", () => view.takeChosen());
  on("change:anchor", () => view.takeAnchor());
  on("change:colour", () => { view.setColour(model.get("colour")); view.redraw(); });
  on("change:moment", () => { if (Math.abs(Number(view.moments.value) - model.get("moment")) > 0.005) view.setMoment(model.get("moment")); });
  on("msg:custom", (answer, buffers) => view.hear(answer, buffers));
  on("comm_live_update", () => view.checkKernel());
  const sizes = new ResizeObserver(() => { view.readTheme(); view.redraw(); }); // also once, when the page takes it in
  view.maps.forEach((map) => sizes.observe(map.stage));
  const retheme = () => { view.readTheme(); view.redraw(); };
  const themes = new MutationObserver(retheme), scheme = matchMedia("(prefers-color-scheme: dark)");
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
  scheme.addEventListener("change", retheme);
  return () => {
    for (const [name, action] of Object.entries(events)) model.off(name, action);
    sizes.disconnect();
    themes.disconnect();
    scheme.removeEventListener("change", retheme);
    view.stop?.();
  };
}

export default { render };
