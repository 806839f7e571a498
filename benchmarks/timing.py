"""Medians of repeated calls, and peak memory of a call in a process of its own.

On a machine where others work too, wall time says more about them than about us: there the CPU
time of this process (`time.process_time`) is compared instead. `use_cpu_time` says which.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_clock = time.perf_counter


def use_cpu_time(yes: bool = True) -> None:
    """Measure the CPU time of this process from now on, or wall time again."""
    global _clock
    _clock = time.process_time if yes else time.perf_counter


def seconds_of(call: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    started = _clock()
    call()
    return _clock() - started


def median_seconds(call: Callable[[], object], repeats: int = 9) -> float:
    """Median time of a call, after one call that does not count."""
    call()
    return statistics.median(seconds_of(call) for _ in range(repeats))


def side_by_side(calls: dict[str, Callable[[], object]], repeats: int = 7) -> dict[str, float]:
    """Median seconds of several calls in turn, so that a busy moment hits all of them."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            seconds[name].append(seconds_of(call))
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_mebibytes(code: str) -> float:
    """Memory that `code` needs on top of its imports: it calls `measure(function)` once."""
    return numbers_printed(code)[-1]


def numbers_printed(code: str) -> list[float]:
    """The numbers that `code`, which may call `measure(function)`, prints in its own process."""
    cpu_time = _clock is time.process_time
    program = f"from benchmarks.timing import *\nuse_cpu_time({cpu_time})\n{code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [float(word) for word in done.stdout.split()]


def measure(call: Callable[[], object]) -> None:
    """Print how many MiB this process takes during a call, above what it has before (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = memory("VmRSS")
    call()
    print(memory("VmHWM") - before)


def memory(name: str) -> float:
    """A line of /proc/self/status in MiB: VmRSS now, VmHWM at most, RssAnon without files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
