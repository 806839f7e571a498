"""Renders a recording into a FrameStore: a little at a time, and so that it may be killed.

The unfinished store is a file of its own, `<name>.store.part`: room for the header, all frames, and
behind them 8 bytes for each chunk of frames:

    uint32 CRC-32 of the chunk's pixels · uint32 the same, every bit turned

A chunk's 8 bytes are written after its pixels. So whoever finds the file after a kill or a power
cut knows which chunks are there (the two halves fit each other and the pixels), and draws the rest.
When all are there, the 8-byte notes are cut off, the header is written, and the file is renamed: a
store under its final name is always whole.

Memory holds a few chunks, however many frames there are. Several processes may draw; the file is
written by all of them, the notes too, since every chunk has its own place.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from .. import faces
from .atomic import force_to_disk
from .recording import Recording
from .store import HEADER, FrameStore, _pack_header

CHUNK = 256  #: frames drawn between two notes
NOTE = struct.Struct("<II")
INVERTED = 0xFFFFFFFF


def draw_missing(
    part: Path,
    recording: Recording,
    image_size: int,
    *,
    processes: int = 1,
    device: str = "cpu",
    progress: bool = False,
) -> list[int]:
    """Draws every chunk that the unfinished store lacks.

    Args:
        part: The unfinished store; made if it is not there.
        recording: What to draw.
        image_size: Side of an image in pixels.
        processes: How many processes draw.
        device: Where `faces.render` draws.
        progress: Show a progress bar.

    Returns:
        CRC-32 of the pixels of each chunk, in order.

    Raises:
        OSError: If the file cannot be written. What was drawn before stays for the next time.
    """
    layout = Layout(len(recording), image_size)
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:  # made if missing; what is there stays
        file.truncate(layout.size)
    there = [checksum is not None for checksum in _checksums(part, layout, verify=True)]
    bar = tqdm(
        total=len(recording),
        initial=sum(layout.frames(i) for i, done in enumerate(there) if done),
        desc="drawing",
        unit=" faces",
        leave=False,
        disable=None if progress else True,
    )
    lacking = [i for i, done in enumerate(there) if not done]
    jobs = (
        delayed(_draw_chunk)(part, layout, i, recording.part(layout.rows(i)), device)
        for i in lacking
    )
    with bar:
        parallel = Parallel(n_jobs=processes, return_as="generator_unordered")
        for n_frames in parallel(jobs):
            bar.update(n_frames)
    checksums = list(_checksums(part, layout, verify=False))
    if None in checksums:
        raise OSError(f"{part} was changed while it was drawn; run again")
    return checksums


def publish(part: Path, path: Path, n: int, image_size: int) -> None:
    """Turns the finished `part` into the store at `path`."""
    force_to_disk(part)
    with part.open("r+b") as file:
        file.write(_pack_header(n, image_size, image_size))
        file.truncate(Layout(n, image_size).notes)
    force_to_disk(part)
    os.replace(part, path)
    force_to_disk(path.parent)


def checksum(store: FrameStore, chunk: int) -> int:
    """CRC-32 of the pixels of a chunk of a finished store."""
    return zlib.crc32(store[Layout(len(store), store.height).rows(chunk)])


class Layout:
    """Where everything is in an unfinished store of n square images."""

    def __init__(self, n: int, image_size: int) -> None:
        self.n, self.image_size = n, image_size
        self.frame = 3 * image_size**2  # bytes
        self.chunks = -(-n // CHUNK)
        self.notes = HEADER.size + n * self.frame  # where they begin
        self.size = self.notes + self.chunks * NOTE.size

    def rows(self, chunk: int) -> slice:
        """Frames of a chunk."""
        return slice(chunk * CHUNK, min((chunk + 1) * CHUNK, self.n))

    def frames(self, chunk: int) -> int:
        """Number of frames of a chunk."""
        rows = self.rows(chunk)
        return rows.stop - rows.start


def _checksums(part: Path, layout: Layout, verify: bool) -> Iterator[int | None]:
    """The noted CRC-32 of each chunk, None where there is none or (`verify`) the pixels differ."""
    with part.open("rb") as file:
        file.seek(layout.notes)
        notes = list(NOTE.iter_unpack(file.read(layout.chunks * NOTE.size)))
        for chunk, (crc, inverse) in enumerate(notes):
            valid = crc ^ inverse == INVERTED
            if valid and verify:
                file.seek(HEADER.size + layout.rows(chunk).start * layout.frame)
                valid = zlib.crc32(file.read(layout.frames(chunk) * layout.frame)) == crc
            yield crc if valid else None


def _draw_chunk(part: Path, layout: Layout, chunk: int, drawn: tuple, device: str) -> int:
    """Renders and writes one chunk, then its note; the number of its frames."""
    people, aus, scenes, seeds = drawn
    images = faces.render(people, aus, scenes, seeds, layout.image_size, device)
    pixels = np.ascontiguousarray(images.permute(0, 2, 3, 1).cpu().numpy())  # (n, H, W, 3)
    crc = zlib.crc32(pixels)
    with part.open("r+b") as file:
        file.seek(HEADER.size + layout.rows(chunk).start * layout.frame)
        file.write(pixels.data)
        file.flush()
        file.seek(layout.notes + chunk * NOTE.size)
        file.write(NOTE.pack(crc, crc ^ INVERTED))
    return len(pixels)
