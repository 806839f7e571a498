"""What goes wrong in real use: names that hold script, a kernel that is restarted, a second tab."""

from __future__ import annotations

import pytest

from .driving import READY, Page

pytestmark = pytest.mark.slow
NASTY = "<img src=x onerror='window.harmed=1'><script>window.harmed=1</script>"
EVERYWHERE = f"""
nasty = {NASTY!r}
import numpy as np, pandas as pd
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.epochs import Epochs
from aunce_lib.widgets import Explorer, NoiseLab, TrainingMovie
rng, n = np.random.default_rng(0), 60
active = rng.integers(0, 2, (n, 2)).astype(np.float32)
table = FrameTable(pd.DataFrame({{
    "corpus": nasty, "subject": [f"{{nasty}}/{{nasty}}{{i % 3}}" for i in range(n)],
    "sequence": nasty, "frame": range(n), "AU6": active[:, 0], "AU12": active[:, 1],
    f"x{{nasty}}": nasty}}), metadata={{"spoiled": [nasty]}})
explorer = Explorer(table, {{nasty: rng.normal(size=(n, 2, 5))}}, method="pca", colour="subject")
history = pd.DataFrame({{"epoch": [1], "alignment": 0.3, "uniformity": -1.0, "knn_f1": 0.4}})
film = Epochs(nasty, (6, 12), np.arange(2), rng.normal(size=(2, n, 2, 5)).astype(np.float32),
              active, np.array([f"{{nasty}}/{{nasty}}{{i % 3}}" for i in range(n)]),
              np.zeros(n, np.float32), np.arange(n), history, {{}}, {{}})
movie = TrainingMovie(film, 12)
movie.colour.value = "person"
study = pd.DataFrame([{{
    "corpus": nasty, "tested_on": nasty, "loss": nasty, "seed": 0, "fold": 1, "noise": noise,
    "imbalance": 1.0, "noise_kind": "flip" if noise else "none", "macro_f1": 0.6 - noise,
    "all_active_f1": 0.5}} for noise in (0.0, 0.3)])
lab = NoiseLab(study, study)
lab.loss.value = nasty
lab.start()  # refuses a loss it does not know, by its name
"""


def test_names_that_hold_script_are_shown_as_text(page, lab, write):
    page.open(lab, write("nasty", EVERYWHERE, "table", "explorer", "movie", "lab"))
    assert page.run_all() == []
    page.find(".aunce-explorer-entry").get_by_text("<script>window.harmed=1</script>").wait_for()
    page.find(".aunce-noise-caption").get_by_text("<img src=x onerror=").first.wait_for()
    page.find(".aunce-movie-picture").wait_for()
    page.find(".jp-OutputArea-output").get_by_text("<img src=x onerror=").first.wait_for()
    assert page.tab.locator("img[src='x']").count() == 0
    assert page.tab.evaluate("() => window.harmed") is None


RESTART = """async () => {
  const context = window.jupyterapp.shell.currentWidget.sessionContext;
  await context.session.kernel.restart();
  await context.ready;
}"""
LIVING = """
from aunce_lib.widgets import EmbeddingRing, Explorer, PairSampler
import numpy as np, pandas as pd
from aunce_lib.corpora.frames import FrameTable
n = 60
table = FrameTable(pd.DataFrame({"corpus": "demo", "subject": "demo/P", "sequence": "s",
                                 "frame": range(n), "AU12": np.arange(n) % 2}))
ring, faces = EmbeddingRing(), PairSampler(n_faces=8)
explorer = Explorer(table, np.random.default_rng(0).normal(size=(n, 1, 3)), method="pca")
"""


def test_after_a_restart_of_the_kernel_widgets_say_that_they_are_dead(page, lab, write):
    page.open(lab, write("restart", LIVING, "ring", "explorer", "faces"))
    assert page.run_all() == []
    for root in ("ring", "explorer", "pairs"):
        page.find(f".aunce-{root}")
    page.tab.evaluate(RESTART)
    page.tab.wait_for_function(READY)
    gone = page.find(".aunce-explorer-banner")
    gone.get_by_text("run its cell again").wait_for()
    page.press(".aunce-ring-circle [aria-label='negative 1']", "ArrowLeft")
    page.find(".aunce-ring-circle").get_by_text("run this cell again").wait_for()
    page.find(".aunce-pairs-faces button:nth-of-type(3)").click()
    page.find(".aunce-pairs-faces").get_by_text("run this cell again").wait_for()
    assert page.run_all() == []  # and so they live again
    page.press(".aunce-ring-circle [aria-label='negative 1']", "ArrowLeft")
    page.until(lambda: page.ask("ring.state['angles'][4]") == 83, "the ring to answer")


def test_a_second_tab_shows_and_drives_the_same_widget(page, lab, write, browser):
    made = "from aunce_lib.widgets import EmbeddingRing\nwidget = EmbeddingRing()"
    path = write("twice", made, "widget")
    page.open(lab, path)
    assert page.run_all() == []
    page.find(".aunce-ring")
    page.tab.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    second = Page(browser.new_page(viewport={"width": 1400, "height": 1800}))
    try:
        second.open(lab, path)
        for here, there, key, angle in ((second, page, "ArrowLeft", 83), (page, second, "Up", 88)):
            point = ".aunce-ring-circle [aria-label='negative 1']"
            here.press(point, key.replace("Up", "ArrowUp"))
            page.until(lambda a=angle: page.ask("widget.state['angles'][4]") == a, "the kernel")
            there.find(f"{point}[aria-valuenow='{angle}']").wait_for()
        assert not second.complaints
    finally:
        second.tab.close()
