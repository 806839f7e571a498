// Faces that move: from before to after training, and from one map to another.

function play(view) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches)
    return view.setMoment(Number(view.moments.value) < 1 ? 1 : 0);
  const begun = performance.now();
  view.stop?.();
  let going = true;
  view.stop = () => {
    going = false;
  };
  const frame = (now) => {
    // first a moment to look at what was before
    if (!going) return;
    const share = Math.min(Math.max((now - begun - 400) / 1800, 0), 1);
    view.moments.value = ease(share);
    view.places = view.placesAt(ease(share));
    view.redraw();
    if (share < 1) requestAnimationFrame(frame);
    else view.set("moment", 1);
  };
  requestAnimationFrame(frame);
}

function glide(view, to, duration) {
  view.stop?.();
  const from = view.places;
  const begun = performance.now();
  if (!from || matchMedia("(prefers-reduced-motion: reduce)").matches) {
    view.places = to;
    return view.redraw();
  }
  let going = true;
  view.stop = () => {
    going = false;
  };
  const frame = (now) => {
    if (!going) return;
    const share = Math.min((now - begun) / duration, 1);
    view.places =
      share < 1
        ? to.map((target, index) => blend(from[index], target, ease(Math.max(share, 0))))
        : to;
    view.redraw();
    if (share < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
