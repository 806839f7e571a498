// The maps as a picture (PNG) or a drawing (SVG), with title and legend.

function download(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const short = (value) => Number(value.toPrecision(3));

// What both hold: where the maps stand, and what is written above and below them.
function sheet(view) {
  const gap = 20;
  const top = 62;
  const maps = view.maps.map((map, index) => ({
    map,
    x: gap + index * (map.width + gap),
    y: top,
    title: `${view.layout.maps[index].encoder}: ${METHOD_NAMES[view.layout.maps[index].method]}`,
  }));
  const width = maps.at(-1).x + view.maps.at(-1).width + gap;
  const { look, column } = view;
  const entries = [];
  let x = gap;
  let y = top + view.maps[0].height + 30;
  const items =
    look.kind === "number"
      ? [
          {
            label: `${column.name}: ${short(column.low)} (dark) to ${short(column.high)} (bright)`,
            ramp: true,
          },
          ...look.entries,
        ]
      : look.entries;
  for (const entry of items) {
    const text =
      entry.count === undefined
        ? entry.label
        : `${entry.label} (${entry.count.toLocaleString("en")})`;
    const room = 34 + 7.2 * text.length;
    if (x + room > width && x > gap) {
      x = gap;
      y += 22;
    }
    entries.push({ ...entry, text, x, y });
    x += room;
  }
  const by = column.name.replaceAll("_", " ");
  const origin = view.data.synthetic ? ". Synthetic: drawn faces" : "";
  const about = `AU${view.au}, ${plural(view.data.n, "face")}, coloured by ${by}${origin}`;
  return { maps, width, height: y + 24, entries, about, gap };
}

function savePng(view) {
  const { maps, width, height, entries, about, gap } = sheet(view);
  const k = 2;
  const canvas = new OffscreenCanvas(width * k, height * k);
  const context = canvas.getContext("2d");
  context.scale(k, k);
  context.fillStyle = view.theme.paperText;
  context.fillRect(0, 0, width, height);
  context.fillStyle = view.theme.ink;
  context.font = "600 15px system-ui, sans-serif";
  context.fillText(about, gap, 24);
  context.font = "14px system-ui, sans-serif";
  for (const { map, x, y, title } of maps) {
    context.fillText(title, x, y - 10);
    context.drawImage(map.points, x, y, map.width, map.height);
    context.drawImage(map.over, x, y, map.width, map.height);
    context.strokeStyle = "#8888";
    context.strokeRect(x, y, map.width, map.height);
  }
  for (const entry of entries) {
    if (!entry.ramp) context.drawImage(swatch(entry), entry.x, entry.y - 13, 17, 17);
    context.fillText(entry.text, entry.x + (entry.ramp ? 0 : 22), entry.y);
  }
  canvas.convertToBlob({ type: "image/png" }).then((blob) => download(blob, "explorer.png"));
}

const escaped = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

// An element of SVG without content; its values are numbers and words of our own.
function svgTag(name, attributes) {
  const told = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
  return `<${name}${told.join("")}/>`;
}

function svgMark(shape, x, y, r, colour, opacity) {
  const look = { fill: colour, ...(opacity < 1 ? { "fill-opacity": opacity } : {}) };
  const at = (value) => value.toFixed(1);
  if (shape === 1) {
    const side = at(1.76 * r);
    const corner = { x: at(x - 0.88 * r), y: at(y - 0.88 * r) };
    return svgTag("rect", { ...corner, width: side, height: side, ...look });
  }
  if (shape === 2) {
    const [top, foot] = [at(y - 1.1 * r), at(y + 0.75 * r)];
    const d = `M${at(x)} ${top}L${at(x + 1.06 * r)} ${foot}H${at(x - 1.06 * r)}z`;
    return svgTag("path", { d, ...look });
  }
  const centre = { cx: at(x), cy: at(y) };
  if (shape === RING) {
    const line = { fill: "none", stroke: colour, "stroke-width": at(0.5 * r) };
    return svgTag("circle", { ...centre, r: at(0.75 * r), ...line });
  }
  return svgTag("circle", { ...centre, r: at(r), ...look });
}

function svgText(view) {
  const { maps, width, height, entries, about, gap } = sheet(view);
  const { order, look } = view;
  const ink = view.theme.ink;
  const parts = [];
  const text = (x, y, content, weight = 400) =>
    parts.push(
      `<text x="${x}" y="${y}" fill="${ink}" font-weight="${weight}">${escaped(content)}</text>`,
    );
  parts.push(`<rect width="${width}" height="${height}" fill="${view.theme.paperText}"/>`);
  text(gap, 24, about, 600);
  maps.forEach(({ map, x, y, title }, index) => {
    text(x, y - 10, title);
    const frame = { x, y, width: map.width, height: map.height };
    parts.push(`<clipPath id="map${index}">${svgTag("rect", frame)}</clipPath>`);
    parts.push(`<g clip-path="url(#map${index})">`);
    const radius =
      Math.min(Math.max(Math.sqrt(24000 / Math.max(view.data.n, 1)), 1.7), 5) *
      Math.min(Math.sqrt(map.camera.k), 2.2);
    for (const i of order.list) {
      const [u, v] = map.screen(i);
      if (!Number.isNaN(u))
        parts.push(
          svgMark(
            look.shapes[i],
            x + u,
            y + v,
            radius * [0.75, 1, 1.15][order.rank[i]],
            hex(look.colours[i]),
            order.rank[i] ? 1 : 0.27,
          ),
        );
    }
    const line = { fill: "none", stroke: "#888888", "stroke-opacity": 0.5 };
    parts.push("</g>", svgTag("rect", { ...frame, ...line }));
  });
  for (const entry of entries) {
    if (!entry.ramp) parts.push(svgMark(entry.shape, entry.x + 8, entry.y - 5, 6, entry.colour, 1));
    text(entry.x + (entry.ramp ? 0 : 22), entry.y, entry.text);
  }
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  const font = 'font-family="system-ui, sans-serif" font-size="14"';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font}>${parts.join("")}</svg>`;
}

function saveSvg(view) {
  download(new Blob([svgText(view)], { type: "image/svg+xml" }), "explorer.svg");
}
