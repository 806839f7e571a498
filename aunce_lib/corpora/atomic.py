"""Files that are either whole or not there.

A file written in place can be cut off by a full disk, a closed laptop or Ctrl-C, and half a file
looks much like a whole one. So everything is written into a temporary file in the same folder
(same folder, because a rename is only atomic within one file system), forced to the disk, and
then renamed. Two processes that write the same file at once use two temporary files; the later
rename wins, and a reader sees the one or the other, never a mixture.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary path to write to, which becomes `path` when the block ends without an error.

    Args:
        path: The file to make or to replace. Missing folders above it are made.

    Yields:
        A path in the same folder that does not exist yet.

    Raises:
        OSError: If the folder cannot be written or the disk is full; names `path`, keeps `errno`.
            Nothing is left behind, and an older file at `path` is untouched.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "note.txt"
        >>> with atomic_path(target) as temporary:
        ...     _ = temporary.write_text("whole")
        >>> target.read_text(), len(list(target.parent.iterdir()))
        ('whole', 1)
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        force_to_disk(temporary)
        os.replace(temporary, path)
        force_to_disk(path.parent)
    except OSError as error:
        # An error with another file's name, or with no errno, came from what the block read.
        about_us = error.filename is None or Path(error.filename) in {temporary, *path.parents}
        if error.errno is None or not about_us:
            raise
        raise OSError(
            error.errno,
            f"could not write {path} ({error.strerror}); "
            "free some space or choose another folder, then run again",
        ) from error
    finally:
        with suppress(OSError):  # already renamed, or the folder never existed
            temporary.unlink()


def force_to_disk(path: Path) -> None:
    """Ask the operating system to write its buffers now."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open a folder
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
