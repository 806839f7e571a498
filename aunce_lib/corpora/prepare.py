"""From a corpus on disk to a folder that training reads, in steps that survive being stopped.

    OUT/frames.store      aligned faces; row i is frame i of the reader's table
    OUT/frames.parquet    the table of the frames that have a face, and their rows in the store
    OUT/rejected.csv      a row a rejected frame, with the reason
    OUT/unfinished/       only while it is made: plan.json, frames.store, a record a chunk

The reader's table is cut into chunks. A process writes the faces of a chunk to their rows, forces
them to the disk and then writes the chunk's record: a file that is whole or not there. Whatever
ends the program, the next run does the chunks without a record, and as a face depends on nothing
outside its chunk, the store comes out the same to the bit. A rejected frame leaves its row to the
whole picture, small, for the report to show.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from .atomic import atomic_path
from .errors import CorpusError
from .frames import FrameTable
from .landmarks import finder
from .pictures import NOBODY, Alignment, pictures
from .processes import work_off
from .store import FrameStore, UnfinishedStore
from .untrusted import read_json

CHUNK = 128  # frames between two records: what one process can lose
ALIGNED = ("affwild2",)  # corpora that come as aligned crops
ALIGN = ("auto", "detect", "none")
UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Job:
    """What every process needs to know.

    Attributes:
        alignment: How faces are brought to their place.
        folder: Where unfinished work lies.
        n: Rows of the store.
        stop: Whether an image that cannot be read ends all.
    """

    alignment: Alignment
    folder: Path
    n: int
    stop: bool

    def store(self) -> UnfinishedStore:
        size = self.alignment.size
        return UnfinishedStore(self.folder / "frames.store", self.n, size, size)


@dataclass(frozen=True)
class Chunk:
    """Some frames of the table, all images or all of one video; a number names its record."""

    number: int
    frames: pd.DataFrame

    def record(self, folder: Path) -> Path:
        return folder / f"{self.number:06d}.json"


def prepare(
    corpus: str,
    table: FrameTable,
    source: str | Path,
    out: str | Path,
    *,
    size: int = 256,
    align: str = "auto",
    landmarks: str | Path | None = None,
    processes: int = 1,
    on_error: str = "stop",
    progress: bool = False,
) -> FrameTable:
    """Cut the faces out of all frames of a table; go on with what an earlier call began.

    Args:
        corpus: Name of the reader that made the table; decides how frames are aligned.
        table: What the reader returned, without images.
        source: What it was read from.
        out: Folder to make; outside of `source`, and nothing is written anywhere else.
        size: Side of a face in pixels.
        align: "auto" takes landmarks where there are some, else detects the face, and leaves the
            crops of Aff-Wild2 as they are; "detect" takes no landmarks; "none" only resizes.
        landmarks: A table or folder of them (see `landmarks`); by default those of the corpus.
        processes: How many work at once, each on other images or another video. With more than one
            a script needs `if __name__ == "__main__":`.
        on_error: "stop" at an image that is missing or cannot be read, or "skip" and count it.
            Frames without a face are always counted.
        progress: Show a bar with the time that is left.

    Returns:
        The table of the frames with a face, with its store, as `load_prepared` opens it.

    Raises:
        ValueError: If an argument is out of range.
        FileNotFoundError: If source or landmarks are not there.
        FileExistsError: If `out` holds something else.
        CorpusError: If an image cannot be read and `on_error` is "stop", or no frame has a face.
        OSError: If the disk is full or the folder cannot be written. What is done is kept.
    """
    for name, value, allowed in (("align", align, ALIGN), ("on_error", on_error, ("stop", "skip"))):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, got {value!r}")
    if size < 1 or processes < 1:
        raise ValueError(f"size and processes must be at least 1, got {size} and {processes}")
    if "path" not in table.frames:
        raise ValueError("the table has no column 'path'; read the corpus with its reader")
    upwards = table.frames["path"].astype(str).str.contains(r"(?:^|[/\\!])\.\.(?:[/\\]|$)")
    if upwards.any():
        raise ValueError(
            f"path {table.frames['path'][upwards].iloc[0]!r} of the table leads out of the corpus; "
            "read the corpus with its reader"
        )
    source, out = Path(source), Path(out)
    base = source if source.is_dir() else source.parent
    if not source.exists():
        raise FileNotFoundError(f"there is nothing at {source}; correct the path of the corpus")
    if out.resolve().is_relative_to(base.resolve()):
        raise ValueError(f"{out} lies in {base}, which stays as it is: choose a folder elsewhere")
    if corpus in ALIGNED and align == "auto":
        align = "none"
    landmarks = None if landmarks is None else Path(landmarks)
    if align != "none":
        finder(corpus, base, landmarks)  # errors now, not in an hour
    alignment = Alignment(corpus, base, align, landmarks, size)
    job = Job(alignment, out / UNFINISHED, int(table.rows.max()) + 1, on_error == "stop")
    plan = _plan(job, table)
    if (out / "frames.parquet").exists():
        return _finished(out, plan)
    _claim(out, job, plan)
    if not (out / "frames.store").exists():  # else it was stopped between store and table
        _fill(job, table, processes, progress)
        with job.store() as store:
            store.finish(out / "frames.store")
    return _conclude(job, table, out, plan)


def load_prepared(folder: str | Path) -> FrameTable:
    """The table and its faces, as `prepare` left them.

    Raises:
        FileNotFoundError: If the folder holds no prepared corpus, or one that is not finished.
        CorpusError: If a file is damaged.
    """
    folder = Path(folder)
    if not (folder / "frames.parquet").is_file():
        begun = (folder / UNFINISHED).is_dir()
        raise FileNotFoundError(
            f"{folder} holds {'an unfinished' if begun else 'no'} prepared corpus; "
            f"{'go on with' if begun else 'make one with'} `aunce prepare CORPUS SOURCE {folder}`"
        )
    return FrameTable.load(folder / "frames.parquet", FrameStore.open(folder / "frames.store"))


def _plan(job: Job, table: FrameTable) -> dict:
    """What decides the pixels and the table: two runs with one plan give the same files."""
    landmarks = job.alignment.landmarks
    frames = hashlib.sha256(pd.util.hash_pandas_object(table.frames).to_numpy().tobytes())
    frames.update(" ".join(table.frames.columns).encode())
    return {
        "corpus": job.alignment.corpus,
        "frames": f"{len(table)} with checksum {frames.hexdigest()[:12]}",
        "size": job.alignment.size,
        "align": job.alignment.mode,
        "landmarks": landmarks and landmarks.name,
    }


def _finished(out: Path, plan: dict) -> FrameTable:
    table = load_prepared(out)
    done = table.metadata.get("prepared", {}).get("plan")
    if done != plan:
        raise FileExistsError(f"{out} holds {_other(done, plan)}: choose another folder")
    shutil.rmtree(out / UNFINISHED, ignore_errors=True)
    return table


def _other(done: dict | None, plan: dict) -> str:
    differences = [
        f"{k} {done[k]} there, {plan[k]} here" for k in plan if done and done[k] != plan[k]
    ]
    return f"a corpus prepared in another way ({'; '.join(differences) or 'without a plan'})"


def _claim(out: Path, job: Job, plan: dict) -> None:
    """Make the folder this plan's own, or say whose it is; drop what a damaged one left."""
    path = job.folder / "plan.json"
    if job.folder.is_symlink() or (not path.exists() and (out / "frames.store").exists()):
        raise FileExistsError(f"{out} holds other files of such names: choose another folder")
    if path.exists():
        try:
            begun = read_json(path)
            if not isinstance(begun, dict) or begun.keys() != plan.keys():
                raise ValueError("it is no plan of this version")
        except ValueError as error:
            raise CorpusError(
                f"{path} is damaged ({error}); delete {job.folder}, begin anew"
            ) from error
        if begun != plan:
            raise FileExistsError(
                f"{out} holds {_other(begun, plan)}, not finished: go on as it was begun, choose "
                f"another folder, or delete {job.folder}"
            )
    elif job.folder.exists() and any(job.folder.iterdir()):
        raise FileExistsError(f"{job.folder} holds other files: choose another folder")
    else:
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps(plan))
    pixels = job.folder / "frames.store"
    if not pixels.exists() and not (out / "frames.store").exists():
        for record in job.folder.glob("*.json"):  # pixels that are gone are to be made again
            if record != path:
                record.unlink()
    for leftover in job.folder.glob(".*.tmp"):
        leftover.unlink()


def _fill(job: Job, table: FrameTable, processes: int, progress: bool) -> None:
    """Do the chunks that have no record yet."""
    from tqdm import tqdm

    columns = ["path", "subject", "sequence", "frame"]
    columns += ["video_frame"] if "video_frame" in table.frames else []
    recorded = {path.stem for path in job.folder.glob("[0-9]*.json")}
    tasks = [
        [(n, positions) for n, positions in task if f"{n:06d}" not in recorded]
        for task in _tasks(table.frames)
    ]
    left = sum(len(positions) for task in tasks for _, positions in task)
    needed, free = left * 3 * job.alignment.size**2, shutil.disk_usage(job.folder).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"{job.folder.parent} needs {needed / 1e9:.1f} GB more, {free / 1e9:.1f} GB are free; "
            "free some space, choose another disk or a smaller size",
        )
    with job.store():  # made here, so that no two processes make it
        pass
    bar = tqdm(
        total=len(table),
        initial=len(table) - left,
        desc="preparing",
        unit=" frames",
        smoothing=0.02,
        disable=None if progress else True,
    )
    chunks = (
        [Chunk(n, table.frames[columns].iloc[positions]) for n, positions in task]
        for task in tasks
        if task
    )
    with bar:
        for n in work_off(_work, job, chunks, processes):
            bar.update(n)


def _tasks(frames: pd.DataFrame) -> list[list[tuple[int, np.ndarray]]]:
    """All work: a task is a chunk of images, or all chunks of a video, which is decoded once.

    Returns:
        For each task its chunks: number, and positions in the table.
    """
    video = frames.get("video_frame", pd.Series(-1, frames.index)).to_numpy()
    group = np.where(video < 0, -1, pd.factorize(frames["path"])[0])
    order = np.lexsort((video, group))  # stable: images as they come, then each video by its frames
    starts = np.flatnonzero(np.diff(group[order], prepend=-2))
    tasks, number = [], 0
    for stretch in np.split(order, starts[1:]):
        chunks = []
        for start in range(0, len(stretch), CHUNK):
            chunks.append((number, stretch[start : start + CHUNK]))
            number += 1
        tasks += [chunks] if video[stretch[0]] >= 0 else [[chunk] for chunk in chunks]
    return tasks


def _work(job: Job, task: list[Chunk]) -> Iterator[int]:
    """Do a task; yield the number of frames after each chunk."""
    rows = [row for chunk in task for row in chunk.frames.itertuples()]
    stream = pictures(job.alignment.base, rows)
    for chunk in task:
        try:
            _do_chunk(job, chunk, islice(stream, len(chunk.frames)))
        except OSError as error:
            hint = f"could not write {job.folder} ({error.strerror or error}); free some space"
            if not job.alignment.base.is_dir():  # no reason to reject frames by the thousand
                hint = f"{job.alignment.base} is gone; bring it back"
            raise OSError(error.errno, f"{hint}, and run again: what is done is kept") from error
        yield len(chunk.frames)


def _do_chunk(job: Job, chunk: Chunk, stream: Iterator) -> None:
    """Put the faces of a chunk into the store, then write its record."""
    rejected, how, last = [], Counter(), None
    with job.store() as store:
        for frame, image in stream:
            if isinstance(image, Exception):
                rejected.append([frame.Index, _refused(job, image), str(image)])
                continue
            face, box, means = job.alignment.face(frame, image, last)
            store.write(frame.Index, face)
            how[means] += 1
            last = (frame, box)
            if means == NOBODY:
                rejected.append([frame.Index, "no face", f"{frame.path}: no face found"])
        store.force_to_disk()
    with atomic_path(chunk.record(job.folder)) as temporary:
        temporary.write_text(json.dumps({"rejected": rejected, "aligned": how}))


def _refused(job: Job, error: Exception) -> str:
    """Why a frame is rejected, in a word; or the end of all."""
    if not job.alignment.base.is_dir():
        raise FileNotFoundError(errno.ENOENT, str(error))
    if job.stop:
        raise CorpusError(
            f"{error}. What is done is kept: mend it and run again, or leave such frames out and "
            "count them with --on-error skip"
        ) from error
    return "missing" if isinstance(error, FileNotFoundError) else "unreadable"


def _conclude(job: Job, table: FrameTable, out: Path, plan: dict) -> FrameTable:
    """The list of the rejected and the table; which comes last, for it says that all is there."""
    found, aligned = [], Counter()
    for path in sorted(job.folder.glob("[0-9]*.json")):
        try:
            record = read_json(path)
            found += record["rejected"]
            aligned.update(record["aligned"])
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"{path} is damaged ({error}); delete {job.folder}, begin anew"
            ) from (error)
    rejected = (
        pd.DataFrame(found, columns=["row", "reason", "detail"]).set_index("row").sort_index()
    )
    names = ["subject", "sequence", "frame", "path"]
    rejected = table.frames[names].join(rejected, how="inner").sort_index()
    if len(rejected) == len(table):
        raise CorpusError(
            f"not one of {len(table)} frames is left; the first: {rejected.iloc[0].detail}; if the "
            f"images are crops of faces already, delete {job.folder} and use --align none"
        )
    aligned.pop(NOBODY, None)
    counts = rejected["reason"].value_counts().sort_index().to_dict()
    note = {"plan": plan, "aligned": dict(sorted(aligned.items())), "rejected": counts}
    kept = FrameTable(
        table.frames.drop(index=rejected.index),
        table.metadata | {"prepared": note},
        FrameStore.open(out / "frames.store"),
    )
    with atomic_path(out / "rejected.csv") as temporary:
        rejected.to_csv(temporary, index_label="row")
    kept.save(out / "frames.parquet")
    shutil.rmtree(job.folder, ignore_errors=True)
    return kept
