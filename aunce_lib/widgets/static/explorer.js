// The embedding explorer: what is shown, and what changes it. Talks to `widgets/explorer.py`.

class ExplorerView {
  constructor(model, root) {
    Object.assign(this, {
      model,
      root,
      hover: -1,
      anchor: -1,
      mode: "lasso",
      facesOn: false,
      found: null,
      reason: null,
      highlighted: null,
      waiting: false,
    });
    this.helpId = `aunce-help-${Math.random().toString(36).slice(2)}`;
    this.data = decode(model.get("data"));
    this.chosen = new Int32Array(0);
    build(this);
    this.kernel = new Kernel(model, this.helpId, this.banner);
    this.readTheme();
    this.setColour(model.get("colour"));
    this.takeLayout(false);
    this.takeChosen();
    this.takeAnchor();
    this.loadAtlas();
    this.redraw();
  }

  readTheme() {
    const computed = getComputedStyle(this.root);
    const read = (name) => computed.getPropertyValue(name).trim();
    this.theme = {
      paperText: read("--paper"),
      paper: packed(read("--paper")),
      ink: read("--ink"),
      accent: read("--accent"),
    };
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
    this.targets = layout.maps.map((map) => ({
      before: map.before && floats(map.before),
      after: floats(map.after),
    }));
    layout.maps.forEach((map, index) => this.maps[index].title(map));
    this.reason = null;
    if (animate) glide(this, this.placesAt(Number(this.moments.value)), 700);
    else this.places = this.placesAt(Number(this.moments.value));
    showWhy(this);
    readSelection(this);
    if (layout.maps.some((map) => map.pending)) {
      const place = () => this.kernel.ask({ ask: "place" }, [], 0).catch(() => {});
      setTimeout(place, 60); // once PCA's map is seen
    }
  }

  placesAt(moment) {
    this.extents = this.targets.map((target) => extent(target, moment));
    return this.targets.map(({ before, after }) =>
      before && moment < 1 ? blend(before, after, moment) : after.slice(),
    );
  }

  setMoment(moment) {
    this.stop?.();
    this.moments.value = moment;
    this.places = this.placesAt(moment);
    this.redraw();
  }

  takeChosen() {
    const sent = this.model.get("chosen");
    this.chosen = sent?.byteLength
      ? new Int32Array(sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength))
      : new Int32Array(0);
    this.mask = null;
    if (this.chosen.length) {
      this.mask = new Uint8Array(this.data.n);
      for (const i of this.chosen) this.mask[i] = 1;
    }
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

  ask_place(change) {
    this.waiting = true;
    this.layout.maps.forEach((map, index) => this.maps[index].title(map));
    change();
    this.model.save_changes();
    if (this.model.offline) return;
    this.kernel.ask({ ask: "ping" }, [], 0); // the answer comes after the maps
  }

  setMethod(index, method) {
    const methods = [...this.model.get("methods")];
    methods[index] = method;
    this.ask_place(() => this.model.set("methods", methods));
  }

  f1(encoder) {
    return f1Scores(this.chosen, this.data, encoder);
  }
  canAsk(i) {
    return !this.model.offline || this.model.reasons.has(`${i}/0/0`);
  }

  async askWhy(map = 0, seed = 0) {
    if (this.anchor < 0) return;
    try {
      const told = await this.kernel.ask({ ask: "why", anchor: this.anchor, map, seed });
      if (told.anchor !== this.anchor) return;
      this.reason = { ...told, map, seed };
      showWhy(this);
      this.redrawOver();
    } catch {
      /* the banner says it */
    }
  }

  async neighbours(map, rows) {
    const stored = this.layout.maps[map].neighbours;
    const { k } = this.data;
    if (stored) {
      const all = new Int32Array(
        stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.byteLength),
      );
      const near = new Int32Array(rows.length * k);
      rows.forEach((row, at) => near.set(all.subarray(row * k, (row + 1) * k), at * k));
      return near;
    }
    const { buffers } = await this.kernel.ask({ ask: "neighbours", map }, [
      Int32Array.from(rows).buffer,
    ]);
    const [sent] = buffers;
    return new Int32Array(sent.buffer.slice(sent.byteOffset, sent.byteOffset + sent.byteLength));
  }

  async saveHtml() {
    this.says.textContent = "Writing the page …";
    try {
      const { buffers } = await this.kernel.ask({ ask: "html" }, [], 60000);
      download(new Blob([buffers[0]], { type: "text/html" }), "explorer.html");
      this.says.textContent = "Saved explorer.html.";
    } catch {
      /* the banner says it */
    }
  }

  // ---------------------------------------------------------------------------- choosing

  choose(faces, how) {
    let set = new Set(how === "replace" ? [] : this.chosen);
    for (const i of faces)
      how === "remove" || (how === "toggle" && set.has(i)) ? set.delete(i) : set.add(i);
    const sorted = Int32Array.from(set).sort();
    this.set("chosen", new DataView(sorted.buffer)); // the model's event brings it to the maps
  }

  setAnchor(i) {
    this.set("anchor", i);
  }

  setHover(i, map, aloud = false) {
    if (i === this.hover) return;
    this.hover = i;
    if (i >= 0 && aloud) {
      this.says.textContent = sentence(i, this.data);
      map.centreOn(i);
      this.redraw();
    }
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
    this.foundNote.textContent = this.found
      ? `: ${plural(this.found.count, "face")}, Enter goes on`
      : "";
    this.foundAt = -1;
    this.reorder();
    this.redraw();
  }

  nextFound() {
    if (!this.found?.count) return;
    do this.foundAt = (this.foundAt + 1) % this.data.n;
    while (!this.found.found[this.foundAt]);
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
    const { n } = this.data;
    const faded = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      const out =
        (this.mask && !this.mask[i]) ||
        (this.found && !this.found.found[i]) ||
        (this.highlighted && !this.highlighted.test(i));
      faded[i] = out ? 1 : 0;
    }
    this.order = drawingOrder(
      n,
      faded,
      this.mask || this.found || this.highlighted ? Uint8Array.from(faded, (f) => 1 - f) : null,
    );
  }

  redraw() {
    this.dirty = "points";
    this.schedule();
  }
  redrawOver() {
    this.dirty ??= "over";
    this.schedule();
  }
  schedule() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      const begun = performance.now();
      const what = this.dirty;
      this.frame = this.dirty = null;
      for (const map of this.maps) {
        if (what === "points") map.drawPoints();
        map.drawOver();
      }
      if (what === "points" && this.maps.every((map) => map.width)) {
        this.drawn = (this.drawn ?? 0) + 1;
        this.drawMs = performance.now() - begun;
        this.firstDraw ??= performance.timeOrigin + performance.now();
      }
    });
  }

  drawFace(context, i, x, y, size) {
    const { side, in_row } = this.data;
    if (!this.atlas) return;
    context.imageSmoothingQuality = "high";
    context.drawImage(
      this.atlas,
      (i % in_row) * side,
      Math.floor(i / in_row) * side,
      side,
      side,
      x,
      y,
      size,
      size,
    );
  }
}

function render({ model, el }) {
  const root = h("div");
  const events = {};
  el.append(root);
  const view = new ExplorerView(model, root);
  root.explorer = view; // the tests' handle
  const on = (name, action) => {
    model.on(name, action);
    events[name] = action;
  };
  on("change:layout_data", () => view.takeLayout());
  on("change:chosen", () => view.takeChosen());
  on("change:anchor", () => view.takeAnchor());
  on("change:colour", () => {
    view.setColour(model.get("colour"));
    view.redraw();
  });
  on("change:moment", () => {
    if (Math.abs(Number(view.moments.value) - model.get("moment")) > 0.005)
      view.setMoment(model.get("moment"));
  });
  on("msg:custom", (answer, buffers) => view.kernel.hear(answer, buffers));
  on("comm_live_update", () => view.kernel.check());
  const sizes = new ResizeObserver(() => {
    view.readTheme();
    view.redraw();
  }); // also once, when the page takes it in
  view.maps.forEach((map) => sizes.observe(map.stage));
  const retheme = () => {
    view.readTheme();
    view.redraw();
  };
  const themes = new MutationObserver(retheme);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  themes.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"],
  });
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
