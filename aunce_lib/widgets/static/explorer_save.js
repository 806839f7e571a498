// The maps as a picture (PNG) or a drawing (SVG), with title and legend.

function download(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// What both hold: where the maps stand, and what is written above and below them.
function sheet(view) {
  const gap = 20, top = 62, maps = view.maps.map((map, index) => ({ map, x: gap + index * (map.width + gap), y: top, title: `${view.layout.maps[index].encoder}: ${METHOD_NAMES[view.layout.maps[index].method]}` }));
  const width = maps.at(-1).x + view.maps.at(-1).width + gap, { look, column } = view, entries = [];
  let x = gap, y = top + view.maps[0].height + 30;
  const items = look.kind === "number" ? [{ label: `${column.name}: ${Number(column.low.toPrecision(3))} (dark) to ${Number(column.high.toPrecision(3))} (bright)`, ramp: true }, ...look.entries] : look.entries;
  for (const entry of items) {
    const text = entry.count === undefined ? entry.label : `${entry.label} (${entry.count.toLocaleString("en")})`, room = 34 + 7.2 * text.length;
    if (x + room > width && x > gap) { x = gap; y += 22; }
    entries.push({ ...entry, text, x, y });
    x += room;
  }
  const about = `AU${view.au}, ${plural(view.data.n, "face")}, coloured by ${column.name.replaceAll("_", " ")}${view.data.synthetic ? ". Synthetic: drawn faces" : ""}`;
  return { maps, width, height: y + 24, entries, about, gap };
}

function savePng(view) {
  const { maps, width, height, entries, about, gap } = sheet(view), k = 2, canvas = new OffscreenCanvas(width * k, height * k), context = canvas.getContext("2d");
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

function svgMark(shape, x, y, r, colour, opacity) {
  const look = `fill="${colour}"${opacity < 1 ? ` fill-opacity="${opacity}"` : ""}`, at = (value) => value.toFixed(1);
  if (shape === 1) return `<rect x="${at(x - 0.88 * r)}" y="${at(y - 0.88 * r)}" width="${at(1.76 * r)}" height="${at(1.76 * r)}" ${look}/>`;
  if (shape === 2) return `<path d="M${at(x)} ${at(y - 1.1 * r)}L${at(x + 1.06 * r)} ${at(y + 0.75 * r)}H${at(x - 1.06 * r)}z" ${look}/>`;
  if (shape === RING) return `<circle cx="${at(x)}" cy="${at(y)}" r="${at(0.75 * r)}" fill="none" stroke="${colour}" stroke-width="${at(0.5 * r)}"/>`;
  return `<circle cx="${at(x)}" cy="${at(y)}" r="${at(r)}" ${look}/>`;
}

function svgText(view) {
  const { maps, width, height, entries, about, gap } = sheet(view), { order, look } = view, ink = view.theme.ink, parts = [];
  const text = (x, y, content, weight = 400) => parts.push(`<text x="${x}" y="${y}" fill="${ink}" font-weight="${weight}">${escaped(content)}</text>`);
  parts.push(`<rect width="${width}" height="${height}" fill="${view.theme.paperText}"/>`);
  text(gap, 24, about, 600);
  maps.forEach(({ map, x, y, title }, index) => {
    text(x, y - 10, title);
    parts.push(`<clipPath id="map${index}"><rect x="${x}" y="${y}" width="${map.width}" height="${map.height}"/></clipPath><g clip-path="url(#map${index})">`);
    const radius = Math.min(Math.max(Math.sqrt(24000 / Math.max(view.data.n, 1)), 1.7), 5) * Math.min(Math.sqrt(map.camera.k), 2.2);
    for (const i of order.list) {
      const [u, v] = map.screen(i);
      if (!Number.isNaN(u)) parts.push(svgMark(look.shapes[i], x + u, y + v, radius * [0.75, 1, 1.15][order.rank[i]], hex(look.colours[i]), order.rank[i] ? 1 : 0.27));
    }
    parts.push(`</g><rect x="${x}" y="${y}" width="${map.width}" height="${map.height}" fill="none" stroke="#888888" stroke-opacity="0.5"/>`);
  });
  for (const entry of entries) {
    if (!entry.ramp) parts.push(svgMark(entry.shape, entry.x + 8, entry.y - 5, 6, entry.colour, 1));
    text(entry.x + (entry.ramp ? 0 : 22), entry.y, entry.text);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14">${parts.join("")}</svg>`;
}

function saveSvg(view) { download(new Blob([svgText(view)], { type: "image/svg+xml" }), "explorer.svg"); }
