// What is told in words and small faces: legend, hovered face, chosen face, reason.

const percent = (share) => (Number.isNaN(share) ? "n/a" : `${Math.round(100 * share)} %`);
const decimal = (value) => (value === null || Number.isNaN(value) ? "n/a" : value.toFixed(2));

const heaviest = (n) => (n > 8 ? `${n} faces, the heaviest 8` : plural(n, "face"));

// A small face one can click; without a picture, its person's name.
function thumb(view, i, size, caption) {
  const text = sentence(i, view.data);
  let picture;
  if (view.atlas) {
    picture = h("canvas", {
      width: 2 * size,
      height: 2 * size,
      style: `width:${size}px;height:${size}px`,
      "aria-hidden": "true",
    });
    view.drawFace(picture.getContext("2d"), i, 0, 0, 2 * size);
  } else
    picture = h(
      "span",
      { class: "aunce-explorer-noface", style: `width:${size}px;height:${size}px` },
      describe(i, view.data).person.split("/").pop(),
    );
  return h(
    "button",
    {
      type: "button",
      class: "aunce-explorer-thumb",
      title: text,
      "aria-label": text + (caption ? `, ${caption}` : ""),
      onclick: () => {
        view.setAnchor(i);
        view.maps.forEach((map) => map.centreOn(i));
        view.redraw();
      },
      onmouseenter: () => {
        view.hover = i;
        view.redrawOver();
      },
      onmouseleave: () => {
        view.hover = -1;
        view.redrawOver();
      },
    },
    picture,
    caption ? h("small", {}, caption) : null,
  );
}

function swatch(entry) {
  const size = 26;
  const canvas = h("canvas", { width: size, height: size, "aria-hidden": "true" });
  const image = new ImageData(size, size);
  const pixels = new Uint32Array(image.data.buffer);
  const { half, size: side, core } = stamp(entry.shape, 10);
  const colour = packed(entry.colour) & 0xffffff;
  const shift = Math.floor(size / 2) - half;
  for (let row = 0; row < side; row++)
    for (let col = 0; col < side; col++)
      pixels[(row + shift) * size + col + shift] = (core[row * side + col] << 24) | colour;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function showLegend(view) {
  const { look, column, legend } = view;
  const name = h("b", {}, column.name.replaceAll("_", " "));
  const items = look.entries.map((entry) => {
    const button = h(
      "button",
      {
        type: "button",
        class: "aunce-explorer-entry",
        "aria-pressed": "false",
        title: "Show only these",
        onclick: () => {
          view.highlighted = view.highlighted === entry ? null : entry;
          for (const other of legend.querySelectorAll(".aunce-explorer-entry"))
            other.setAttribute("aria-pressed", other === button && view.highlighted === entry);
          view.reorder();
          view.redraw();
        },
      },
      swatch(entry),
      h("span", {}, entry.label),
      h("small", {}, entry.count.toLocaleString("en")),
    );
    return button;
  });
  if (look.kind === "number") {
    const ramp = h("span", {
      class: "aunce-explorer-ramp",
      style: `background:linear-gradient(90deg,${VIRIDIS.join(",")})`,
      "aria-hidden": "true",
    });
    const number = (value) => h("small", {}, Number(value.toPrecision(3)).toLocaleString("en"));
    items.unshift(
      h("span", { class: "aunce-explorer-scale" }, number(column.low), ramp, number(column.high)),
    );
  }
  legend.replaceChildren(name, ...items);
}

function showTip(view, map) {
  const { tip, hover: i, data } = view;
  tip.hidden = i < 0 || !map;
  if (tip.hidden) return;
  const told = describe(i, data);
  const size = 112;
  const parts = [];
  if (view.atlas) {
    const picture = h("canvas", {
      width: 2 * size,
      height: 2 * size,
      style: `width:${size}px;height:${size}px`,
    });
    view.drawFace(picture.getContext("2d"), i, 0, 0, 2 * size);
    parts.push(picture);
  } else parts.push(h("em", {}, "no picture"));
  parts.push(
    h("b", {}, told.person),
    h("span", {}, `${told.sequence}, frame ${told.frame}`),
    chips(view, told),
  );
  const { values, kind, values_text, name } = view.column;
  const value = { number: Number(values[i].toPrecision(4)), category: values_text?.[values[i]] }[
    kind
  ];
  if (kind !== "label" && !["subject", "sequence"].includes(name)) {
    const shown = Number.isNaN(values[i]) ? "unknown" : value;
    parts.push(h("small", {}, `${name.replaceAll("_", " ")}: ${shown}`));
  }
  tip.replaceChildren(...parts);
  const [x, y] = map.screen(i);
  const stage = map.stage.getBoundingClientRect();
  const root = view.root.getBoundingClientRect();
  const left = stage.left - root.left + x + 18;
  const width = 190;
  tip.style.left = `${left + width > root.width ? Math.max(left - width - 36, 0) : left}px`;
  tip.style.top = `${Math.max(stage.top - root.top + y - 60, 0)}px`;
}

function chips(view, told) {
  const list = h("span", { class: "aunce-explorer-chips" });
  for (const au of told.active)
    list.append(h("span", { class: au === `AU${view.au}` ? "aunce-explorer-shown" : "" }, au));
  if (!told.active.length)
    list.append(
      h(
        "em",
        {},
        told.unknown.length === view.data.aus.length ? "labels unknown" : "no active action unit",
      ),
    );
  else if (told.unknown.length) list.append(h("em", {}, `${told.unknown.length} unknown`));
  return list;
}

async function showCard(view) {
  const { card, anchor: i, data } = view;
  if (i < 0)
    return card.replaceChildren(
      h("h3", {}, "A face"),
      h("p", { class: "aunce-explorer-empty" }, "Click a point to choose a face."),
    );
  const told = describe(i, data);
  const size = 104;
  const picture = view.atlas
    ? h("canvas", {
        width: 2 * size,
        height: 2 * size,
        style: `width:${size}px;height:${size}px`,
        role: "img",
        "aria-label": sentence(i, data),
      })
    : h("em", {}, "no picture");
  if (view.atlas) view.drawFace(picture.getContext("2d"), i, 0, 0, 2 * size);
  const rows = h("div", { class: "aunce-explorer-near" });
  card.replaceChildren(
    h("h3", {}, "A face"),
    h(
      "div",
      { class: "aunce-explorer-row" },
      picture,
      h(
        "div",
        { class: "aunce-explorer-about" },
        h("b", {}, told.person),
        h("span", {}, `${told.sequence}, frame ${told.frame}`),
        chips(view, told),
        h(
          "button",
          {
            type: "button",
            class: "aunce-explorer-ask",
            onclick: () => view.askWhy(),
            disabled: !view.canAsk(i),
            title: !view.canAsk(i)
              ? "Needs a running kernel"
              : `What pulls and pushes this face in AU${view.au}`,
          },
          "Why?",
        ),
      ),
    ),
    rows,
  );
  for (const [map, encoder] of encodersOf(view)) {
    const near = await view.neighbours(map, [i]).catch(() => null);
    if (view.anchor !== i || !near) return;
    const faces = [...near].filter((face) => face >= 0).slice(0, 6);
    rows.append(
      h("p", {}, `Nearest by ${encoder}, AU${view.au}`),
      h("div", { class: "aunce-explorer-strip" }, ...faces.map((face) => thumb(view, face, 38))),
    );
  }
}

// The first map of each encoder.
function encodersOf(view) {
  const seen = new Map();
  view.layout.maps.forEach(({ encoder }, map) => seen.has(encoder) || seen.set(encoder, map));
  return [...seen].map(([encoder, map]) => [map, encoder]);
}

function showWhy(view) {
  const { reason, whyBox } = view;
  whyBox.hidden = !reason;
  if (!reason) return;
  const encoder = view.layout.maps[reason.map].encoder;
  const faces = (rows) =>
    rows.slice(0, 8).map(([face, weight]) => thumb(view, face, 38, percent(weight)));
  const tools = h(
    "div",
    { class: "aunce-explorer-tools" },
    h(
      "button",
      { type: "button", onclick: () => view.askWhy(reason.map, reason.seed + 1) },
      "Draw again",
    ),
  );
  for (const [map, name] of encodersOf(view))
    if (map !== reason.map)
      tools.append(
        h("button", { type: "button", onclick: () => view.askWhy(map, reason.seed) }, `By ${name}`),
      );
  const body = reason.reason
    ? [h("p", {}, `This face takes no part in the loss: ${reason.reason}.`)]
    : [
        h(
          "p",
          {},
          `In one step with ${reason.batch - 1} other faces, the sampler drew `,
          h("b", {}, reason.kind),
          `: ${reason.meaning}.`,
        ),
        h(
          "p",
          { class: "aunce-explorer-pull" },
          h("i", {}),
          ` Pulled (${decimal(reason.pull)}) to ${heaviest(reason.n_positives)}`,
        ),
        h("div", { class: "aunce-explorer-strip" }, ...faces(reason.positives)),
        h(
          "p",
          { class: "aunce-explorer-push" },
          h("i", {}),
          ` Pushed (${decimal(reason.push)}) from ${heaviest(reason.n_negatives)}`,
        ),
        h("div", { class: "aunce-explorer-strip" }, ...faces(reason.negatives)),
        h(
          "p",
          { class: "aunce-explorer-quiet" },
          `Loss ${decimal(reason.loss)}. Per cent: a face's share of the pull or push. `,
          "Both views are the stored picture.",
        ),
      ];
  whyBox.replaceChildren(h("h3", {}, `Why? AU${view.au}, ${encoder}`), ...body, tools);
}
