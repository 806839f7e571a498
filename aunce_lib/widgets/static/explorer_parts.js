// Small things that the other files of the explorer share.

function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  const given = children.filter((child) => child !== null && child !== undefined);
  element.append(...given); // text stays text
  return element;
}

const METHOD_NAMES = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };
const PULL = "#0072B2";
const PUSH = "#E69F00";
const hex = (value) =>
  "#" +
  [value, value >> 8, value >> 16]
    .map((channel) => (channel & 255).toString(16).padStart(2, "0"))
    .join("");

const ease = (t) => t * t * (3 - 2 * t);
const plural = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const floats = (view) =>
  new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const blend = (from, to, share) => {
  const mix = new Float32Array(to.length);
  for (let i = 0; i < to.length; i++) mix[i] = from[i] + (to[i] - from[i]) * share;
  return mix;
};

// Half the width and height that a map needs at a moment of training.
function extent({ before, after }, moment) {
  const half = (xy) => {
    const most = [1e-3, 1e-3];
    for (let k = 0; k < xy.length; k++)
      if (Math.abs(xy[k]) > most[k % 2]) most[k % 2] = Math.abs(xy[k]);
    return most;
  };
  const [early, late] = [half(before ?? after), half(after)];
  return late.map((value, axis) => early[axis] + (value - early[axis]) * moment);
}

function decode(sent) {
  const values = floats(sent.values);
  const columns = sent.columns.map((column, c) => ({
    ...column,
    values_text: column.values,
    values: values.subarray(c * sent.n, (c + 1) * sent.n),
  }));
  return {
    ...sent,
    columns,
    predictions: floats(sent.predictions),
    byName: new Map(columns.map((column) => [column.name, column])),
  };
}
