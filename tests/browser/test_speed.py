"""How long a hand waits for the widgets in JupyterLab: measured and written down, not judged here.

The rows go to runs/bench/browser.json, from where `make bench` takes them. Beside the wait stands
the processor's time a step, of the page's thread and of the kernel: a machine at other work makes
one wait longer, but does not change it much.
"""

from __future__ import annotations

import statistics

import pytest

from benchmarks.__main__ import LEFT
from benchmarks.report import Row, leave

pytestmark = pytest.mark.slow
VIEW = "document.querySelector('.aunce-explorer').explorer"
TIMES = 15  # of each, after one that does not count

#: Resolves once what has been changed is on the screen; then calls are timed by `clock`.
PAINTED = (
    "const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));"
)
EXPLORER = """
import tempfile, time
from pathlib import Path
import numpy as np, pandas as pd
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.store import FrameStore
from aunce_lib.widgets import Explorer
rng, n = np.random.default_rng(0), {n}
frames = pd.DataFrame({{"corpus": "made-up", "subject": [f"made-up/P{{i % 40}}" for i in range(n)],
                       "sequence": "s", "frame": range(n),
                       **{{f"AU{{au}}": rng.integers(0, 2, n) for au in (1, 2, 4, 6, 7, 10, 12)}}}})
store = None
if {with_faces}:
    path = Path(tempfile.mkdtemp()) / "faces.store"
    with FrameStore.create(path, n=n, height=64, width=64) as writer:
        writer[0:n] = rng.integers(0, 255, (n, 64, 64, 3), dtype=np.uint8)
    store = FrameStore.open(path)
table = FrameTable(frames, store=store)
z = {{name: rng.normal(size=(n, 7, 16)).astype(np.float32) for name in ("one", "two")}}
imported = Explorer(table.take([0, 1, 2]), {{"one": z["one"][:3]}}, method="pca")
"""
BEGIN = "begun = time.time()\nexplorer = Explorer(table, z, method='pca', au=12)\nexplorer"


@pytest.fixture(scope="module")
def speeds():
    """Measured numbers; written when the last test is done."""
    told: list[Row] = []
    yield told
    leave(told, LEFT / "browser.json")


def note(speeds: list[Row], what: str, told: tuple, target: str, unit: str = "ms") -> None:
    """Keep the median of what was measured, and what it took of the processor."""
    values, cpu = told
    assert values
    assert all(value > 0 for value in values)
    median, (sign, limit, *_) = statistics.median(values), target.split()
    met = median <= float(limit) if sign == "≤" else median >= float(limit)
    took = ", ".join(f"{name.split('_')[0]} {value:.0f} ms" for name, value in cpu.items())
    measured = f"{median:.0f} {unit}" + (f" (processor: {took})" if took else "")
    speeds.append(Row(what, measured, target, met))


def explorer(page, lab, write, n: int, with_faces: bool) -> None:
    code = EXPLORER.format(n=n, with_faces=with_faces)
    page.open(lab, write(f"explorer{n}", code, BEGIN))
    assert page.run_all() == []
    page.find(".aunce-explorer-map")
    page.tab.wait_for_function(f"() => {VIEW}.drawn > 0")


def test_the_explorer_with_2000_faces(page, lab, write, speeds):
    explorer(page, lab, write, 2000, with_faces=True)
    first = page.tab.evaluate(f"() => {VIEW}.firstDraw") - 1000 * page.ask("begun")
    note(speeds, "explorer, first draw of 2,000 faces", ([first], {}), "≤ 1000 ms")

    hover = """async (times) => { PAINTED
      const view = VIEW, [map] = view.maps, box = map.over.getBoundingClientRect(), took = [];
      for (let k = 0; k <= times; k++) {
        const [x, y] = map.screen(37 * k + 5), at = { clientX: box.left + x, clientY: box.top + y };
        const begun = performance.now();
        map.over.dispatchEvent(new PointerEvent('pointermove', { ...at, bubbles: true }));
        await painted();
        if (!view.tip.hidden) took.push(performance.now() - begun);
      }
      return took.slice(1);
    }"""
    note(speeds, "explorer, hover", measure(page, hover), "≤ 50 ms")

    lasso = """async (times) => { PAINTED
      const view = VIEW, took = [], faces = [...Array(2000).keys()];
      for (let k = 0; k <= times; k++) {
        const begun = performance.now();
        view.choose(faces.slice(30 * k, 30 * k + 500), 'replace');
        await painted();
        took.push(performance.now() - begun);
        if (!view.summary.textContent.includes('500 faces')) throw Error('no histogram');
      }
      return took.slice(1);
    }"""
    note(speeds, "explorer, 500 faces to histogram", measure(page, lasso), "≤ 200 ms")
    page.until(lambda: page.ask("explorer.state['selected']") == 500, "the kernel to follow")


def test_the_explorer_with_20000_points_can_be_moved(page, lab, write, speeds):
    explorer(page, lab, write, 20_000, with_faces=False)
    pan = """async (times) => {
      const view = VIEW, [map] = view.maps, frame = () => new Promise(requestAnimationFrame);
      await frame();
      const begun = performance.now(), drawn = view.drawn;
      while (view.drawn - drawn < times) { map.pan(3, 1); await frame(); }
      return [(1000 * times) / (performance.now() - begun)];
    }"""
    frames = measure(page, pan, 60)
    note(speeds, "explorer, 20,000 points moved", frames, "≥ 20 frames/s", "frames/s")


def test_the_playgrounds_slider(page, lab, write, speeds):
    made = "from aunce_lib.widgets import Playground\nwidget = Playground()"
    page.open(lab, write("playground", made, "widget"))
    assert page.run_all() == []
    page.find(".aunce-playground-au12")
    move = """async (times) => { PAINTED
      const image = document.querySelector('img.aunce-playground-picture'), took = [];
      const handle = document.querySelector('.aunce-playground-au12 .noUi-handle');
      for (let k = 0; k <= times; k++) {
        const key = k % 20 < 10 ? 'ArrowRight' : 'ArrowLeft', begun = performance.now();
        const seen = new Promise(done => image.addEventListener('load', done, { once: true }));
        handle.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        await seen;
        await painted();
        took.push(performance.now() - begun);
      }
      return took.slice(1);
    }"""
    note(speeds, "playground, slider to face", measure(page, move), "≤ 100 ms")


def test_the_ring(page, lab, write, speeds):
    made = "from aunce_lib.widgets import EmbeddingRing\nwidget = EmbeddingRing()"
    page.open(lab, write("ring", made, "widget"))
    assert page.run_all() == []
    page.find(".aunce-ring-circle svg")
    drag = """async (times) => { PAINTED
      const svg = document.querySelector('.aunce-ring-circle svg'), took = [];
      const point = svg.querySelector('[aria-label="negative 1"]');
      for (let k = 0; k <= times; k++) {
        const begun = performance.now();
        const answered = new Promise(done => new MutationObserver((_, observer) => {
          observer.disconnect();
          done();
        }).observe(svg, { attributeFilter: ['data-round-trip'] }));
        point.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));
        await answered;
        await painted();
        took.push(performance.now() - begun);
      }
      return took.slice(1);
    }"""
    note(speeds, "ring, drag to arrows", measure(page, drag), "≤ 120 ms")


def measure(page, script: str, times: int = TIMES) -> tuple[list[float], dict[str, float]]:
    """Run a measurement in the page; what it took, each time, and of the processor a step."""
    session = page.tab.context.new_cdp_session(page.tab)
    session.send("Performance.enable")

    def used() -> tuple[float, float]:
        metrics = session.send("Performance.getMetrics")["metrics"]
        thread = next(one["value"] for one in metrics if one["name"] == "ThreadTime")
        return 1000 * thread, 1000 * page.ask("__import__('time').process_time()")

    before = used()
    values = page.tab.evaluate(script.replace("PAINTED", PAINTED).replace("VIEW", VIEW), times)
    spent = [round((b - a) / (times + 1), 1) for a, b in zip(before, used(), strict=True)]
    session.detach()
    return values, dict(zip(("page_cpu_ms", "kernel_cpu_ms"), spent, strict=True))
