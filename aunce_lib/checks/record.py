"""Which checks have passed, kept between notebooks in one small file beside them.

`progress.json` holds names of checks and nothing else: no answer, no time, no person. Delete it to
begin anew. Nothing here ever stops a learner: a folder that cannot be written keeps no record, and
a damaged file counts as an empty one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path

from filelock import FileLock, Timeout

from aunce_lib.corpora.atomic import atomic_path

FILE = "progress.json"
PATIENCE = 2  # seconds to wait for another notebook that writes at the same moment


def passed(folder: str | Path) -> set[str]:
    """The names of the checks that have passed; none if there is no readable record."""
    try:
        record = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
        names = record["passed"]
        return {name for name in names if isinstance(name, str)} if type(names) is list else set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()


def note(name: str, folder: str | Path) -> bool:
    """Add a check to the record.

    Args:
        name: Of the check, such as "check_phi".
        folder: Where the notebooks lie.

    Returns:
        Whether the record holds it now; False where the folder cannot be written.
    """
    if name in passed(folder):
        return True
    # The lock makes reading and writing one step; the write is whole or not there.
    lock = FileLock(Path(folder) / f".{FILE}.lock", timeout=PATIENCE)
    with suppress(OSError, Timeout, NotImplementedError), lock:
        names = sorted(passed(folder) | {name})
        with atomic_path(Path(folder) / FILE) as temporary:
            temporary.write_text(json.dumps({"passed": names}, indent=1) + "\n", encoding="utf-8")
        return True
    return False


def noted(check: Callable) -> Callable:
    """The same check, which is noted in the working folder when it passes in a notebook.

    Outside of a notebook, in tests and scripts, nothing is written.
    """

    @wraps(check)
    def noting(*args, **options):
        result = check(*args, **options)
        if result.passed and in_notebook():
            note(check.__name__, Path.cwd())
        return result

    return noting


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
