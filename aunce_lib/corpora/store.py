"""FrameStore: all frames of a corpus in one file, decoded, aligned and resized once.

The file is a header of 64 bytes, then N frames of H×W×3 bytes (uint8, RGB), one after another:

    offset  0   8 bytes   magic, b"AUNCEFRM"
            8   uint32    version of this layout
           12   uint64    N, number of frames
           20   uint32    H, height in pixels
           24   uint32    W, width in pixels
           28   32 bytes  zero, kept for later
           60   uint32    CRC-32 of the 60 bytes before
    (all little-endian)

Frame i starts at byte 64 + i·H·W·3, so a batch is read without decoding anything, and several
processes share the one copy that the system caches. The header says exactly how long the file
must be: one that was cut off, grew, or comes from elsewhere is refused before its first pixel is
used.

Frames are read, not mapped into memory: when a mapped file is cut off, or the network mount it lies
on goes away, the system ends the process (SIGBUS); a read that fails is an error that can be told.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from .atomic import atomic_path
from .errors import CorpusError

if TYPE_CHECKING:
    import torch

MAGIC = b"AUNCEFRM"
VERSION = 1
HEADER = struct.Struct("<8sIQII32xI")
CHANNELS = 3
assert HEADER.size == 64
_SEEKING = threading.Lock()  # where a read cannot name its place


class FrameStore:
    """Read-only frames of one store file. Made by `FrameStore.open`.

    Attributes:
        path: The absolute path of the file.
        height: Height of a frame in pixels.
        width: Width of a frame in pixels.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "faces.store"
        >>> with FrameStore.create(path, n=5, height=4, width=4) as writer:
        ...     writer[0:5] = np.full((5, 4, 4, 3), 7, np.uint8)
        >>> store = FrameStore.open(path)
        >>> len(store), store[[0, 3]].shape, store.batch([0, 3]).shape
        (5, (2, 4, 4, 3), torch.Size([2, 3, 4, 4]))
    """

    def __init__(self, path: Path, file: BinaryIO, n: int, height: int, width: int) -> None:
        self.path, self._file, self._n = path, file, n
        self.height, self.width = height, width

    @classmethod
    def open(cls, path: str | Path) -> FrameStore:
        """Open a store after checking its header against the size of the file.

        Raises:
            FileNotFoundError: If there is no such file.
            CorpusError: If the file is no store, was cut off or grew, or its header is damaged.
        """
        path = Path(path).absolute()
        sizes = _read_header(path)
        return cls(path, path.open("rb", buffering=0), *sizes)

    @classmethod
    @contextmanager
    def create(
        cls, path: str | Path, n: int, height: int, width: int
    ) -> Iterator[FrameStoreWriter]:
        """Write a store piece by piece; it appears at `path` only when every frame is written.

        Args:
            path: File to make or to replace.
            n: Number of frames, at least 1.
            height: Height of a frame in pixels.
            width: Width of a frame in pixels.

        Yields:
            A writer: `writer[a:b] = array` with `array` uint8 (b - a, height, width, 3).

        Raises:
            ValueError: If a size is not positive.
            CorpusError: If the block ends before every frame is written.
            OSError: If the folder cannot be written or the disk is full. In every case nothing
                is left behind, and an older store at `path` is untouched.
        """
        for name, value in (("n", n), ("height", height), ("width", width)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        with atomic_path(path) as temporary, temporary.open("xb") as file:
            writer = FrameStoreWriter(file, Path(path), n, height, width)
            yield writer
            writer.finish()

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, rows) -> np.ndarray:
        """Frames as a copy, uint8 (n, H, W, 3). Rows: a slice, an integer, or integers (n,).

        Raises:
            IndexError, TypeError: If a row is not in the store, or no integer.
            OSError: If the file can no longer be read, or not to its end.
        """
        rows = self._checked(rows)
        frames = np.empty((len(rows), self.height, self.width, CHANNELS), np.uint8)
        ends = np.flatnonzero(np.diff(rows) != 1) + 1
        bounds = [0, *ends.tolist(), len(rows)] if len(rows) else []
        for start, stop in pairwise(bounds):  # neighbours in one go
            self._read(frames[start:stop], int(rows[start]))
        return frames

    def _read(self, frames: np.ndarray, row: int) -> None:
        """Fill frames (n, H, W, 3) with those from `row` on."""
        left = memoryview(frames).cast("B")
        place = _size(row, self.height, self.width)
        try:
            while left:
                n = _read_at(self._file, left, place)
                if not n:
                    raise OSError(errno.EIO, "it ends early: it was cut off after it was opened")
                left, place = left[n:], place + n
        except OSError as error:
            raise OSError(
                error.errno,
                f"could not read {self.path} ({error.strerror or error}); bring the file or its "
                "disk back, or make the store again, then run again",
            ) from error

    def batch(self, rows) -> torch.Tensor:
        """Frames as a tensor, uint8 (n, 3, H, W), channels last in memory as convolutions like."""
        import torch  # here, so that processes that only write a store start quickly

        return torch.from_numpy(self[rows]).permute(0, 3, 1, 2)

    def _checked(self, rows) -> np.ndarray:
        """Rows as int64 (n,), all within the store. A negative row is an error, not the end."""
        if isinstance(rows, slice):
            rows = range(len(self))[rows]
        rows = np.atleast_1d(np.asarray(rows))
        if rows.size == 0:
            rows = rows.astype(np.int64)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise TypeError(
                f"rows must be integers of shape (n,), got {rows.dtype} {rows.shape}; "
                "turn a mask into rows with np.flatnonzero"
            )
        outside = (rows < 0) | (rows >= len(self))
        if outside.any():
            raise IndexError(f"row {rows[outside][0]} is not in {self.path} (0 … {len(self) - 1})")
        return rows.astype(np.int64, copy=False)

    def __reduce__(self):
        # A worker process opens the file again (and checks it again) instead of copying pixels.
        return FrameStore.open, (self.path,)

    def __repr__(self) -> str:
        return f"FrameStore({len(self):,} frames, {self.height}×{self.width}, {self.path})"


def _read_at(file: BinaryIO, buffer: memoryview, place: int) -> int:
    """Read into a buffer from a place in a file; the number of bytes, fewer than asked for or 0."""
    if hasattr(os, "preadv"):  # moves no position that another thread or process relies on
        return os.preadv(file.fileno(), [buffer], place)
    with _SEEKING:
        file.seek(place)
        return file.readinto(buffer)


class FrameStoreWriter:
    """Takes frames in any order. Made by `FrameStore.create`."""

    def __init__(self, file: BinaryIO, path: Path, n: int, height: int, width: int) -> None:
        self._file = file
        self._path = path
        self._shape = (height, width, CHANNELS)
        self._written = np.zeros(n, bool)
        # The plain `write` below reports a full disk as an error; writing through a memory map
        # would end the process with a bus error instead.
        file.truncate(_size(n, height, width))

    def __setitem__(self, rows: slice, frames: np.ndarray) -> None:
        start, stop, step = rows.indices(len(self._written))
        expected = (max(stop - start, 0), *self._shape)
        if step != 1:
            raise ValueError(f"frames are written in one piece, got a slice with step {step}")
        if frames.dtype != np.uint8:
            raise TypeError(f"frames must be uint8, got {frames.dtype}")
        if frames.shape != expected:
            raise ValueError(
                f"frames for rows {start}:{stop} of {self._path} must be {expected}, "
                f"got {frames.shape}"
            )
        self._file.seek(HEADER.size + start * int(np.prod(self._shape)))
        self._file.write(np.ascontiguousarray(frames).data)
        self._written[rows] = True

    def finish(self) -> None:
        """Check that nothing is missing; write the header last, so that no half file has one."""
        if not self._written.all():
            raise CorpusError(
                f"{self._path} was not finished: {self._written.sum()} of {len(self._written)} "
                f"frames written, the first missing is row {np.argmin(self._written)}"
            )
        self._file.seek(0)
        self._file.write(_pack_header(len(self._written), *self._shape[:2]))
        self._file.flush()


class UnfinishedStore:
    """A store that is written over several runs, by several processes, a frame at a time.

    Unlike `FrameStore.create` it stays where it is when its process is killed. It has no header
    until `finish`, so nobody takes it for a whole one; what is written, its maker must remember.

    Args:
        path: Its file while it is made; created, all black, if it is not there.
        n, height, width: As of `FrameStore.create`.

    Raises:
        CorpusError: If the file is of another size.
        OSError: If it cannot be written.
    """

    def __init__(self, path: Path, n: int, height: int, width: int) -> None:
        self.path, self._shape = path, (n, height, width)
        with path.open("ab") as file:
            if file.tell() == 0:
                file.truncate(_size(n, height, width))
        self._file = path.open("r+b")
        if path.stat().st_size != _size(n, height, width):
            raise CorpusError(f"{path} is not the store that was begun; delete it and begin anew")

    def __enter__(self) -> UnfinishedStore:
        return self

    def __exit__(self, *_) -> None:
        self._file.close()

    def write(self, row: int, frame: np.ndarray) -> None:
        """Put one frame, uint8 (height, width, 3), into its row."""
        n, height, width = self._shape
        if frame.dtype != np.uint8 or frame.shape != (height, width, CHANNELS) or not 0 <= row < n:
            raise ValueError(f"row {row} of {self._shape}: got {frame.dtype} {frame.shape}")
        self._file.seek(HEADER.size + row * frame.size)
        self._file.write(np.ascontiguousarray(frame).data)

    def force_to_disk(self) -> None:
        """Return when all that was written is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self, target: Path) -> None:
        """Write the header and move the store to its place."""
        self._file.seek(0)
        self._file.write(_pack_header(*self._shape))
        self.force_to_disk()
        self._file.close()
        os.replace(self.path, target)


def _size(n: int, height: int, width: int) -> int:
    """Length in bytes of a whole store."""
    return HEADER.size + n * height * width * CHANNELS


def _pack_header(n: int, height: int, width: int) -> bytes:
    unsigned = HEADER.pack(MAGIC, VERSION, n, height, width, 0)[:-4]
    return unsigned + struct.pack("<I", zlib.crc32(unsigned))


def _read_header(path: Path) -> tuple[int, int, int]:
    """Number, height and width of the frames in a store, after all checks."""
    advice = "make the store again from its source"
    if not path.is_file():
        raise FileNotFoundError(f"no frame store at {path}; {advice} or correct the path")
    actual = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER.size)
    if not header.startswith(MAGIC[: len(header)]) or not header:
        raise CorpusError(
            f"{path} is not a frame store: it must begin with {MAGIC!r}, "
            f"but its {actual} bytes begin with {header[: len(MAGIC)]!r}; correct the path"
        )
    if len(header) < HEADER.size:
        raise CorpusError(
            f"{path} is cut off within its header: expected at least {HEADER.size} bytes, "
            f"found {actual}; {advice}"
        )
    _, version, n, height, width, checksum = HEADER.unpack(header)
    if checksum != zlib.crc32(header[:-4]):
        raise CorpusError(
            f"the header of {path} is damaged: "
            f"it claims {n} frames of {height}×{width}×{CHANNELS}, which need "
            f"{_size(n, height, width)} bytes (found {actual}), "
            f"and its checksum does not match; {advice}"
        )
    if version != VERSION:
        raise CorpusError(
            f"{path} is a frame store of version {version}, this library reads version {VERSION}; "
            f"{advice}"
        )
    expected = _size(n, height, width)
    if min(n, height, width) < 1 or actual != expected:
        change = "cut off" if actual < expected else "longer than it should be"
        raise CorpusError(
            f"{path} is {change}: {n} frames of {height}×{width}×{CHANNELS} need "
            f"{expected} bytes, found {actual}; {advice}"
        )
    return n, height, width
