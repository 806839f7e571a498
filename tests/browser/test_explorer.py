"""The explorer in a real browser: the exported page, from file://.

Mouse and keyboard drive it; what it counts is compared with what Python counts.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from aunce_lib.corpora.frames import FrameTable
from aunce_lib.evaluation.probe import Probe
from aunce_lib.widgets.explorer import Explorer

pytestmark = pytest.mark.browser
NASTY = "</script><img src=x onerror='window.harmed=1'><script>window.harmed=1</script>"
VIEW = "document.querySelector('.aunce-explorer').explorer"


@pytest.fixture
def page(browser):
    """A page that fails the test for any error, and any request that leaves this machine."""
    context = browser.new_context(viewport={"width": 1300, "height": 900}, accept_downloads=True)
    page, wrong = context.new_page(), []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    near = ("file:", "data:", "blob:", "http://127.0.0.1", "ws://127.0.0.1")
    page.on("request", lambda r: None if r.url.startswith(near) else wrong.append(r.url))
    yield page
    context.close()
    assert wrong == []


def some_explorer(n=300, method="pca", seed=0, store=None, **columns):
    rng = np.random.default_rng(seed)
    frames = {
        "corpus": "demo",
        "subject": [f"demo/P{i % 9}" for i in range(n)],
        "sequence": [f"T{i % 4}" for i in range(n)],
        "frame": range(n),
        "AU6": rng.integers(0, 2, n),
        "AU12": np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 2, n)),
    }
    table = FrameTable(pd.DataFrame(frames | columns, index=range(n)), store=store)
    z = {name: rng.normal(size=(n, 2, 5)).astype(np.float32) for name in ("one", "two")}
    half = np.full(2, 0.5, np.float32)
    weight = rng.normal(size=(2, 5)).astype(np.float32)
    probe = Probe((6, 12), "published", weight, 0 * half, half, half * np.nan)
    before = {name: rng.normal(size=(n, 2, 5)).astype(np.float32) for name in z}
    return Explorer(
        table, z, method=method, au=12, probes={"one": probe, "two": probe}, before=before
    )


def show(page, explorer, tmp_path):
    page.goto(explorer.save_html(tmp_path / "explorer.html").as_uri())
    page.wait_for_function(f"() => {VIEW}?.drawn > 0")
    return page


def circle(page, number=0, radius=0.3, modifiers=()):
    """Draw a loop around the middle of a map."""
    box = page.locator(".aunce-explorer-map").nth(number).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    size = radius * min(box["width"], box["height"])
    around = [(x + size * np.cos(a), y + size * np.sin(a)) for a in np.linspace(0, 6.1, 24)]
    for key in modifiers:
        page.keyboard.down(key)
    page.mouse.move(*around[0])
    page.mouse.down()
    for point in around[1:]:
        page.mouse.move(*point)
    page.mouse.up()
    for key in modifiers:
        page.keyboard.up(key)
    page.wait_for_function(f"() => !{VIEW}.frame")


def selected(page) -> list[int]:
    return page.evaluate(f"() => [...{VIEW}.chosen]")


def pixels(page, number=0) -> str:
    script = "n => document.querySelectorAll('.aunce-explorer-points')[n].toDataURL()"
    return page.evaluate(script, number)


# --------------------------------------------------------------------- what a lasso counts


def test_a_loop_selects_what_lies_inside_it_on_the_map(page, tmp_path):
    explorer = some_explorer()
    circle(show(page, explorer, tmp_path))
    inside = np.linalg.norm(explorer.maps()[0] / np.abs(explorer.maps()[0]).max(0), axis=1)
    chosen = np.array(selected(page))
    assert 20 < len(chosen) < 280
    assert inside[chosen].mean() < np.delete(inside, chosen).mean()
    at = np.array(page.evaluate(f"() => {VIEW}.data.n && [...{VIEW}.maps[0].at]")).reshape(-1, 2)
    box = page.locator(".aunce-explorer-map").nth(0).bounding_box()
    middle = np.array([box["width"], box["height"]]) / 2
    distance = np.linalg.norm(at - middle, axis=1)
    radius = 0.3 * min(box["width"], box["height"])
    assert set(np.flatnonzero(distance < radius * 0.95)) <= set(chosen)  # the loop is a polygon
    assert (distance[chosen] < radius * 1.05).all()


def test_what_the_page_counts_is_what_python_counts(page, tmp_path):
    explorer = some_explorer()
    circle(show(page, explorer, tmp_path))
    page.wait_for_function(f"() => {VIEW}.near?.length === 2")
    explorer.select(selected(page))
    reading = explorer.reading
    counted = page.evaluate(f"() => {VIEW}.counted")
    for row in counted["labels"]:
        expected = reading.labels.loc[f"AU{row['au']}"].to_dict()
        assert {kind: row[kind] for kind in expected} == expected
    assert {p["name"]: p["count"] for p in counted["persons"]} == reading.persons.to_dict()
    assert [p["name"] for p in counted["persons"]] == list(reading.persons.index)
    for name in ("one", "two"):
        f1 = page.evaluate(f"n => {VIEW}.f1(n)", name)
        np.testing.assert_allclose([*f1["scores"], f1["macro"]], reading.f1[name], atol=1e-6)
    for near in page.evaluate(f"() => {VIEW}.near"):
        same = reading.same[near["encoder"]]
        assert near["label"] == pytest.approx(same["label"])
        assert near["person"] == pytest.approx(same["person"])
        assert near["faces"] == reading.neighbours[near["encoder"]].tolist()


def test_shift_adds_and_control_takes_away(page, tmp_path):
    show(page, some_explorer(), tmp_path)
    circle(page, 0, 0.2)
    few = set(selected(page))
    circle(page, 0, 0.35, ["Shift"])
    more = set(selected(page))
    assert few < more
    circle(page, 0, 0.2, ["Control"])
    assert set(selected(page)) == more - few
    page.click(".aunce-explorer-clear")
    assert selected(page) == []


def test_the_same_faces_stand_out_on_both_maps(page, tmp_path):
    show(page, some_explorer(), tmp_path)
    before = pixels(page, 0), pixels(page, 1)
    circle(page, 0, 0.2)
    assert pixels(page, 0) != before[0]
    assert pixels(page, 1) != before[1]


# -------------------------------------------------------------------------- mouse, keyboard


def test_hover_tells_who_it_is(page, tmp_path, tiny):
    show(page, some_explorer(240, store=tiny.store), tmp_path)
    page.wait_for_function(f"() => {VIEW}.atlas")
    box = page.locator(".aunce-explorer-map").nth(0).bounding_box()
    x, y = page.evaluate(f"() => {VIEW}.maps[0].screen(17)")
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.wait_for_selector(".aunce-explorer-tip:visible")
    face = page.evaluate(f"() => {VIEW}.hover")
    text = page.inner_text(".aunce-explorer-tip")
    assert f"demo/P{face % 9}" in text
    assert f"T{face % 4}, frame {face}" in text
    shown = page.evaluate(
        "() => [...document.querySelector('.aunce-explorer-tip canvas').getContext('2d')"
        ".getImageData(0, 0, 224, 224).data]"
    )
    shown = np.array(shown).reshape(224, 224, 4)[..., :3].mean(axis=(0, 1))
    assert np.abs(shown - tiny.store[[face]][0].mean(axis=(0, 1))).max() < 5  # that very face


def test_keys_walk_choose_select_and_ask(page, tmp_path):
    explorer = some_explorer()
    show(page, explorer, tmp_path)
    page.locator(".aunce-explorer-map").nth(1).focus()
    page.keyboard.press("ArrowRight")
    first = page.evaluate(f"() => {VIEW}.hover")
    page.keyboard.press("ArrowRight")
    second = page.evaluate(f"() => {VIEW}.hover")
    assert len({first, second, -1}) == 3
    assert f"frame {second}:" in page.inner_text(".aunce-explorer-says")
    page.keyboard.press("Enter")
    assert page.evaluate(f"() => {VIEW}.anchor") == second
    page.keyboard.press("Space")
    assert selected(page) == [second]
    page.keyboard.press("g")
    assert len(selected(page)) == 25
    page.keyboard.press("+")
    assert page.evaluate(f"() => {VIEW}.maps[1].camera.k") == pytest.approx(1.4)
    page.keyboard.press("0")
    assert page.evaluate(f"() => {VIEW}.maps[1].camera.k") == 1
    page.keyboard.press("Escape")
    assert selected(page) == []


def test_wheel_and_drag_move_the_map_under_the_pointer(page, tmp_path):
    show(page, some_explorer(), tmp_path)
    box = page.locator(".aunce-explorer-map").nth(0).bounding_box()
    x, y = box["x"] + 150, box["y"] + 120
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -600)
    page.keyboard.up("Control")
    page.wait_for_function(f"() => {VIEW}.maps[0].camera.k > 2")
    page.click(".aunce-explorer-move")
    before = page.evaluate(f"() => ({{...{VIEW}.maps[0].camera}})")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y, steps=4)
    page.mouse.up()
    after = page.evaluate(f"() => ({{...{VIEW}.maps[0].camera}})")
    assert after["x"] < before["x"]
    assert after["k"] == before["k"]
    assert selected(page) == []


def test_search_finds_person_and_frame(page, tmp_path):
    show(page, some_explorer(), tmp_path)
    page.fill(".aunce-explorer-find", "P3 t1")
    expected = [i for i in range(300) if i % 9 == 3 and i % 4 == 1]
    found = page.evaluate(f"() => [...{VIEW}.found.found].flatMap((hit, i) => hit ? [i] : [])")
    assert found == expected
    page.press(".aunce-explorer-find", "Enter")
    assert page.evaluate(f"() => {VIEW}.anchor") == expected[0]
    page.fill(".aunce-explorer-find", "demo/P1 <b>")
    assert page.evaluate(f"() => {VIEW}.found.count") == 0


def test_every_control_has_a_name(page, tmp_path):
    show(page, some_explorer(), tmp_path)
    circle(page)
    page.wait_for_selector(".aunce-explorer-thumb")
    for control in page.locator(".aunce-explorer :is(button, select, input, [tabindex])").all():
        name = control.get_attribute("aria-label") or control.inner_text().strip()
        labelled = control.evaluate("e => e.labels?.length > 0")
        assert name or labelled, control.evaluate("e => e.outerHTML")


# ----------------------------------------------------------------------- colour, animation


def test_colours_and_legend_of_every_kind_of_column(page, tmp_path):
    n = 1500
    name = [f"n{i % 1000}" for i in range(n)]
    age = np.where(np.arange(n) % 3, np.arange(n) / n, np.nan)
    show(page, some_explorer(n, name=name, age=age), tmp_path)
    seen = {pixels(page)}
    assert "unknown" in page.inner_text(".aunce-explorer-legend")
    for column, words in {
        "subject": ["demo/P0", "demo/P8", "167"],
        "age": ["unknown", "500"],
        "name": ["983 other values"],
    }.items():
        page.select_option(".aunce-explorer-colour", column)
        page.wait_for_function(f"() => !{VIEW}.frame")
        seen.add(pixels(page))
        legend = page.inner_text(".aunce-explorer-legend")
        assert all(word in legend for word in words)
        assert page.locator(".aunce-explorer-entry").count() <= 19
    assert len(seen) == 4


def test_unknown_labels_are_grey(page, tmp_path):
    show(page, some_explorer(AU12=np.nan), tmp_path)
    grey = page.evaluate(f"() => new Set({VIEW}.look.colours).size")
    assert grey == 1
    assert page.locator(".aunce-explorer-entry").count() == 1
    circle(page)
    assert "unknown" in page.inner_text(".aunce-explorer-selection")


def test_training_moves_the_faces_from_before_to_after(page, tmp_path):
    explorer = some_explorer()
    show(page, explorer, tmp_path)
    places = f"() => [...{VIEW}.places[1]]"
    page.evaluate(f"() => {VIEW}.setMoment(0)")
    start = np.array(page.evaluate(places)).reshape(-1, 2)
    np.testing.assert_allclose(start, explorer.maps("before")[1], atol=1e-6)
    drawn = page.evaluate(f"() => {VIEW}.drawn")
    page.click(".aunce-explorer-play")
    page.wait_for_function(f"() => {VIEW}.moments.value === '1'")
    page.wait_for_timeout(100)
    end = np.array(page.evaluate(places)).reshape(-1, 2)
    np.testing.assert_allclose(end, explorer.maps("after")[1], atol=1e-6)
    assert page.evaluate(f"() => {VIEW}.drawn") > drawn + 3  # frames in between


def test_why_shows_the_stored_reason(page, tmp_path):
    explorer = some_explorer()
    explorer.anchor = int(np.flatnonzero(explorer.labels[:, 1] == 1)[0])
    show(page, explorer, tmp_path)
    page.click(".aunce-explorer-ask")
    told = explorer.why(explorer.anchor)
    text = page.inner_text(".aunce-explorer-why")
    assert told.kind.name.lower() in text
    assert f"Loss {told.loss:.2f}" in text
    assert f"{len(told.negatives)} faces" in text


# -------------------------------------------------------------------------------- saving


def test_png_and_svg_are_saved(page, tmp_path):
    explorer = some_explorer(subject=[f"demo/<b>&{i % 3}" for i in range(300)])
    explorer.colour = "subject"
    show(page, explorer, tmp_path)
    with page.expect_download() as download:
        page.click(".aunce-explorer-svg")
    download.value.save_as(tmp_path / "e.svg")
    root = ElementTree.parse(tmp_path / "e.svg").getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("demo/<b>&1" in text for text in texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) >= 600
    with page.expect_download() as download:
        page.click(".aunce-explorer-png")
    download.value.save_as(tmp_path / "e.png")
    from PIL import Image

    picture = np.asarray(Image.open(tmp_path / "e.png").convert("RGB"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


# ----------------------------------------------------------------------------- bad input


def test_names_that_hold_script_are_text(page, tmp_path):
    n = 60
    nasty = {
        "corpus": NASTY,
        "subject": [f"{NASTY}/{NASTY}{i % 3}" for i in range(n)],
        "sequence": NASTY,
        "path": NASTY,
        "mood": NASTY,
        f"x{NASTY}": NASTY,
    }
    explorer = some_explorer(n, **nasty)
    explorer.colour = "subject"
    explorer.anchor = 4
    show(page, explorer, tmp_path)
    circle(page, 0, 0.4)
    page.locator(".aunce-explorer-map").nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.select_option(".aunce-explorer-colour", f"x{NASTY}")
    page.fill(".aunce-explorer-find", NASTY)
    page.click(".aunce-explorer-svg")
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.harmed") is None
    assert page.locator("img").count() == 0
    assert NASTY in page.inner_text(".aunce-explorer-face")
    assert NASTY in page.inner_text(".aunce-explorer-legend")


@pytest.mark.parametrize(("n", "words"), [(0, "table is empty"), (1, "1 face of 1 person")])
def test_no_face_or_one(page, tmp_path, n, words):
    show(page, some_explorer(n), tmp_path)
    assert words in page.inner_text(".aunce-explorer")
    circle(page, 0, 0.3)
    assert len(selected(page)) == n


def test_faces_without_a_place_are_counted(page, tmp_path):
    explorer = some_explorer(100)
    for z in explorer.embeddings.values():
        z[::10] = np.nan
    explorer = Explorer(explorer.table, explorer.embeddings, method="pca", au=12)
    show(page, explorer, tmp_path)
    assert "10 of 100 faces left out" in page.locator(".aunce-explorer-note").nth(0).inner_text()
    circle(page, 0, 0.9)
    assert not set(selected(page)) & set(range(0, 100, 10))
    page.locator(".aunce-explorer-map").nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert "no picture" in page.inner_text(".aunce-explorer-face")
