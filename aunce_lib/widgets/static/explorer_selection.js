// What the selected faces have in common: labels, persons, scores, neighbours.

async function readSelection(view) {
  const { chosen } = view;
  const turn = (view.turn = (view.turn ?? 0) + 1);
  view.near = null;
  showSelection(view);
  if (!chosen.length) return;
  const near = [];
  for (const [map, encoder] of encodersOf(view)) {
    const table = await view.neighbours(map, chosen).catch(() => null);
    if (view.turn !== turn) return; // another selection since
    if (table)
      near.push({ encoder, ...readNeighbours(chosen, table, view.data.k, view.data, view.au) });
  }
  view.near = near;
  showSelection(view);
}

function showSelection(view) {
  const { chosen, data, summary } = view;
  if (!chosen.length) {
    view.counted = null;
    return summary.replaceChildren(
      h("h3", {}, "Selection"),
      h(
        "p",
        { class: "aunce-explorer-empty" },
        "Draw a loop around some faces. In Python they are ",
        h("code", {}, "explorer.selection"),
        ".",
      ),
    );
  }
  const begun = performance.now();
  const counted = (view.counted = countSelection(chosen, data));
  const bars = h(
    "table",
    { class: "aunce-explorer-bars" },
    h("caption", {}, "Active, of those known. Tick: among all faces"),
  );
  for (const { au, name, active, inactive, everActive, everKnown } of counted.labels) {
    const share = active / (active + inactive);
    const all = everActive / everKnown;
    bars.append(
      h(
        "tr",
        { class: au === view.au ? "aunce-explorer-shown" : "", title: name },
        h("th", { scope: "row" }, `AU${au}`),
        h(
          "td",
          { class: "aunce-explorer-share" },
          h("span", { style: `width:${100 * (share || 0)}%` }),
          Number.isNaN(all) ? null : h("i", { style: `left:${100 * all}%` }),
        ),
        h("td", {}, Number.isNaN(share) ? "unknown" : percent(share)),
      ),
    );
  }
  const most = counted.persons[0].count;
  const persons = h(
    "table",
    { class: "aunce-explorer-bars" },
    h("caption", {}, plural(counted.persons.length, "person", "people")),
  );
  for (const { name, count } of counted.persons.slice(0, 5)) {
    persons.append(
      h(
        "tr",
        { title: name },
        h("th", { scope: "row" }, name.split("/").slice(1).join("/") || name),
        h(
          "td",
          { class: "aunce-explorer-share aunce-explorer-person" },
          h("span", { style: `width:${(100 * count) / most}%` }),
        ),
        h("td", {}, count.toLocaleString("en")),
      ),
    );
  }
  if (counted.persons.length > 5)
    persons.append(
      h(
        "tr",
        {},
        h(
          "td",
          { colspan: 3, class: "aunce-explorer-quiet" },
          `and ${counted.persons.length - 5} more`,
        ),
      ),
    );
  const scores = h(
    "table",
    { class: "aunce-explorer-scores" },
    h(
      "tr",
      {},
      h("th", {}, ""),
      h("th", { scope: "col" }, `F1 AU${view.au}`),
      h("th", { scope: "col" }, "macro F1"),
      h("th", { scope: "col" }, "same label"),
      h("th", { scope: "col" }, "same person"),
    ),
  );
  const j = data.aus.findIndex(({ au }) => au === view.au);
  for (const [, encoder] of encodersOf(view)) {
    const f1 = view.f1(encoder);
    const near = view.near?.find((one) => one.encoder === encoder);
    scores.append(
      h(
        "tr",
        {},
        h("th", { scope: "row" }, encoder),
        h("td", {}, f1 ? decimal(f1.scores[j]) : "no probe"),
        h("td", {}, f1 ? decimal(f1.macro) : "no probe"),
        h("td", {}, near ? percent(near.label) : "…"),
        h("td", {}, near ? percent(near.person) : "…"),
      ),
    );
  }
  const strips = (view.near ?? [])
    .filter(({ faces }) => faces.length)
    .map(({ encoder, faces }) =>
      h(
        "div",
        {},
        h("p", {}, `Just outside, by ${encoder}`),
        h(
          "div",
          { class: "aunce-explorer-strip" },
          ...faces.slice(0, 6).map((face) => thumb(view, face, 38)),
        ),
      ),
    );
  summary.replaceChildren(
    h(
      "h3",
      {},
      `Selection: ${plural(chosen.length, "face")}`,
      h(
        "button",
        {
          type: "button",
          class: "aunce-explorer-clear",
          onclick: () => view.choose([], "replace"),
        },
        "Clear",
      ),
    ),
    h(
      "div",
      { class: "aunce-explorer-columns" },
      h("div", {}, bars),
      h(
        "div",
        {},
        persons,
        scores,
        h(
          "p",
          { class: "aunce-explorer-quiet" },
          `F1: the probe's, on these faces. Same: of each face's ${data.k} nearest.`,
        ),
      ),
      h(
        "div",
        { class: "aunce-explorer-others" },
        h(
          "div",
          {},
          h("p", {}, "Some of them"),
          h(
            "div",
            { class: "aunce-explorer-strip" },
            ...spread(chosen, 6).map((i) => thumb(view, i, 38)),
          ),
        ),
        ...strips,
      ),
    ),
  );
  const people = plural(counted.persons.length, "person", "people");
  view.says.textContent = `${plural(chosen.length, "face")} of ${people} selected.`;
  view.countMs = performance.now() - begun;
}

const spread = (list, count) =>
  Array.from(
    { length: Math.min(count, list.length) },
    (_, k) => list[Math.floor(((k + 0.5) * list.length) / Math.min(count, list.length))],
  );
