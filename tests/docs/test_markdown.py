"""All Markdown, in files and in notebooks: no relative link is dead, no picture without words."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = "docs", "notebooks", "data", "benchmarks", "binder"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)[^)]*\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
TAG = re.compile(r"<img\b[^>]*>")


def texts() -> dict[str, str]:
    """Every text of the project by its path: files whole, of notebooks their Markdown."""
    files = [*ROOT.glob("*.md")]
    for folder in FOLDERS:
        files += (ROOT / folder).rglob("*.md")
    found = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in files}
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        words = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        found[str(path.relative_to(ROOT))] = "\n\n".join(words)
    return found


def prose(text: str) -> str:
    """Without code, in which brackets mean something else."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text: str) -> set[str]:
    """The anchors of a text's headings, as hosts of Git repositories make them."""
    found = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        plain = unicodedata.normalize("NFC", re.sub(r"[`*]", "", heading)).strip().lower()
        found.add(re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", plain)))
    return found


def dead_links(name: str, text: str) -> list[str]:
    """The relative links and pictures of a text that lead nowhere."""
    dead = []
    addresses = LINK.findall(prose(text)) + [address for _, address in PICTURE.findall(prose(text))]
    for address in addresses:
        if re.match(r"(https?|mailto):", address):
            continue  # the network is not asked
        path, _, anchor = address.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        is_text = target.suffix == ".md" and target.exists()
        known = anchors(target.read_text(encoding="utf-8")) if is_text else {anchor}
        if not target.exists() or (anchor and anchor not in known):
            dead.append(address)
    return dead


TEXTS = texts()


@pytest.mark.parametrize("name", TEXTS)
def test_no_relative_link_is_dead(name):
    assert dead_links(name, TEXTS[name]) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_picture_has_words_for_those_who_do_not_see_it(name):
    for alt, address in PICTURE.findall(prose(TEXTS[name])):
        assert len(alt.split()) >= 3, f"{address}: say in some words what it shows"
    for tag in TAG.findall(prose(TEXTS[name])):
        assert re.search(r'\balt="[^"]+"', tag), tag


@pytest.mark.parametrize(
    "text",
    [
        "[a](missing.md)",
        "![three words here](missing.png)",
        "[a](README.md#no-such-heading)",
        "[a](#nowhere)",
    ],
)
def test_a_dead_link_is_found(text):
    assert len(dead_links("README.md", text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs)",
        "[a](README.md#what-it-is)",
        "`[a](missing.md)`",
        "[a](https://example.org/x)",
        "```\n[a](missing.md)\n```",
    ],
)
def test_what_is_alive_or_code_is_left_alone(text):
    assert dead_links("README.md", text) == []


def test_the_learning_path_names_every_notebook():
    path = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    for notebook in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
        assert f"({notebook.name})" in path, f"notebooks/README.md should link {notebook.name}"


def test_the_teachers_kit_has_a_plan_for_every_notebook():
    for notebook in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
        text = (ROOT / "docs" / "teaching" / f"{notebook.stem}.md").read_text(encoding="utf-8")
        for heading in ("45 minutes", "90 minutes", "What students get wrong", "Discuss", "Exam"):
            assert f"\n## {heading}\n" in text
