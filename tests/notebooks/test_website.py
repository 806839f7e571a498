"""The pieces of the site: mathematics, links, pictures, outputs, and what pictures say in words."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import matplotlib
import nbformat.v4 as nb
import numpy as np
import pytest
from matplotlib.figure import Figure
from website import Book, cells, index, write_site
from website.in_kernel import alternative_text
from website.markdown import Renderer, data_uri
from website.maths import mathml

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def renderer(tmp_path):
    (tmp_path / "dot.png").write_bytes(PIXEL)
    return Renderer(tmp_path, {"other.md": "other.html"}.get)


# ------------------------------------------------------------------------------ mathematics


def test_formulas_become_mathml_inline_displayed_and_in_folded_hints(renderer):
    text = (
        "With $x^2$:\n\n$$ \\frac{1}{2} $$\n\n<details><summary>Hint</summary>So $\\tau$.</details>"
    )
    page = renderer.html(text)
    assert page.count("<math") == 3
    assert "<mfrac>" in page
    assert "$" not in page


@pytest.mark.parametrize("text", ["It costs 5$ and 6$ more.", "`$x$` is code", r"\$x\$"])
def test_dollars_that_are_no_formula_stay(renderer, text):
    assert "<math" not in renderer.html(text)


def test_a_formula_nobody_can_draw_is_named(renderer):
    with pytest.raises(ValueError, match=r"unknown command .*nonsense"):
        renderer.html(r"Here $\nonsense x$.")


def test_limits_stand_below_sums_and_letters_beside_them():
    assert "munderover" in mathml(r"\sum_{k=1}^{n} x_k", display=True)
    assert "<msub>" in mathml(r"x_k")


# ----------------------------------------------------------------------------------- markdown


def test_headings_get_anchors_of_their_own(renderer):
    page = renderer.html("## Why β?\n\n## Why β?\n")
    assert re.findall('id="(.*?)"', page) == ["why", "why-2"]
    assert [heading.text for heading in renderer.headings] == ["Why β?", "Why β?"]


def test_links_lead_to_pages_or_lose_their_link(renderer):
    page = renderer.html("[a](other.md) [b](missing.md) [c](https://example.org) [d](#here)")
    assert re.findall('href="(.*?)"', page) == ["other.html", "https://example.org", "#here"]
    assert " b " in page


def test_pictures_are_inside_and_a_missing_one_is_named(renderer):
    assert 'src="data:image/png;base64,' in renderer.html("![a dot](dot.png)")
    with pytest.raises(ValueError, match=r"no picture .*gone\.png"):
        renderer.html("![gone](gone.png)")


def test_code_is_coloured_and_escaped(renderer):
    page = renderer.html("```python\nprint('<b>')\n```")
    assert 'class="k-' in page
    assert "<b>" not in page


# -------------------------------------------------------------------------------------- cells


def executed(source, *outputs, tags=()):
    """A cell that has run; the id says whether two are versions of the same one."""
    cell = nb.new_code_cell(source, id="one", metadata={"tags": list(tags)})
    cell.outputs = list(outputs)
    return cell


def body(solved, student, renderer):
    books = [nb.new_notebook(cells=these) for these in (solved, student)]
    return cells.body(*books, renderer)


def picture(**data):
    data |= {"image/png": base64.b64encode(PIXEL).decode()}
    return nb.new_output("display_data", data, metadata={"image/png": {"alt": 'a "dot"'}})


def test_solution_is_folded_below_its_stub(renderer):
    page = body([executed("x = 42")], [executed("raise NotImplementedError")], renderer)
    stub, solution = page.split("<summary>Solution</summary>")
    assert "NotImplementedError" in stub
    assert "42" not in stub
    assert "42" in solution


def test_a_cell_for_teachers_alone_is_folded_with_its_outputs(renderer):
    page = body([executed("x", nb.new_output("stream", text="secret"))], [], renderer)
    assert page.index("<summary>") < page.index("secret") < page.index("</details>")


def test_a_widget_is_its_picture_and_a_bar_of_progress_is_nothing(renderer):
    view = {cells.WIDGET: {"model_id": "x"}}
    bar = nb.new_output("display_data", view)
    cell = executed("show", picture(**view), bar)
    page = body([cell], [cell], renderer)
    assert page.count("<figure") == page.count("A still picture") == 1
    assert 'alt="a &quot;dot&quot;"' in page


def test_streams_are_shown_as_a_terminal_would(renderer):
    lines = [
        nb.new_output("stream", text=text) for text in ("1 %\r50 %\r\x1b[31mdo", "ne\x1b[0m <b>")
    ]
    cell = executed("run", *lines)
    assert ">done &lt;b&gt;</pre>" in body([cell], [cell], renderer)


def test_scripts_and_styles_of_outputs_stay_out(renderer):
    html = "<style>td{}</style><script>alert(1)</script><table><tr><td>3</td></tr></table>"
    cell = executed("t", nb.new_output("execute_result", {"text/html": html}))
    page = body([cell], [cell], renderer)
    assert "<td>3</td>" in page
    assert "alert" not in page
    assert "td{}" not in page


def test_an_error_in_a_text_names_its_cell(renderer):
    with pytest.raises(ValueError, match="cell 2: no picture"):
        body([executed("x"), nb.new_markdown_cell("![x](gone.png)")], [], renderer)


# --------------------------------------------------------------------------------------- pages


@pytest.fixture
def course():
    def book(name, *more):
        first = f"# Title {name}: and more\n\n**You need** notebook 00 and 40 minutes.\n"
        notebook = nb.new_notebook(cells=[nb.new_markdown_cell(first), *more])
        return Book(name, notebook, notebook)

    exercise = nb.new_markdown_cell("### Exercise 1: a & co (easy, 2 minutes)")
    return [book("00_a", exercise), book("01_b"), book("02_c")]


class Tags(HTMLParser):
    """Collects what a page asks a browser to load."""

    def __init__(self):
        super().__init__()
        self.loaded = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.loaded += [values[key] for key in ("src", "srcset", "data", "poster") if key in values]
        if tag == "link":
            self.loaded.append(values["href"])


def test_pages_load_nothing_and_lead_to_each_other(course, tmp_path):
    docs = tmp_path / "docs"
    (docs / "teaching").mkdir(parents=True)
    (docs / "glossary.md").write_text("# Glossary\n\n[first](../notebooks/00_a.ipynb#x)\n")
    (docs / "teaching" / "README.md").write_text("# Answers\n")
    write_site(course, tmp_path / "site", tmp_path / "notebooks", docs)
    pages = {path.name: path.read_text() for path in (tmp_path / "site").iterdir()}
    assert set(pages) == {"00_a.html", "01_b.html", "02_c.html", "glossary.html", "index.html"}
    for page in pages.values():
        tags = Tags()
        tags.feed(page)
        assert all(address.startswith("data:") for address in tags.loaded)
        assert "@import" not in page
    assert re.findall('rel="(?:prev|next)" href="(.*?)"', pages["01_b.html"]) == [
        "00_a.html",
        "02_c.html",
    ]
    assert 'href="00_a.html#x"' in pages["glossary.html"]
    assert "a &amp; co" in pages["00_a.html"]


def test_facts_come_from_the_notebook_itself(course):
    first = course[0]
    assert (first.title, first.subtitle) == ("Title 00_a", "and more")
    assert (first.minutes, first.exercises) == (40, 1)
    assert "3 notebooks, about 2 hours" in index.body(course, [], None)


def test_the_cover_is_the_tagged_picture(course):
    plain, tagged = executed("a", picture()), executed("b", picture(), tags=["cover"])
    tagged.id = "two"
    assert "data:image/webp" in index.cover(nb.new_notebook(cells=[plain, tagged]))
    assert "img" not in index.cover(nb.new_notebook(cells=[executed("a")]))


def test_a_text_that_cannot_be_drawn_is_named_with_its_notebook(course, tmp_path):
    course[1].solved.cells.append(nb.new_markdown_cell("![x](gone.png)"))
    with pytest.raises(ValueError, match="01_b, cell 2: no picture"):
        write_site(course, tmp_path / "site", tmp_path)


def test_only_pictures_are_put_inside(tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    with pytest.raises(ValueError, match="no picture"):
        data_uri(tmp_path / "secret.txt")


# ---------------------------------------------------------------------------- alternative text


def test_a_figure_says_its_titles_axes_and_legend():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    figure.suptitle("Both")
    left.plot([1, 2], label="AUNCE")
    left.set(title="Loss", xlabel="epoch", ylabel="loss $L$")
    left.legend()
    shown = right.imshow(np.eye(2))
    figure.colorbar(shown, ax=right, label="how often")
    text = alternative_text(figure)
    assert text.startswith("Both. Loss; loss L over epoch; AUNCE")
    assert text.endswith("colours: how often")


def test_a_legend_of_the_whole_figure_is_told():
    figure = Figure()
    figure.subplots().plot([1, 2], label="one label")
    figure.legend()
    assert alternative_text(figure).endswith("one label")


def test_a_sheet_of_faces_says_their_names_and_how_many():
    figure = Figure()
    for place, ax in enumerate(figure.subplots(1, 3)):
        ax.imshow(np.eye(2))
        ax.set_title(f"AU{place}\nname")
        ax.set_axis_off()
    assert alternative_text(figure) == "3 pictures: AU0 name, AU1 name, AU2 name"


def test_a_long_text_is_cut():
    figure = Figure()
    figure.suptitle("word " * 500)
    assert len(alternative_text(figure)) <= 600
    assert matplotlib.get_backend()  # the module has not touched the backend of this process
