// The keyboard on a map: walking from face to face, choosing, selecting, zooming.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STRIDE = 40; // pixels that a map moves by a key

function onKey(map, event) {
  if (event.ctrlKey || event.metaKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = event.shiftKey && ARROWS[key] ? movesOf(map, key) : actionOf(map, key);
  if (!action) return;
  action();
  event.preventDefault();
}

function movesOf(map, key) {
  return () => map.pan(...ARROWS[key].map((direction) => -STRIDE * direction));
}

// What a key does; nothing for one that is not ours, or without a face to do it to.
function actionOf(map, key) {
  const { explorer } = map;
  const face = explorer.hover;
  if (ARROWS[key]) return () => explorer.setHover(step(map, ...ARROWS[key]), map, true);
  const always = {
    "+": () => map.zoomBy(1.4),
    "=": () => map.zoomBy(1.4),
    "-": () => map.zoomBy(1 / 1.4),
    0: () => map.reset(),
    Escape: () => explorer.choose([], "replace"),
  };
  const withFace = {
    Enter: () => explorer.setAnchor(face),
    " ": () => explorer.choose([face], "toggle"),
    g: () => explorer.choose(around(map, face, 25), "add"),
    w: () => {
      explorer.setAnchor(face);
      explorer.askWhy();
    },
  };
  return always[key] ?? (face >= 0 ? withFace[key] : undefined);
}

// The next face in a direction: near, and rather straight ahead.
function step(map, dx, dy) {
  const from = map.explorer.hover >= 0 ? map.explorer.hover : map.explorer.anchor;
  if (from < 0 || Number.isNaN(map.at[2 * from]))
    return map.nearestTo(map.width / 2, map.height / 2, 1e6);
  const [x, y] = map.screen(from);
  let best = from;
  let least = Infinity;
  for (let i = 0; i < map.explorer.data.n; i++) {
    const [u, v] = map.screen(i);
    const ahead = (u - x) * dx + (v - y) * dy;
    const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
    if (i !== from && ahead > 0.5 && aside <= 2 * ahead && ahead + 2 * aside < least) {
      least = ahead + 2 * aside;
      best = i;
    }
  }
  return best;
}

function around(map, i, count) {
  const [x, y] = map.screen(i);
  const distance = (other) => {
    const [u, v] = map.screen(other);
    return Math.hypot(u - x, v - y);
  };
  return Array.from({ length: map.explorer.data.n }, (_, other) => other)
    .filter((other) => !Number.isNaN(map.at[2 * other]))
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, count);
}
