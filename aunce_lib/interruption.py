"""How a training ends early: a signal asks it to, and it does after the step in flight.

Batch systems send SIGTERM before they take a machine away, a terminal and a notebook SIGINT.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class TrainingStopped(KeyboardInterrupt):
    """A training was asked to stop, has kept all it did, and can be resumed.

    Like KeyboardInterrupt it is no Exception: what guards against failures, such as a study's
    cells, must not take it for one and go on.

    Attributes:
        signal: The one that asked; a shell expects the exit status 128 + signal.
    """

    def __init__(self, message: str, number: int = signal.SIGTERM):
        super().__init__(message)
        self.signal = number


class FailedElsewhere(RuntimeError):
    """The first process failed, and has said why; this one ends with it."""


@dataclass
class StopRequest:
    """Whether a signal has come: its number, or 0."""

    signal: int = 0


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Take down SIGTERM and SIGINT instead of obeying at once; a second SIGINT is obeyed.

    Only the main thread of a process can: in another one, signals do what they did before.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def take_down(number: int, _frame) -> None:
        request.signal = request.signal or int(number)
        # SIGTERM may come twice by itself: from a launcher and from the batch system behind it
        signal.signal(signal.SIGINT, before[signal.SIGINT] or signal.SIG_DFL)

    try:
        for number in before:
            signal.signal(number, take_down)
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None: it was not set by Python
