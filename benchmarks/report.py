"""What was measured, as rows of a table, and on which machine."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import torch


class Row(NamedTuple):
    """One line of a table; `met` is None where there is no target."""

    what: str
    measured: str
    target: str = "none"
    met: bool | None = None

    @property
    def mark(self) -> str:
        return {True: "yes", False: "**no**", None: ""}[self.met]


def as_markdown(rows: Sequence[Row]) -> str:
    """Rows as a table.

    Example:
        >>> print(as_markdown([Row("import", "0.1 s", "< 0.3 s", True)]))
        | what | measured | target | met |
        |---|---|---|---|
        | import | 0.1 s | < 0.3 s | yes |
    """
    lines = ["| what | measured | target | met |", "|---|---|---|---|"]
    lines += [f"| {row.what} | {row.measured} | {row.target} | {row.mark} |" for row in rows]
    return "\n".join(lines)


def leave(rows: Sequence[Row], path: Path) -> None:
    """Write rows for `measured_elsewhere`, as measured today."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"date": str(date.today()), "rows": rows}, indent=1))


def measured_elsewhere(path: Path, command: str, today: date | None = None) -> list[Row]:
    """Rows that another command left as JSON; only today's count.

    The file holds {"date": "2026-11-25", "rows": [[what, measured, target, met], …]}.

    Args:
        path: The file.
        command: What makes it, for the reader of a table without it.
        today: The day that counts; this one if None.

    Raises:
        ValueError: If the file holds something else.
    """
    today = str(today or date.today())
    if not path.is_file():
        return [Row(f"not measured in this run: `{command}`", "")]
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = [Row(*row) for row in found["rows"]]
        day = found["date"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path} must hold {{"date": …, "rows": [[what, measured, target, met], …]}} '
            f"({error}); delete it, or make it again by `{command}`"
        ) from error
    return rows if day == today else [Row(f"not measured today (last on {day}): `{command}`", "")]


def machine() -> str:
    """Processor, cores, units and versions, in one line; the GPU too where there is one."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = {line.split(":")[1].strip() for line in lines if line.startswith("model name")}
    units = [u for u in ("avx512_bf16", "amx_bf16") if torch.cpu.get_capabilities().get(u)]
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return (
        f"{', '.join(sorted(names)) or platform.processor()}, {os.cpu_count()} logical cores, "
        f"bf16 units: {', '.join(units) or 'none'}{gpu}; Python {platform.python_version()}, "
        f"torch {torch.__version__}"
    )


def conditions(command: str, quick: bool) -> str:
    """The sentence above every table: command, day, machine, and how time was taken."""
    how = (
        "quick: small sizes, few repeats, CPU time instead of wall time, as the machine was busy"
        if quick
        else "medians of wall time on a quiet machine"
    )
    return f"Measured by `{command}` on {date.today()}: {machine()}; {how}."
