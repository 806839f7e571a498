"""Make the notebooks from their sources, and execute the solved ones.

    build.py                             write NN_name.ipynb and solutions/NN_name.ipynb
    build.py --check                     fail, naming the file, when one differs from its source
    build.py --without-solutions OUT     write the student notebooks alone, to hand out
    build.py --run [NAME ...] [--out F]  execute solved notebooks, all or those named
    build.py --run --site OUT            and write them as a static site, that needs no network
    build.py --site OUT --out F          the same of the notebooks that an earlier --run left in F

A source, `src/NN_name.py`, is a script in jupytext's percent format (`# %%` starts a cell). Both
versions of a cell live in it:

    def area(radius):
        # SOLUTION
        return math.pi * radius**2
        # END SOLUTION
        # EXERCISE
        # raise NotImplementedError("pi times the squared radius")
        # END EXERCISE

The solved notebook has the solution, the student notebook the exercise without its comment signs.
A cell tagged `solution` is left out for students, a cell tagged `student` for the solved version.
On the site the picture of a cell tagged `cover` stands for its notebook, else the first one.
Notebooks are written without outputs or widget state, and a cell keeps its id until it is edited.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from peak import PeakMemory
from website import Book, write_site

NOTEBOOKS = Path(__file__).resolve().parent
IN_KERNEL = NOTEBOOKS / "website" / "in_kernel.py"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_TIMEOUT = 600  # seconds; a cell that takes longer hangs


class SourceError(ValueError):
    """A source whose exercise and solution marks do not fit together."""


class CellFailure(RuntimeError):
    """A cell that failed while its notebook was executed."""


def sources(folder: Path = NOTEBOOKS) -> list[Path]:
    """The sources, in reading order."""
    return sorted((folder / "src").glob("[0-9][0-9]_*.py"))


# ---------------------------------------------------------------------------- generation


def cell_text(text: str, solved: bool) -> str:
    """One reader's version of a cell.

    Args:
        text: The cell as the source has it.
        solved: Keep the solutions (True), or uncomment the exercises (False).

    Raises:
        SourceError: If a mark has no partner, or an exercise line is not a comment.
    """
    kept, block = [], None
    for line in text.splitlines():
        mark = line.strip()
        if mark in ("# SOLUTION", "# EXERCISE"):
            if block:
                raise SourceError(f"'{mark}' inside '{block}'")
            block = mark
        elif mark in ("# END SOLUTION", "# END EXERCISE"):
            if mark != f"# END {(block or '').removeprefix('# ')}":
                raise SourceError(f"'{mark}' ends nothing")
            block = None
        elif block == "# EXERCISE" and mark and not mark.startswith("#"):
            raise SourceError(f"the exercise line '{mark}' is not a comment")
        elif block is None or (solved and block == "# SOLUTION"):
            kept.append(line)
        elif not solved and block == "# EXERCISE":
            kept.append(re.sub(r"^(\s*)# ?", r"\1", line))
    if block:
        raise SourceError(f"'{block}' has no end")
    return "\n".join(kept)


def generate(source: Path, solved: bool) -> NotebookNode:
    """The solved or the student notebook of a source.

    Raises:
        SourceError: If marks do not fit together; names the file and the cell.
    """
    left_out = "student" if solved else "solution"
    cells, ids = [], set()
    script = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    for number, cell in enumerate(script.cells, start=1):
        tags = cell.metadata.get("tags", [])
        if left_out in tags:
            continue
        try:
            text = cell_text(cell.source, solved)
        except SourceError as error:
            raise SourceError(f"{source.name}, cell {number}: {error}") from None
        # The id comes from the text both versions share, so that an edit changes one id only.
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        identifier = digest if digest not in ids else f"{digest}-{number}"
        ids.add(identifier)
        make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
        metadata = {"tags": list(tags)} if tags else {}
        cells.append(make[cell.cell_type](text, id=identifier, metadata=metadata))
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA)


def as_json(notebook: NotebookNode) -> str:
    """The text of a notebook file, the same for the same notebook."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def hand_out(out: Path, folder: Path = NOTEBOOKS) -> Iterator[tuple[Path, str]]:
    """The files a teacher gives to students: the notebooks without any solution."""
    for source in sources(folder):
        yield out / f"{source.stem}.ipynb", as_json(generate(source, solved=False))


def expected_files(folder: Path = NOTEBOOKS) -> Iterator[tuple[Path, str]]:
    """Every generated file under `folder`, with the text it should have."""
    yield from hand_out(folder, folder)
    for source in sources(folder):
        yield folder / "solutions" / f"{source.stem}.ipynb", as_json(generate(source, solved=True))


def holds_work(path: Path) -> bool:
    """Whether somebody has run cells in this notebook, so that it is not ours to overwrite."""
    notebook = nbformat.read(path, as_version=4)
    return any(cell.get("execution_count") or cell.get("outputs") for cell in notebook.cells)


def write(path: Path, text: str) -> bool:
    """Write a generated notebook; True if that changed the file.

    Raises:
        FileExistsError: If the file there has been worked in.
    """
    if path.exists():
        if path.read_text(encoding="utf-8") == text:
            return False
        if holds_work(path):
            raise FileExistsError(
                f"{path} has been worked in: its cells have outputs. Move it away, or clear its "
                "outputs and save it, then build again"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return True


def differences(folder: Path = NOTEBOOKS) -> list[str]:
    """What is wrong with the generated files: one line a file, none if all equal their sources."""
    expected = dict(expected_files(folder))
    found = {*folder.glob("[0-9][0-9]_*.ipynb"), *folder.glob("solutions/*.ipynb")}
    lines = []
    for path in sorted(found | expected.keys()):
        name = path.relative_to(folder)
        if path not in expected:
            lines.append(f"{name} has no source in src/: remove it, or write its source")
        elif path not in found:
            lines.append(f"{name} is missing: run `make notebooks`")
        elif path.read_text(encoding="utf-8") != expected[path]:
            lines.append(f"{name} differs from its source: edit the source, then `make notebooks`")
    return lines


# ----------------------------------------------------------------------------- execution


def execute(notebook: NotebookNode, folder: Path, show_progress: bool = False) -> None:
    """Execute a notebook in place, in `folder`, with the Python that runs this script.

    Its figures get alternative text, and its widgets a still picture (`website/in_kernel.py`).

    Raises:
        CellFailure: If a cell raises, hangs or kills its kernel; shows the cell and the error.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    current, total = 0, len(notebook.cells)

    def on_cell_start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index
        if show_progress:
            print(f"\r    cell {cell_index} of {total} ", end="", flush=True)

    # Without any kernel folder the only kernel left is this interpreter's own.
    kernel = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=CELL_TIMEOUT,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=on_cell_start,
    )
    # One thread: where others work too, more make torch many times slower. And no backend that the
    # tests chose for themselves: it would keep figures out of the notebook.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    environment.pop("MPLBACKEND", None)
    # In a namespace of its own: no name of it may hide what a notebook has forgotten to import.
    prepare = f"exec({IN_KERNEL.read_text(encoding='utf-8')!r}, {{'get_ipython': get_ipython}})"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(prepare))
    try:
        client.execute(env=environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        source = notebook.cells[current].source
        raise CellFailure(f"cell {current} failed:\n\n{source}\n\n{reason(error)}") from None
    finally:
        del notebook.cells[0]
        if show_progress:
            print("\r", end="")


def reason(error: Exception) -> str:
    """Why a cell failed, as a person would want to read it."""
    if hasattr(error, "ename"):  # the cell raised
        return f"{error.ename}: {error.evalue}\n\n{error.traceback}"
    return f"{type(error).__name__}: {error}"


def run(names: Sequence[str], out: Path, folder: Path = NOTEBOOKS) -> int:
    """Execute solved notebooks, print a line for each, save them in `out`.

    Args:
        names: Notebooks to execute, by their name or its beginning ("03"); all if empty.
        out: Folder for the executed notebooks and whatever their cells write.
        folder: Where `src/` lies.

    Returns:
        How many failed.

    Raises:
        SystemExit: If a name fits no notebook.
    """
    chosen = [s for s in sources(folder) if not names or s.stem.startswith(tuple(names))]
    for name in names:
        if not any(source.stem.startswith(name) for source in chosen):
            known = ", ".join(source.stem for source in sources(folder))
            raise SystemExit(f"no notebook is called {name}; there are {known}")
    out.mkdir(parents=True, exist_ok=True)
    (out / "progress.json").unlink(missing_ok=True)
    for source in chosen:  # the course lies there whole: the table of progress looks for it
        nbformat.write(generate(source, solved=True), out / f"{source.stem}.ipynb")
    failures, begin = 0, time.perf_counter()
    for number, source in enumerate(chosen, start=1):
        notebook, start = generate(source, solved=True), time.perf_counter()
        print(f"{source.stem} … ({number} of {len(chosen)})", flush=True)
        try:
            with PeakMemory() as memory:
                execute(notebook, out, show_progress=sys.stdout.isatty())
            seconds = time.perf_counter() - start
            print(f"    done in {seconds:.0f} s, at most {memory.peak_mb:,.0f} MB", flush=True)
        except CellFailure as failure:
            failures += 1
            print(f"    {failure}", flush=True)
        nbformat.write(notebook, out / f"{source.stem}.ipynb")
    print(
        f"{len(chosen) - failures} of {len(chosen)} notebooks ran in "
        f"{time.perf_counter() - begin:.0f} s; they are in {out}"
    )
    return failures


def publish(executed: Path, out: Path, folder: Path = NOTEBOOKS) -> Path:
    """Write executed notebooks as a static site.

    Args:
        executed: Where `run` left them.
        out: Folder for the pages.
        folder: Where `src/` lies; its neighbour `docs/` gives more pages.

    Returns:
        Path of the index.

    Raises:
        ValueError: If a text cannot be drawn, or no notebook lies there.
    """
    books = [
        Book(path.stem, nbformat.read(path, as_version=4), generate(source, solved=False))
        for source in sources(folder)
        if (path := executed / f"{source.stem}.ipynb").exists()
    ]
    if not books:
        raise ValueError(f"no executed notebook in {executed}: use --run together with --site")
    return write_site(books, out, folder, folder.parent / "docs")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="fail when a notebook differs")
    action.add_argument("--without-solutions", type=Path, metavar="OUT", help="folder to hand out")
    action.add_argument("--run", nargs="*", metavar="NAME", help="execute solved notebooks")
    parser.add_argument("--out", type=Path, help="where --run saves (default: a new folder)")
    parser.add_argument("--site", type=Path, metavar="OUT", help="write what was run as a site")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.check:
            lines = differences()
            print("\n".join(lines) or f"{len(sources())} notebooks equal their sources")
            return 1 if lines else 0
        if chosen.run is not None or chosen.site:
            out = (chosen.out or Path(tempfile.mkdtemp(prefix="aunce-notebooks-"))).resolve()
            if chosen.run is not None and run(chosen.run, out):
                return 1
            if chosen.site:
                print(f"The site begins at {publish(out, chosen.site)}")
            return 0
        out = chosen.without_solutions
        for path, text in hand_out(out) if out else expected_files():
            if write(path, text):
                print(f"wrote {path}")
    except (ValueError, FileExistsError) as error:  # SourceError is a ValueError
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
