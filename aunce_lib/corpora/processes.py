"""Several processes on one list of tasks, none of which outlives the program that started it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait

DIED = "perhaps for want of memory; what is done is kept: run again, with fewer processes"


@contextmanager
def dead_workers_told(work: str) -> Iterator[None]:
    """Make joblib's long error of a process that was killed one that a user can mend.

    Args:
        work: What they did, such as "drawing".

    Raises:
        ChildProcessError: In its place.
    """
    try:
        yield
    except BrokenExecutor as error:
        raise ChildProcessError(f"a process that was {work} was killed, {DIED}") from error


def work_off(
    work: Callable[..., Iterator[int]], job: object, tasks: Iterable, processes: int
) -> Iterator[int]:
    """Do all tasks, each once, in no particular order.

    Args:
        work: `work(job, task)` yields how much was done, now and then; found by its name in its
            module, so that another process finds it too.
        job: What all tasks share.
        tasks: One is taken whenever a process is free.
        processes: How many; with 1, everything is done here.

    Yields:
        What `work` yields.

    Raises:
        OSError, ValueError: What `work` raises.
        ChildProcessError: If a process was killed, for instance for want of memory.
    """
    if processes == 1:
        for task in tasks:
            yield from work(job, task)
        return
    tasks, context = iter(tasks), multiprocessing.get_context("spawn")
    workers = {}
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(work, job, theirs), daemon=True)
            process.start()
            theirs.close()
            workers[ours] = process
        while workers:
            for pipe in wait(list(workers)):
                try:
                    message = pipe.recv()
                    if message is None:  # free
                        pipe.send(next(tasks, None))
                        continue
                except (EOFError, OSError):
                    process = workers.pop(pipe)
                    process.join()
                    if process.exitcode:
                        raise ChildProcessError(
                            f"a process ended with {process.exitcode}, {DIED}"
                        ) from None
                    continue
                if isinstance(message, Exception):
                    raise message
                yield message
    finally:
        for process in workers.values():
            process.kill()
            process.join()


def _serve(work, job, pipe: Connection) -> None:
    """What a process does: ask for a task, do it, ask again."""
    from threadpoolctl import threadpool_limits

    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    with threadpool_limits(1):
        try:
            pipe.send(None)
            while (task := pipe.recv()) is not None:
                for done in work(job, task):
                    pipe.send(done)
                pipe.send(None)
        except (OSError, ValueError) as error:
            pipe.send(error)
