"""The explorer as one page: faces, maps and script in a single file that needs nothing else.

Everything that comes from data goes into one JSON block, in which "<" is written \\u003c, so that
no name can end the block or begin a tag; the script shows it as text only. The page's content
policy forbids it to load anything.
"""

from __future__ import annotations

import base64
import json
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .explorer_state import nearest

if TYPE_CHECKING:
    from .explorer import Explorer

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src blob: data:"
)
REASONS = 5  # drawn for the chosen face, by each encoder
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ margin: 0; padding: 16px 20px; background: #fff }}
@media (prefers-color-scheme: dark) {{ body {{ background: #14181d }} }}
body > main {{ max-width: 1500px; margin: auto }}
{style}
</style>
</head>
<body>
<main></main>
<noscript>This page draws itself by JavaScript: please allow it.</noscript>
<script type="application/json" id="aunce-data">{data}</script>
<script type="module">
{script}
{starter}
</script>
</body>
</html>
"""

#: Stands in for the kernel: keeps what is set, and says so where only a kernel could answer.
STARTER = """
class Page {
  constructor(values) {
    Object.assign(this, { values, listeners: {}, offline: true });
    this.reasons = new Map(Object.entries(values.reasons));
  }
  get(name) { return this.values[name]; }
  set(name, value) {
    if (this.values[name] === value) return;
    this.values[name] = value;
    this.tell(`change:${name}`);
  }
  save_changes() {}
  on(name, action) { (this.listeners[name] ??= []).push(action); }
  off(name, action) { this.listeners[name] = this.listeners[name]?.filter((a) => a !== action); }
  tell(name, ...told) { for (const action of this.listeners[name] ?? []) action(...told); }
  send({ id, ask, anchor, map, seed }) {
    const stored = ask === "why" && this.reasons.get(`${anchor}/${map}/${seed}`);
    const error = "This page has no kernel: open the explorer in a notebook for that.";
    setTimeout(() => this.tell("msg:custom", stored ? { ...stored, id } : { id, error }));
  }
}
const bytes = (text) => {
  const raw = atob(text), view = new DataView(new ArrayBuffer(raw.length));
  for (let i = 0; i < raw.length; i++) view.setUint8(i, raw.charCodeAt(i));
  return view;
};
const revive = (_, value) => (typeof value?.$bytes === "string" ? bytes(value.$bytes) : value);
const values = JSON.parse(document.getElementById("aunce-data").textContent, revive);
render({ model: new Page(values), el: document.querySelector("main") });
"""


def page(explorer: Explorer) -> str:
    """The page, with what the explorer shows now: its maps, colours, selection and chosen face.

    The neighbours of every face are stored, and for the chosen face some reasons; reasons of
    others, and other projections, need a kernel.
    """
    from .explorer import script, style, why_message

    explorer.place_all()
    shown = explorer.layout_data
    j = explorer.aus.index(explorer.au)
    every = np.arange(len(explorer.table))
    near = {name: nearest(z[:, j], every).tobytes() for name, z in explorer.embeddings.items()}
    reasons = {}
    if explorer.anchor >= 0:
        for number in range(len(explorer.encoders)):
            for seed in range(REASONS):
                told = explorer.why(explorer.anchor, map=number, seed=seed)
                reasons[f"{explorer.anchor}/{number}/{seed}"] = why_message(told)
    values = {
        "reasons": reasons,
        "data": explorer.data,
        "layout_data": {
            **shown,
            "maps": [{**one, "neighbours": near[one["encoder"]]} for one in shown["maps"]],
        },
        "methods": explorer.methods,
        "au": explorer.au,
        "colour": explorer.colour,
        "moment": explorer.moment,
        "anchor": explorer.anchor,
        "chosen": explorer.chosen,
    }
    corpora = sorted(set(explorer.table.frames["corpus"].astype(str)))
    return PAGE.format(
        policy=POLICY,
        title=escape(f"Embedding explorer: {', '.join(corpora) or 'no faces'}"),
        style=style(),
        data=_json(values),
        script=script(),
        starter=STARTER,
    )


def _json(values) -> str:
    """JSON that may stand in a script block: bytes as base64, and nothing that HTML would read."""

    def encode(value):
        if isinstance(value, bytes):
            return {"$bytes": base64.b64encode(value).decode("ascii")}
        raise TypeError(f"{type(value).__name__} is not JSON")

    text = json.dumps(values, default=encode, allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
