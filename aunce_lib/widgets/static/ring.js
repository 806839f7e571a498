// The picture of EmbeddingRing. Python computes every number; here they are only drawn and dragged.
const NS = "http://www.w3.org/2000/svg";
const RADIUS = 122;
const LONGEST = 92;
const EDGE = 9; // EDGE: arrows begin beside the mark
const LABELS = [96, 68, 158, 188]; // where a name may stand, the best place first
const TURN = { ArrowLeft: 5, ArrowUp: 5, ArrowRight: -5, ArrowDown: -5 }; // degrees, anti-clockwise

function make(tag, attributes, parent) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

function place(degrees, radius) {
  const t = (degrees * Math.PI) / 180;
  return [radius * Math.cos(t), -radius * Math.sin(t)]; // SVG counts y downwards
}

const STAR = Array.from({ length: 10 }, (_, k) => place(90 + 36 * k, k % 2 ? 4.5 : 11).join()).join(
  " ",
);

function mark(role, parent) {
  if (role === "anchor") return make("polygon", { points: STAR, class: "mark" }, parent);
  if (role === "negative")
    return make("rect", { x: -6.5, y: -6.5, width: 13, height: 13, class: "mark" }, parent);
  return make("circle", { r: 7, class: "mark" }, parent);
}

// Names stand inside the ring, or further in or outside where another name is in the way.
function labelRadii(angles) {
  const taken = [{ x: 0, y: 5, w: 64, h: 24 }]; // the loss in the middle
  return angles.map((degrees, i) => {
    const options = i ? LABELS : [...LABELS.slice(2), ...LABELS]; // the anchor's own: outside
    const clear = (radius) => {
      const [x, y] = place(degrees, radius);
      return taken.every(
        (box) => Math.abs(x - box.x) > box.w + 17 || Math.abs(y - box.y) > box.h + 13,
      );
    };
    const radius = options.find(clear) ?? options[0];
    const [x, y] = place(degrees, radius);
    taken.push({ x, y, w: 17, h: 13 });
    return radius;
  });
}

const norm = (degrees) => ((degrees % 360) + 360) % 360;

function render({ model, el }) {
  const svg = make(
    "svg",
    { viewBox: "-205 -205 410 410", role: "group", class: "aunce-ring-svg" },
    el,
  );
  svg.setAttribute("data-lm-suppress-shortcuts", "true"); // arrow keys are ours, not the notebook's
  make("circle", { r: RADIUS, class: "orbit" }, svg);
  const loss = make("text", { class: "loss", y: -4 }, svg);
  const what = make("text", { class: "small", y: 18 }, svg);
  const key = make("g", { transform: "translate(-198,192)" }, svg);
  const arrows = make("g", { "aria-hidden": "true" }, svg);
  const points = make("g", {}, svg);
  let angles = [...model.get("angles")];
  let groups = [];
  let held = -1;
  let moved = false;
  let waiting = false;
  let again = false;
  let sent = 0;
  let silence = 0;

  function send() {
    // one message at a time: a slow kernel gets the newest place, not a queue
    if (waiting) {
      again = true;
      return;
    }
    if (String(angles) === String(model.get("angles"))) return;
    waiting = true;
    sent = performance.now();
    silence = setTimeout(() => {
      what.textContent = "no answer: run this cell again";
    }, 3000);
    model.set("angles", [...angles]);
    model.save_changes();
  }

  function turn(i, degrees) {
    angles[i] = norm(degrees);
    draw();
    send();
  }

  function choose(i) {
    if (!model.get("asking")) return;
    model.set("chosen", i);
    model.save_changes();
  }

  function build(list) {
    points.replaceChildren();
    groups = list.map((point, i) => {
      const group = make(
        "g",
        {
          tabindex: 0,
          role: "slider",
          "aria-label": point.name,
          "aria-valuemin": 0,
          "aria-valuemax": 360,
          class: `point ${point.role}`,
        },
        points,
      );
      make("circle", { r: 14, class: "reach" }, group);
      mark(point.role, group);
      group.addEventListener("pointerdown", (event) => {
        held = i;
        moved = false;
        group.setPointerCapture(event.pointerId);
        group.focus({ preventScroll: true });
        group.classList.add("held");
        event.preventDefault();
      });
      group.addEventListener("pointermove", (event) => {
        if (held !== i) return;
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(
          svg.getScreenCTM().inverse(),
        );
        const degrees = (Math.atan2(-at.y, at.x) * 180) / Math.PI;
        if (Math.abs(norm(degrees - angles[i] + 180) - 180) < 0.5) return;
        moved = true;
        turn(i, degrees);
      });
      for (const name of ["pointerup", "pointercancel"])
        group.addEventListener(name, () => {
          if (held === i && !moved && name === "pointerup") choose(i);
          held = -1;
          group.classList.remove("held");
        });
      group.addEventListener("keydown", (event) => {
        if (event.key in TURN) turn(i, angles[i] + TURN[event.key] / (event.shiftKey ? 5 : 1));
        else if (event.key === "Enter" || event.key === " ") choose(i);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
      return { group, text: make("text", { class: "halo" }, points) };
    });
  }

  function draw() {
    const { points: list = [], unit = 1, loss: value = "", whose = "" } = model.get("shown");
    const asking = model.get("asking");
    svg.classList.toggle("asking", asking);
    svg.setAttribute(
      "aria-label",
      list.length ? `Ring of embeddings: ${whose} ${value}` : "nothing to show",
    );
    if (list.length !== groups.length) build(list);
    loss.textContent = value;
    what.textContent = whose;
    arrows.replaceChildren();
    if (!angles.every(Number.isFinite)) return; // Python says what is wrong
    const radii = labelRadii(angles);
    list.forEach((point, i) => {
      const { group, text } = groups[i];
      const [x, y] = place(angles[i], RADIUS);
      const [tx, ty] = place(angles[i], radii[i]);
      group.setAttribute("transform", `translate(${x},${y})`);
      group.setAttribute("aria-valuenow", Math.round(angles[i]));
      group.setAttribute(
        "aria-valuetext",
        asking ? `${Math.round(angles[i])} degrees` : point.says,
      );
      group.classList.toggle("chosen", !asking && model.get("chosen") === i);
      text.replaceChildren();
      make("tspan", { x: tx, y: asking || !point.text ? ty : ty - 6 }, text).textContent =
        point.short;
      if (asking) return;
      make("tspan", { x: tx, y: ty + 7, class: "small" }, text).textContent = point.text;
      arrow(point, x, y, (LONGEST * point.turn) / unit);
    });
    drawKey(list.length && !asking ? unit : 0);
  }

  function arrow(point, x, y, length) {
    if (Math.abs(length) < 1.5) return;
    const group = make("g", { class: point.role }, arrows);
    const ux = y / RADIUS;
    const uy = -x / RADIUS; // anti-clockwise along the ring, on the screen
    const way = Math.sign(length);
    const head = Math.min(8, Math.abs(length));
    const along = (distance) => [x + way * distance * ux, y + way * distance * uy];
    const tip = along(EDGE + Math.abs(length));
    const back = along(EDGE + Math.abs(length) - head);
    make(
      "line",
      { x1: x, y1: y, x2: back[0], y2: back[1], class: "arrow", stroke: "var(--c)" },
      group,
    );
    const side = [4.5 * uy, -4.5 * ux];
    const corners = [
      tip,
      [back[0] + side[0], back[1] + side[1]],
      [back[0] - side[0], back[1] - side[1]],
    ];
    make(
      "polygon",
      { points: corners.map((c) => c.join()).join(" "), fill: "var(--c)", class: "head" },
      group,
    );
  }

  function drawKey(unit) {
    key.replaceChildren();
    if (!unit) return;
    make(
      "line",
      { x1: 0, y1: 0, x2: LONGEST, y2: 0, stroke: "currentColor", "stroke-width": 2 },
      key,
    );
    for (const x of [0, LONGEST])
      make("line", { x1: x, y1: -4, x2: x, y2: 4, stroke: "currentColor", "stroke-width": 2 }, key);
    const text = make("text", { x: LONGEST + 6, class: "small", style: "text-anchor:start" }, key);
    text.textContent = `turn by ${unit >= 0.01 ? +unit.toPrecision(2) : unit.toExponential(0)}`;
  }

  function arrived() {
    if (waiting) svg.dataset.roundTrip = (performance.now() - sent).toFixed(1); // ms, read by tests
    clearTimeout(silence);
    waiting = false;
    draw();
    if (again) {
      again = false;
      send();
    }
  }

  function moveTo() {
    // Python moved the faces
    if (held >= 0) return;
    angles = [...model.get("angles")];
    draw();
  }

  model.on("change:shown", arrived);
  model.on("change:angles", moveTo);
  model.on("change:asking", draw);
  model.on("change:chosen", draw);
  draw();
  return () => {
    clearTimeout(silence);
    model.off("change:shown", arrived);
    model.off("change:angles", moveTo);
    model.off("change:asking", draw);
    model.off("change:chosen", draw);
  };
}

export default { render };
