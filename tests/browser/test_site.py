"""The static site in a real browser, from files, with the network shut off."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
sys.path.insert(0, str(NOTEBOOKS))

TINY = '''\
# %% [markdown]
# # Circles: what goes round
#
# **You need** 3 minutes. Mathematics inline, $A = \\\\pi r^2$, and on a line of its own:
#
# $$ A = \\\\int_0^r 2 \\\\pi s \\\\, ds $$
#
# <details><summary>Hint</summary>Half of it is $\\\\frac{A}{2}$.</details>
#
# | radius | area |
# | ---: | ---: |
# | 1 | 3.14 |

# %% tags=["cover"]
import matplotlib.pyplot as plt

fig, ax = plt.subplots(figsize=(4, 3))
ax.plot([0, 1, 2], [0, 1, 4], label="squares")
_ = ax.set(title="It grows", xlabel="radius", ylabel="area")

# %% [markdown]
# ## Your turn
# ### Exercise 1: the area (easy, 2 minutes)


# %%
def area(radius):
    """The area of a circle."""
    # SOLUTION
    return 3.14159 * radius**2
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("pi times the squared radius")
    # END EXERCISE


# %%
import ipywidgets

slider = ipywidgets.IntSlider(description="radius")
slider.figure = lambda: fig
slider
'''.replace("\\\\", "\\")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of two tiny notebooks."""
    import build

    folder = tmp_path_factory.mktemp("course")
    (folder / "src").mkdir()
    (folder / "src" / "00_circles.py").write_text(TINY)
    (folder / "src" / "01_more.py").write_text("# %% [markdown]\n# # More\n#\n# Some `text`.\n")
    assert build.run([], folder / "run", folder) == 0
    return build.publish(folder / "run", folder / "site", folder).parent


@pytest.fixture
def open_file(browser):
    """Opens a file in a new window; at the end nothing may have failed and no host been asked."""
    contexts, troubles = [], []

    def refuse(route):
        troubles.append(f"asked for {route.request.url}")
        route.abort()

    def opened(path, width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.set_offline(True)
        context.route(lambda url: not url.startswith(("file:", "data:")), refuse)
        page = context.new_page()
        page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.goto(Path(path).resolve().as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


def check_page(page):
    """What has to hold on every page."""
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    images = page.locator("img").all()
    for image in images:
        image.scroll_into_view_if_needed()  # pictures far below load when they come near
        assert image.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
        assert image.get_attribute("alt") is not None
    for alt in page.locator("main figure img").evaluate_all("all => all.map(i => i.alt)"):
        assert len(alt) > 5
    for box in page.locator("math").evaluate_all("all => all.map(m => m.getBoundingClientRect())"):
        assert box["width"] > 0
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{page.url} is {wide} pixels wider than the screen"
    assert page.locator("h1").count() == 1
    for link in page.locator("a[href]").evaluate_all("all => all.map(a => a.getAttribute('href'))"):
        if not link.startswith(("http", "mailto:")):
            check_link(page, link)


def check_link(page, link):
    name, _, anchor = link.partition("#")
    here = Path(page.url.removeprefix("file://").partition("#")[0])
    target = here.parent / name if name else here
    assert target.is_file(), f"{here.name} links to {link}"
    assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_whole(site, open_file, width, scheme):
    for path in sorted(site.glob("*.html")):
        check_page(open_file(path, width, color_scheme=scheme))


def test_mathematics_is_drawn_by_the_browser_itself(site, open_file):
    page = open_file(site / "00_circles.html")
    assert page.locator("math").count() == 3
    page.locator("summary", has_text="Hint").click()
    fraction = page.locator("mfrac").bounding_box()
    letter = page.locator("mfrac mi").first.bounding_box()
    assert fraction["height"] > 1.5 * letter["height"]  # one above the other


def test_solutions_are_folded_and_open_by_keyboard(site, open_file):
    page = open_file(site / "00_circles.html")
    solution = page.locator("pre", has_text="3.14159")
    assert page.get_by_text("raise NotImplementedError").is_visible()
    assert not solution.is_visible()
    page.locator("summary", has_text="Solution").focus()
    page.keyboard.press("Enter")
    assert solution.is_visible()


def test_a_widget_is_shown_as_its_still_picture(site, open_file):
    page = open_file(site / "00_circles.html")
    assert page.locator("figure", has_text="A still picture").locator("img").count() == 1
    assert page.locator("figure img").first.get_attribute("alt") == "It grows; area over radius"


def test_the_switch_changes_colours_and_the_next_page_remembers(site, open_file):
    page = open_file(site / "index.html", color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Switch to dark colours").click()
    dark = page.evaluate(background)
    assert dark != light
    page.get_by_role("link", name="Circles").last.click()
    assert page.url.endswith("00_circles.html")
    assert page.evaluate(background) == dark


def test_contents_open_on_a_phone_and_close_with_escape(site, open_file):
    page = open_file(site / "00_circles.html", width=390)
    contents = page.get_by_role("navigation", name="Contents")
    assert not contents.is_visible()
    page.get_by_role("button", name="Contents").press("Enter")
    assert contents.is_visible()
    page.keyboard.press("Escape")
    assert not contents.is_visible()


def test_one_goes_through_the_course_by_its_links(site, open_file):
    page = open_file(site / "index.html")
    page.locator(".path a").first.click()
    page.locator("a[rel=next]").click()
    assert page.locator("h1").inner_text() == "More"
    page.locator("a[rel=prev]").click()
    page.locator("a[rel=prev]").click()
    assert page.url.endswith("index.html")


def test_without_script_everything_can_be_read_and_reached(site, open_file):
    page = open_file(site / "00_circles.html", width=390, java_script_enabled=False)
    assert page.get_by_role("navigation", name="Contents").is_visible()
    assert page.get_by_role("link", name="01 More").first.is_visible()


@pytest.mark.slow
def test_the_whole_site(open_file, tmp_path, monkeypatch):
    import build

    assert build.run([], tmp_path / "run") == 0
    site = build.publish(tmp_path / "run", tmp_path / "site").parent
    for path in sorted(site.glob("*.html")):
        for width in (1280, 390):
            check_page(open_file(path, width))
