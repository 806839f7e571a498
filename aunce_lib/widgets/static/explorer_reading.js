// Counting: what the selected faces have in common. `explorer_state.read_subset` does the same in
// Python.

function countSelection(chosen, data) {
  const labels = data.aus.map(({ au, name }) => {
    const values = data.byName.get(`AU${au}`).values;
    const tally = { au, name, active: 0, inactive: 0, unknown: 0, everActive: 0, everKnown: 0 };
    for (const i of chosen)
      tally[values[i] === 1 ? "active" : values[i] === 0 ? "inactive" : "unknown"]++;
    for (let i = 0; i < data.n; i++) {
      tally.everActive += values[i] === 1;
      tally.everKnown += values[i] === 1 || values[i] === 0;
    }
    return tally;
  });
  const subject = data.byName.get("subject");
  const persons = new Map();
  for (const i of chosen) persons.set(subject.values[i], (persons.get(subject.values[i]) ?? 0) + 1);
  const ranked = [...persons]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .map(([code, count]) => ({ name: subject.values_text[code], count }));
  return { n: chosen.length, labels, persons: ranked };
}

// F1 of a probe on the selected faces: of each action unit, and their mean; NaN where no face is
// active, or the probe has no answer for one whose label is known.
function f1Scores(chosen, data, encoder) {
  const which = data.probed.indexOf(encoder);
  const scores = [];
  if (which < 0) return null;
  const n_aus = data.aus.length;
  const answers = data.predictions.subarray(which * data.n * n_aus, (which + 1) * data.n * n_aus);
  data.aus.forEach(({ au }, j) => {
    const values = data.byName.get(`AU${au}`).values;
    let hit = 0;
    let alarm = 0;
    let miss = 0;
    let silent = false;
    for (const i of chosen) {
      const answer = answers[i * n_aus + j];
      if (Number.isNaN(values[i])) continue;
      if (Number.isNaN(answer)) silent = true;
      else if (values[i] === 1) answer === 1 ? hit++ : miss++;
      else if (answer === 1) alarm++;
    }
    scores.push(silent || hit + miss === 0 ? NaN : (2 * hit) / (2 * hit + alarm + miss));
  });
  const defined = scores.filter((score) => !Number.isNaN(score));
  return { scores, macro: defined.length ? defined.reduce((a, b) => a + b) / defined.length : NaN };
}

// Faces outside the selection that are most often among the nearest of its faces, and what
// neighbours share.
function readNeighbours(chosen, near, k, data, au) {
  const inside = new Uint8Array(data.n);
  const often = new Map();
  for (const i of chosen) inside[i] = 1;
  const label = data.byName.get(`AU${au}`).values;
  const person = data.byName.get("subject").values;
  let pairs = 0;
  let samePerson = 0;
  let known = 0;
  let sameLabel = 0;
  chosen.forEach((i, row) => {
    for (let c = 0; c < k; c++) {
      const other = near[row * k + c];
      if (other < 0) continue;
      pairs++;
      samePerson += person[i] === person[other];
      if (!Number.isNaN(label[i]) && !Number.isNaN(label[other])) {
        known++;
        sameLabel += label[i] === label[other];
      }
      if (!inside[other]) often.set(other, (often.get(other) ?? 0) + 1);
    }
  });
  const faces = [...often].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([face]) => face);
  return {
    faces,
    label: known ? sameLabel / known : NaN,
    person: pairs ? samePerson / pairs : NaN,
  };
}

// Faces that every word of a query fits: part of a person's, sequence's or other name, or a frame
// number.
function findFaces(query, data) {
  const words = query
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter(Boolean);
  const found = new Uint8Array(data.n);
  if (!words.length) return null;
  const named = data.columns.filter((column) => column.kind === "category");
  const frame = data.byName.get("frame").values;
  const tests = words.map((word) => {
    const fitting = named.map((column) => [
      column.values,
      Uint8Array.from(column.values_text, (text) => text.toLowerCase().includes(word)),
    ]);
    const number = /^\d+$/.test(word) ? Number(word) : NaN;
    return (i) => frame[i] === number || fitting.some(([codes, fits]) => fits[codes[i]] === 1);
  });
  let count = 0;
  for (let i = 0; i < data.n; i++)
    if (tests.every((test) => test(i))) {
      found[i] = 1;
      count++;
    }
  return { found, count };
}

function insidePolygon(x, y, polygon) {
  let inside = false;
  for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
    const [ax, ay] = polygon[a];
    const [bx, by] = polygon[b];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

// What a face is, in words.
function describe(i, data) {
  const text = (name) => {
    const c = data.byName.get(name);
    return Number.isNaN(c.values[i]) ? "?" : c.values_text[c.values[i]];
  };
  const active = [];
  const unknown = [];
  for (const { au } of data.aus) {
    const value = data.byName.get(`AU${au}`).values[i];
    if (value === 1) active.push(`AU${au}`);
    else if (Number.isNaN(value)) unknown.push(`AU${au}`);
  }
  return {
    person: text("subject"),
    sequence: text("sequence"),
    frame: data.byName.get("frame").values[i],
    active,
    unknown,
  };
}

function sentence(i, data) {
  const { person, sequence, frame, active, unknown } = describe(i, data);
  const labels =
    unknown.length === data.aus.length
      ? "labels unknown"
      : active.join(", ") || "no active action unit";
  return `${person}, ${sequence}, frame ${frame}: ${labels}`;
}
