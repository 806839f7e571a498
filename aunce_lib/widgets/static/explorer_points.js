// Points into pixels. Thousands of dots are stamped into one buffer: quick on any machine, with or
// without a graphics card, and the same picture everywhere.

const PALETTE = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"]; // Okabe & Ito
const ACTIVE = "#D55E00";
const INACTIVE = "#56B4E9";
const UNKNOWN = "#A8A8A8";
const VIRIDIS = [
  "#440154",
  "#482878",
  "#3E4A89",
  "#31688E",
  "#26828E",
  "#1F9E89",
  "#35B779",
  "#6DCD59",
  "#B4DE2C",
  "#FDE725",
];
const SHAPES = ["disc", "square", "triangle"];
const NAMED = PALETTE.length * SHAPES.length; // values of a column that get a look of their own
const RING = 3; // shape of an unknown label

function rgb(text) {
  const context = (rgb.canvas ??= new OffscreenCanvas(1, 1)).getContext("2d", {
    willReadFrequently: true,
  });
  context.fillStyle = "#888";
  context.fillStyle = text.trim();
  context.clearRect(0, 0, 1, 1);
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

function packed(text) {
  const [r, g, b] =
    (packed.known ??= new Map()).get(text) ?? packed.known.set(text, rgb(text)).get(text);
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

function viridis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const channel = (hex, k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mix = [0, 1, 2].map((k) =>
    Math.round(
      channel(VIRIDIS[low], k) * (low + 1 - at) + channel(VIRIDIS[low + 1], k) * (at - low),
    ),
  );
  return "#" + mix.map((value) => value.toString(16).padStart(2, "0")).join("");
}

// How the faces look when a column colours them, and the legend that says so.
// → { kind, colours: Uint32Array, shapes: Uint8Array,
//     entries: [{ label, count, colour, shape, test }] }
function looks(column, n) {
  const colours = new Uint32Array(n);
  const shapes = new Uint8Array(n);
  const { values } = column;
  const entries = [];
  const unknown = (i) => Number.isNaN(values[i]);
  if (column.kind === "number") {
    const span = column.high - column.low || 1;
    const ramp = Array.from({ length: 256 }, (_, k) => packed(viridis(k / 255)));
    for (let i = 0; i < n; i++)
      colours[i] = ramp[Math.round(((values[i] - column.low) / span) * 255)] ?? 0;
  } else if (column.kind === "label") {
    const [active, inactive] = [packed(ACTIVE), packed(INACTIVE)];
    for (let i = 0; i < n; i++) colours[i] = values[i] === 1 ? active : inactive;
    entries.push({ label: "active", colour: ACTIVE, shape: 0, test: (i) => values[i] === 1 });
    entries.push({ label: "inactive", colour: INACTIVE, shape: 0, test: (i) => values[i] === 0 });
  } else {
    const counts = new Map();
    for (let i = 0; i < n; i++)
      if (!unknown(i)) counts.set(values[i], (counts.get(values[i]) ?? 0) + 1);
    let codes = [...counts.keys()];
    const many = codes.length > NAMED;
    if (many)
      codes = codes.sort((a, b) => counts.get(b) - counts.get(a) || a - b).slice(0, NAMED - 1);
    codes.sort((a, b) => a - b);
    const look = new Map(
      codes.map((code, rank) => [
        code,
        { colour: PALETTE[rank % PALETTE.length], shape: Math.floor(rank / PALETTE.length) },
      ]),
    );
    const others = packed(UNKNOWN);
    for (let i = 0; i < n; i++) {
      const own = look.get(values[i]);
      colours[i] = own ? packed(own.colour) : others;
      shapes[i] = own ? own.shape : 0;
    }
    for (const code of codes)
      entries.push({
        label: column.values_text[code],
        ...look.get(code),
        test: (i) => values[i] === code,
      });
    if (many) {
      const left = (counts.size - codes.length).toLocaleString("en");
      const label = `${left} other values (type one into Find)`;
      entries.push({
        label,
        colour: UNKNOWN,
        shape: 0,
        test: (i) => !unknown(i) && !look.has(values[i]),
      });
    }
  }
  const grey = packed(UNKNOWN);
  let lacking = 0;
  for (let i = 0; i < n; i++)
    if (unknown(i)) {
      colours[i] = grey;
      shapes[i] = RING;
      lacking++;
    }
  if (lacking) entries.push({ label: "unknown", colour: UNKNOWN, shape: RING, test: unknown });
  for (const entry of entries) {
    entry.count = 0;
    for (let i = 0; i < n; i++) if (entry.test(i)) entry.count++;
  }
  return { kind: column.kind, colours, shapes, entries: entries.filter((entry) => entry.count) };
}

// A dot's coverage, 0..255 a pixel, and that of the thin gap around it which keeps crowds grainy.
function stamp(shape, radius) {
  const key = `${shape}/${radius.toFixed(2)}`;
  const known = (stamp.known ??= new Map());
  if (known.has(key)) return known.get(key);
  const gap = radius > 2 ? 0.9 : 0;
  const half = Math.ceil(radius + gap);
  const size = 2 * half + 1;
  const core = new Uint8Array(size * size);
  const around = new Uint8Array(size * size);
  const inside = (x, y, r) => {
    if (shape === 1) return Math.max(Math.abs(x), Math.abs(y)) <= r * 0.88;
    if (shape === 2) return y <= r * 0.75 && y >= -r * 1.1 + Math.abs(x) * 1.75;
    return x * x + y * y <= r * r;
  };
  for (let row = 0; row < size; row++)
    for (let col = 0; col < size; col++) {
      let hits = 0;
      let near = 0;
      for (let a = 0; a < 16; a++) {
        const x = col - half + ((a % 4) + 0.5) / 4 - 0.5;
        const y = row - half + (Math.floor(a / 4) + 0.5) / 4 - 0.5;
        const hollow = shape === RING && inside(x, y, radius * 0.5);
        hits += inside(x, y, radius) && !hollow;
        near += inside(x, y, radius + gap) && !hollow;
      }
      core[row * size + col] = (hits / 16) * 255;
      around[row * size + col] = (near / 16) * 200;
    }
  const made = { half, size, core, around };
  if (known.size > 200) known.clear();
  known.set(key, made);
  return made;
}

function mixed(under, over, share) {
  const keep = 255 - share;
  const r = ((under & 255) * keep + (over & 255) * share) / 255;
  const g = (((under >> 8) & 255) * keep + ((over >> 8) & 255) * share) / 255;
  const b = (((under >> 16) & 255) * keep + ((over >> 16) & 255) * share) / 255;
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

// Stamp the points, in order. `pixels`: Uint32Array (width × height), `at`: Float32Array of x, y
// in pixels.
function stampPoints(pixels, width, height, at, order, colours, shapes, radii, paper) {
  pixels.fill(paper);
  const stamps = radii.map((radius) =>
    SHAPES.concat("ring").map((_, shape) => stamp(shape, radius)),
  );
  for (let k = 0; k < order.list.length; k++) {
    const i = order.list[k];
    const x = Math.round(at[2 * i]);
    const y = Math.round(at[2 * i + 1]);
    const { half, size, core, around } = stamps[order.rank[i]][shapes[i]];
    if (!(x >= -half && x < width + half && y >= -half && y < height + half)) continue; // NaN too
    const faded = order.rank[i] === 0;
    const colour = faded ? mixed(paper, colours[i], 80) : colours[i];
    const firstRow = Math.max(0, half - y);
    const lastRow = Math.min(size, height + half - y);
    const firstCol = Math.max(0, half - x);
    const lastCol = Math.min(size, width + half - x);
    for (let row = firstRow; row < lastRow; row++) {
      let p = (y - half + row) * width + x - half + firstCol;
      for (let s = row * size + firstCol; s < row * size + lastCol; s++, p++) {
        if (core[s] === 255) pixels[p] = colour;
        else if (around[s] || core[s])
          pixels[p] = mixed(mixed(pixels[p], paper, around[s]), colour, core[s]);
      }
    }
  }
}

// The order of drawing: faded ones first, then the others shuffled (no class hides another), then
// the selected.
function drawingOrder(n, faded, lifted) {
  const shuffled = drawingOrder.shuffled?.length === n ? drawingOrder.shuffled : shuffle(n);
  drawingOrder.shuffled = shuffled;
  const rank = new Uint8Array(n);
  for (let i = 0; i < n; i++) rank[i] = lifted?.[i] ? 2 : faded?.[i] ? 0 : 1;
  const list = new Int32Array(n);
  let filled = 0;
  for (let wanted = 0; wanted < 3; wanted++)
    for (const i of shuffled) if (rank[i] === wanted) list[filled++] = i;
  return { list, rank };
}

function shuffle(n) {
  const list = Int32Array.from({ length: n }, (_, i) => i);
  let seed = 12345;
  for (let i = n - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    const j = seed % (i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}
