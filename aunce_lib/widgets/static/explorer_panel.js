// One map: a canvas of points, and one above it for rings, lasso and reasons; mouse and touch.

const REACH = 12; // pixels from a point within which it is meant

class MapView {
  constructor(explorer, index) {
    this.explorer = explorer;
    this.index = index;
    this.camera = { k: 1, x: 0, y: 0 };
    this.points = h("canvas", { class: "aunce-explorer-points", "aria-hidden": "true" });
    this.over = h("canvas", {
      class: "aunce-explorer-map",
      "data-map": index,
      tabindex: "0",
      role: "application",
      "aria-roledescription": "map of faces",
      "aria-describedby": explorer.helpId,
    });
    this.name = h("b", { class: "aunce-explorer-encoder" });
    this.method = h("select", {
      class: "aunce-explorer-method",
      "aria-label": `Projection of map ${index + 1}`,
      onchange: () => explorer.setMethod(index, this.method.value),
    });
    for (const method of explorer.data.methods)
      this.method.append(h("option", { value: method }, METHOD_NAMES[method] ?? method));
    const zoom = (label, text, factor) =>
      h(
        "button",
        {
          type: "button",
          class: "aunce-explorer-zoom",
          "aria-label": `${label}, map ${index + 1}`,
          title: label,
          onclick: () => (factor ? this.zoomBy(factor) : this.reset()),
        },
        text,
      );
    this.note = h("div", { class: "aunce-explorer-note", role: "status" });
    this.stage = h(
      "div",
      { class: "aunce-explorer-stage" },
      this.points,
      this.over,
      this.note,
      h(
        "div",
        { class: "aunce-explorer-zooms" },
        zoom("Zoom in", "+", 1.6),
        zoom("Zoom out", "−", 1 / 1.6),
        zoom("Show all", "⤢", 0),
      ),
    );
    this.element = h(
      "figure",
      { class: "aunce-explorer-panel" },
      h("figcaption", {}, this.name, this.method),
      this.stage,
    );
    this.listen();
  }

  title(map) {
    this.name.textContent = map.encoder;
    this.method.value = map.method;
    const text = `${map.encoder}, ${METHOD_NAMES[map.method]}`;
    this.over.setAttribute(
      "aria-label",
      `Map of ${this.explorer.data.n.toLocaleString("en")} faces: ${text}`,
    );
    const placed = this.explorer.data.n - map.lost;
    const notes = [];
    if (!this.explorer.data.n) notes.push("No faces to show: the table is empty.");
    else if (!placed) notes.push("No face can be placed: every embedding holds NaN or infinity.");
    else if (map.lost)
      notes.push(
        `${map.lost.toLocaleString("en")} of ${plural(this.explorer.data.n, "face")} left out: ` +
          "their embeddings hold NaN or infinity.",
      );
    if (map.pending || this.explorer.waiting)
      notes.push(`Placing the faces by ${METHOD_NAMES[map.method]} …`);
    this.note.textContent = notes.join(" ");
  }

  resize() {
    const { width, height } = this.stage.getBoundingClientRect();
    const dpr = Math.min(window.devicePixelRatio || 1, 2);
    if (!width || (this.width === width && this.height === height && this.dpr === dpr)) return;
    Object.assign(this, { width, height, dpr });
    for (const canvas of [this.points, this.over]) {
      canvas.width = Math.round(width * dpr);
      canvas.height = Math.round(height * dpr);
    }
    this.image = new ImageData(this.points.width, this.points.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.at = new Float32Array(2 * this.explorer.data.n);
  }

  scale() {
    const [wide, high] = this.explorer.extents[this.index];
    return Math.min((this.width / 2 - 18) / wide, (this.height / 2 - 18) / high) * this.camera.k;
  }

  screen(i) {
    return [this.at[2 * i] / this.dpr, this.at[2 * i + 1] / this.dpr];
  }

  drawPoints() {
    this.resize();
    if (!this.width) return;
    const { explorer, at, dpr } = this;
    const xy = explorer.places[this.index];
    const { n } = explorer.data;
    const scale = this.scale() * dpr;
    const left = (this.width / 2) * dpr - this.camera.x * scale;
    const top = (this.height / 2) * dpr + this.camera.y * scale;
    for (let i = 0; i < n; i++) {
      at[2 * i] = xy[2 * i] * scale + left;
      at[2 * i + 1] = top - xy[2 * i + 1] * scale;
    }
    const radius =
      Math.min(Math.max(Math.sqrt(24000 / Math.max(n, 1)), 1.7), 5) *
      Math.min(Math.sqrt(this.camera.k), 2.2) *
      dpr;
    stampPoints(
      this.pixels,
      this.points.width,
      this.points.height,
      at,
      explorer.order,
      explorer.look.colours,
      explorer.look.shapes,
      [radius * 0.75, radius, radius * 1.15],
      explorer.theme.paper,
    );
    const context = this.points.getContext("2d");
    context.putImageData(this.image, 0, 0);
    if (explorer.facesOn && explorer.atlas) this.drawFaces(context);
  }

  // Faces where there is room, none over another; the dot's colour frames each.
  drawFaces(context) {
    const { explorer, dpr, at } = this;
    const side = Math.round(Math.min(26 * Math.sqrt(this.camera.k), 72) * dpr);
    const edge = 2 * dpr;
    const room = side + 2 * edge;
    const { list, rank } = explorer.order;
    const placed = new Map();
    const cell = (x, y) => Math.floor(x / room) * 10007 + Math.floor(y / room);
    for (let k = list.length - 1; k >= 0; k--) {
      const i = list[k];
      const x = at[2 * i];
      const y = at[2 * i + 1];
      if (rank[i] === 0 || !(x > 0 && x < this.points.width && y > 0 && y < this.points.height))
        continue;
      let free = true;
      for (let dx = -1; dx <= 1 && free; dx++)
        for (let dy = -1; dy <= 1 && free; dy++) {
          const other = placed.get(cell(x + dx * room, y + dy * room));
          free = !other || Math.abs(other[0] - x) >= room || Math.abs(other[1] - y) >= room;
        }
      if (!free) continue;
      placed.set(cell(x, y), [x, y]);
      context.fillStyle = hex(explorer.look.colours[i]);
      context.fillRect(x - room / 2, y - room / 2, room, room);
      explorer.drawFace(context, i, x - side / 2, y - side / 2, side);
    }
  }

  drawOver() {
    if (!this.width) return;
    const context = this.over.getContext("2d");
    const { explorer, dpr } = this;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    if (explorer.reason) this.drawReason(context, explorer.reason);
    const ring = (i, radius, colour, width) => {
      const [x, y] = this.screen(i);
      if (Number.isNaN(x)) return;
      for (const [style, line] of [
        [explorer.theme.paperText, width + 2.5],
        [colour, width],
      ]) {
        context.beginPath();
        context.arc(x, y, radius, 0, 7);
        Object.assign(context, { strokeStyle: style, lineWidth: line });
        context.stroke();
      }
    };
    if (explorer.found && explorer.found.count <= 60)
      explorer.found.found.forEach((hit, i) => hit && ring(i, 7, explorer.theme.ink, 1.2));
    if (explorer.anchor >= 0) {
      ring(explorer.anchor, 9, explorer.theme.ink, 2.2);
      ring(explorer.anchor, 13, explorer.theme.ink, 1);
    }
    if (explorer.hover >= 0) ring(explorer.hover, 8, explorer.theme.accent, 2.5);
    if (this.lasso?.length > 1) {
      context.beginPath();
      this.lasso.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.closePath();
      Object.assign(context, {
        fillStyle: explorer.theme.accent + "22",
        strokeStyle: explorer.theme.accent,
        lineWidth: 1.8,
      });
      context.fill();
      context.stroke();
    }
  }

  // Lines to what pulls (solid) and to what pushes (dashed), as thick as their weight.
  drawReason(context, { anchor, positives, negatives }) {
    const [x, y] = this.screen(anchor);
    for (const [faces, colour, dash] of [
      [negatives, PUSH, [5, 4]],
      [positives, PULL, []],
    ]) {
      const most = Math.max(...faces.map(([, weight]) => weight), 1e-9);
      for (const [face, weight] of faces) {
        if (face === anchor) continue;
        const [u, v] = this.screen(face);
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(u, v);
        context.setLineDash(dash);
        Object.assign(context, {
          strokeStyle: colour,
          lineWidth: 0.8 + 3 * (weight / most),
          globalAlpha: 0.85,
        });
        context.stroke();
      }
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  nearestTo(x, y, reach = REACH, accept = () => true) {
    let best = -1;
    let least = (reach * this.dpr) ** 2;
    const { at, dpr } = this;
    const px = x * dpr;
    const py = y * dpr;
    const { rank } = this.explorer.order;
    for (let i = 0; i < rank.length; i++) {
      const d = (at[2 * i] - px) ** 2 + (at[2 * i + 1] - py) ** 2;
      if (d < least && (rank[i] > 0 || reach > REACH) && accept(i)) {
        least = d;
        best = i;
      }
    }
    return best;
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const before = this.scale();
    const k = Math.min(Math.max(this.camera.k * factor, 0.5), 400);
    const dx = x - this.width / 2;
    const dy = y - this.height / 2;
    this.camera.k = k;
    this.camera.x += dx / before - dx / this.scale();
    this.camera.y -= dy / before - dy / this.scale();
    this.explorer.redraw();
  }

  pan(dx, dy) {
    this.camera.x -= dx / this.scale();
    this.camera.y += dy / this.scale();
    this.explorer.redraw();
  }

  reset() {
    this.camera = { k: 1, x: 0, y: 0 };
    this.explorer.redraw();
  }

  centreOn(i) {
    const xy = this.explorer.places[this.index];
    if (Number.isNaN(xy[2 * i])) return;
    const [x, y] = this.screen(i);
    if (x > 20 && y > 20 && x < this.width - 20 && y < this.height - 20) return;
    [this.camera.x, this.camera.y] = [xy[2 * i], xy[2 * i + 1]];
  }

  listen() {
    const { over, explorer } = this;
    const spot = (event) => {
      const box = over.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    over.addEventListener("pointerdown", (event) => {
      if (event.button > 1) return;
      over.focus({ preventScroll: true });
      over.setPointerCapture(event.pointerId);
      const [x, y] = spot(event);
      this.start = [x, y];
      this.last = [x, y];
      this.panning = explorer.mode === "move" || event.button === 1 || event.altKey;
      this.lasso = this.panning ? null : [[x, y]];
      event.preventDefault();
    });
    over.addEventListener("pointermove", (event) => {
      const [x, y] = spot(event);
      if (!this.start) return explorer.setHover(this.nearestTo(x, y), this);
      if (this.panning) this.pan(x - this.last[0], y - this.last[1]);
      else if (Math.hypot(x - this.last[0], y - this.last[1]) > 2) {
        this.lasso.push([x, y]);
        explorer.redrawOver();
      } else return;
      this.last = [x, y];
    });
    over.addEventListener("pointerup", (event) => {
      if (!this.start) return;
      const [x, y] = spot(event);
      const still =
        Math.hypot(x - this.start[0], y - this.start[1]) < 4 && !(this.lasso?.length > 3);
      const lasso = this.lasso;
      const how = event.shiftKey ? "add" : event.ctrlKey || event.metaKey ? "remove" : "replace";
      this.start = this.lasso = null;
      if (still) {
        const face = this.nearestTo(x, y);
        if (how !== "replace" && face >= 0) explorer.choose([face], "toggle");
        else explorer.setAnchor(face);
      } else if (lasso) explorer.choose(this.enclosed(lasso), how);
      explorer.redraw();
    });
    over.addEventListener("pointercancel", () => {
      this.start = this.lasso = null;
      explorer.redrawOver();
    });
    over.addEventListener("pointerleave", () => {
      if (!this.start) explorer.setHover(-1, this);
    });
    over.addEventListener("dblclick", (event) => this.zoomBy(2, ...spot(event)));
    over.addEventListener(
      "wheel",
      (event) => {
        if (
          document.activeElement !== over &&
          !event.ctrlKey &&
          over.getRootNode().activeElement !== over
        )
          return; // let the page scroll
        event.preventDefault();
        this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...spot(event));
      },
      { passive: false },
    );
    over.addEventListener("keydown", (event) => onKey(this, event));
    over.addEventListener("blur", () => explorer.setHover(-1, this));
  }

  enclosed(lasso) {
    const inside = [];
    const xs = lasso.map(([x]) => x);
    const ys = lasso.map(([, y]) => y);
    const [left, right, top, bottom] = [
      Math.min(...xs),
      Math.max(...xs),
      Math.min(...ys),
      Math.max(...ys),
    ];
    for (let i = 0; i < this.explorer.data.n; i++) {
      const [x, y] = this.screen(i);
      if (x >= left && x <= right && y >= top && y <= bottom && insidePolygon(x, y, lasso))
        inside.push(i);
    }
    return inside;
  }
}
