"""Medians of repeated calls, and peak memory of a call in a process of its own."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def median_seconds(call: Callable[[], object], repeats: int = 9) -> float:
    """Median wall time of a call, after one call that does not count."""
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def side_by_side(calls: dict[str, Callable[[], object]], repeats: int = 7) -> dict[str, float]:
    """Median seconds of several calls in turn, so that a busy moment hits all of them."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_mebibytes(code: str) -> float:
    """Memory that `code` needs on top of its imports: it calls `measure(function)` once."""
    return numbers_printed(code)[-1]


def numbers_printed(code: str) -> list[float]:
    """The numbers that `code`, which may call `measure(function)`, prints in its own process."""
    program = f"from benchmarks.timing import measure\n{code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [float(word) for word in done.stdout.split()]


def measure(call: Callable[[], object]) -> None:
    """Print how many MiB this process takes during a call, above what it has before (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = _status("VmRSS")
    call()
    print((_status("VmHWM") - before) / 1024)


def _status(name: str) -> int:
    """A line of /proc/self/status in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
