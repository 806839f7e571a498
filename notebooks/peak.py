"""How much memory something needs, with all the processes that it starts."""

from __future__ import annotations

import threading

import psutil

EVERY = 0.25  # seconds


class PeakMemory:
    """Watches the processes that start while its block runs.

    Attributes:
        peak_mb: The most that they held at one moment, in MB; a peak shorter than `EVERY` escapes.
    """

    def __enter__(self) -> PeakMemory:
        self.peak_mb = 0.0
        self._before = {*psutil.Process().children(recursive=True)}  # such as workers kept warm
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        here = psutil.Process()
        while True:
            started = {*here.children(recursive=True)} - self._before
            held = sum(map(_held, started))
            self.peak_mb = max(self.peak_mb, held / 1e6)
            if self._done.wait(EVERY):
                return


def _held(process: psutil.Process) -> int:
    """Bytes; 0 of a process that has just ended. Pages that several share count once each."""
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
