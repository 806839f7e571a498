"""Small corpora in the layouts in which the real ones are given out, with their quirks.

A layout function returns a `Tree`: its files as bytes, by path, and the table that a reader must
make of them, written down independently of any reader. Nothing here comes from a real corpus: the
labels are drawn at random, the faces by `aunce_lib.faces`. All faces are synthetic.

    tree = bp4d(faces=32)          # 32 pixels; faces=0 puts a small fixed file for every image
    tree.write(tmp_path)
    bp4d_reader.read(tmp_path)     # tree.truth
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from aunce_lib.facs import AU_SETS

#: Stands for an image where nobody decodes it.
ANY_IMAGE = b"an image that nobody looks at"
ANY_VIDEO = b"a video that nobody looks at"

BP4D_COLUMNS = tuple(range(1, 100))  # in BP4D the position of a column is its AU's number
BP4D_PLUS_COLUMNS = (
    *(1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 27, 28),
    *range(29, 40),
)
DISFA_AUS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
INTENSITY_AUS = (6, 10, 12, 14, 17)


@dataclass(frozen=True)
class Tree:
    """Files of a small corpus and what a reader must make of them.

    Attributes:
        files: Content by path, relative to the root.
        truth: The expected frames: subject, sequence, frame, path, AU1 …; NaN where unknown.
        options: What the reader must be told, such as fold=1.
        source: What to give the reader, relative to the root.
    """

    files: dict[str, bytes]
    truth: pd.DataFrame
    options: dict
    source: str = "."

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", _told_apart(self.files))

    def write(self, root: Path) -> Path:
        """Write the files under `root`; the path to give to the reader."""
        for name, content in self.files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return Path(root) / self.source

    def changed(self, changes: dict[str, bytes | None], **options) -> Tree:
        """The same with other files: new content, or None to leave a file out."""
        files = {**self.files, **changes}
        files = {name: content for name, content in files.items() if content is not None}
        return replace(self, files=files, options={**self.options, **options})


@lru_cache(maxsize=64)
def draw_faces(person: int, active: bytes, n: int, n_aus: int, aus: tuple[int, ...], size: int):
    """One person with these labels (bytes of bool (n, n_aus)), uint8 (n, size, size, 3)."""
    import torch

    from aunce_lib import faces

    labels = np.frombuffer(active, bool).reshape(n, n_aus)
    strength = torch.zeros(n, len(faces.AUS), 2)
    for place, au in enumerate(aus):
        if au in faces.AUS:
            strength[:, faces.AUS.index(au)] = torch.from_numpy(labels[:, place] * 0.9)[
                :, None
            ].float()
    people = faces.Population(person + 1, seed=0).people[torch.full((n,), person)]
    scenes = faces.draw_scenes(1, seed=person)[torch.zeros(n, dtype=torch.int64)]
    pictures = faces.render(people, strength, scenes, torch.arange(n), size)
    return pictures.permute(0, 2, 3, 1).numpy()


def encoded(pixels: np.ndarray, ending: str) -> bytes:
    """uint8 (H, W, 3) as a JPEG or PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG" if ending == "jpg" else "PNG")
    return buffer.getvalue()


def pictures(person: int, labels: np.ndarray, aus: tuple[int, ...], size: int, ending: str):
    """Encoded images of a sequence, or stand-ins if size is 0."""
    if not size:
        return [ANY_IMAGE] * len(labels)
    drawn = draw_faces(person, (labels == 1).tobytes(), *labels.shape, tuple(aus), size)
    return [encoded(pixels, ending) for pixels in drawn]


def video(person: int, labels: np.ndarray, aus: tuple[int, ...], size: int, fps: int = 20) -> bytes:
    """A Motion JPEG video of a sequence, or a stand-in if size is 0."""
    if not size:
        return ANY_VIDEO
    import av

    drawn = draw_faces(person, (labels == 1).tobytes(), *labels.shape, tuple(aus), size)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=fps)
        stream.width = stream.height = size
        stream.pix_fmt = "yuvj420p"
        for pixels in drawn:
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def _told_apart(files: dict[str, bytes]) -> dict[str, bytes]:
    """Every stand-in becomes a different file: its own name."""
    stand_ins = (ANY_IMAGE, ANY_VIDEO)
    return {
        name: name.encode() if content in stand_ins else content for name, content in files.items()
    }


def draw_labels(rng: np.random.Generator, n: int, n_aus: int) -> np.ndarray:
    """Labels 0 and 1 that stay for some frames, (n, n_aus); every AU is seen on and off."""
    start = rng.integers(0, 2, n_aus)
    switches = rng.random((n, n_aus)) < 0.3
    switches[n // 2] |= ~switches[1:].any(axis=0)
    switches[0] = False
    return (start + np.cumsum(switches, axis=0)) % 2


def text(rows, header=None, delimiter: str = ",", newline: str = "\n") -> bytes:
    lines = [delimiter.join(map(str, row)) for row in ([header] if header else []) + list(rows)]
    return (newline.join(lines) + newline).encode()


def truth(corpus: str, rows: list[dict]) -> pd.DataFrame:
    frames = pd.concat([pd.DataFrame(row) for row in rows], ignore_index=True)
    frames["subject"] = corpus + "/" + frames["subject"]
    return frames.sort_values(["subject", "sequence", "frame"], ignore_index=True)


def bp4d(
    people=("F001", "M007", "F007"),
    tasks=("T1", "T2"),
    n: int = 6,
    faces: int = 0,
    seed: int = 0,
    width: int = 0,
    plus: bool = False,
    zipped: bool = False,
    flat: bool = False,
    image_folder: str = "2D+3D/",
    intensity: bool = True,
) -> Tree:
    """BP4D (or BP4D+): 9 for unknown, frames that do not begin at 1, uncoded images around them.

    Args:
        people: Subjects; F001 and M007 are in part 1, F007 is in part 3 of BP4D.
        n: Coded frames a sequence, at least 4.
        faces: Size of the drawn faces in pixels, 0 for stand-ins.
        width: Digits in the names of images (0: no padding).
        plus: BP4D+: compressed columns, more tasks than coded ones.
        zipped: An archive of images a person.
        flat: Label files in AUCoding instead of AUCoding/AU_OCC.
    """
    rng = np.random.default_rng(seed)
    columns = BP4D_PLUS_COLUMNS if plus else BP4D_COLUMNS
    tasks = ("T1", "T6") if plus and tasks == ("T1", "T2") else tasks
    aus = AU_SETS["bp4d"]
    corpus = "bp4dplus" if plus else "bp4d"
    files: dict[str, bytes] = {}
    rows = []
    for number, person in enumerate(people):
        archive: dict[str, bytes] = {}
        for task in tasks:
            first = int(rng.integers(1, 2500))
            coded = np.arange(first, first + n)
            cells = np.full((n, len(columns)), 9)
            places = [columns.index(au) for au in aus]
            cells[:, places] = draw_labels(rng, n, len(aus))
            cells[1, places[0]] = 9  # an unknown label
            cells[:, columns.index(9)] = 0  # AU 9 is no AU of the published tables
            folder = "AUCoding/" if flat else "AUCoding/AU_OCC/"
            files[f"{folder}{person}_{task}.csv"] = text(
                np.column_stack([coded, cells]), header=[0, *columns]
            )
            strength = {}
            for au in INTENSITY_AUS if intensity else ():
                level = rng.integers(0, 6, n)
                level[2] = 9
                base = "AUCoding/AU_INT" if plus else "AU-Intensity-Codes3.0"
                name = f"{base}/AU{au:02d}/{person}_{task}_AU{au:02d}.csv"
                files[name] = text(zip(coded, level, strict=True))
                strength[f"AU{au}_intensity"] = np.where(level == 9, np.nan, level)
            labels = np.where(cells[:, places] == 9, np.nan, cells[:, places])
            shown = pictures(number, labels, aus, faces, "jpg")
            names = [f"{person}/{task}/{frame:0{width}d}.jpg" for frame in coded]
            archive |= dict(zip(names, shown, strict=True))
            for frame in (coded[0] - 1, coded[-1] + 1):  # uncoded
                if frame > 0:
                    archive[f"{person}/{task}/{frame:0{width}d}.jpg"] = shown[0]
            prefix = f"{image_folder}{person}.zip!" if zipped else image_folder
            rows.append(
                {
                    "subject": person,
                    "sequence": task,
                    "frame": coded,
                    "path": [prefix + name for name in names],
                    **{f"AU{au}": labels[:, place] for place, au in enumerate(aus)},
                    **strength,
                }
            )
        if plus:  # a task that is not coded
            archive[f"{person}/T2/0001.jpg"] = ANY_IMAGE
        if zipped:
            files[f"{image_folder}{person}.zip"] = _zip(archive)
        else:
            files |= {image_folder + name: content for name, content in archive.items()}
    return Tree(files, truth(corpus, rows), {"intensity": True} if intensity else {})


def disfa(
    people=("SN001", "SN010", "SN003"),
    n: int = 6,
    faces: int = 0,
    seed: int = 0,
    images: str = "png",
    first_image: int = 0,
    prefix: str = "",
    camera: str = "left",
) -> Tree:
    """DISFA: intensities 0 to 5 in one file an AU, images from 0 or videos in varied spelling.

    Args:
        people: Subjects; SN001 and SN010 are in part 1, SN003 is in part 3.
        images: Ending of the images, or "avi" for videos of both cameras.
        first_image: Number of the first image.
        prefix: Before the number of an image, "SN003_" for MDHR's way (with {} for the subject).
    """
    rng = np.random.default_rng(seed)
    aus = AU_SETS["disfa"]
    files: dict[str, bytes] = {}
    rows = []
    for number, person in enumerate(people):
        frames = np.arange(1, n + 1)
        level = rng.integers(0, 6, (n, len(DISFA_AUS)))
        for place, au in enumerate(DISFA_AUS):
            # Half of everybody's files are written with a comma and a space, and some by Windows.
            cells = zip(frames, level[:, place], strict=True)
            files[f"ActionUnit_Labels/{person}/{person}_au{au}.txt"] = text(
                cells, newline="\r\n" if au % 2 else "\n"
            )
        level = level[:, [DISFA_AUS.index(au) for au in aus]]
        labels = (level >= 2).astype(float)
        if images == "avi":
            content = video(number, labels, aus, faces)
            left = "LeftVideo{}_comp.avi" if number % 2 else "leftVideo{}_Comp.avi"
            right = "RightVideo{}_comp.avi"
            files[f"Videos_LeftCamera/{left.format(person)}"] = content
            files[f"Videos_RightCamera/{right.format(person)}"] = content
            side = f"Videos_{camera.title()}Camera/"
            path = [side + (left if camera == "left" else right).format(person)] * n
            where = {"video_frame": frames - 1}
        else:
            shown = pictures(number, labels, aus, faces, images)
            path = [
                f"{person}/{prefix.format(person)}{frame - 1 + first_image}.{images}"
                for frame in frames
            ]
            files |= dict(zip(path, shown, strict=True))
            where = {}
        rows.append(
            {
                "subject": person,
                "sequence": camera if images == "avi" else "images",
                "frame": frames,
                "path": path,
                **where,
                **{f"AU{au}": labels[:, place] for place, au in enumerate(aus)},
                **{f"AU{au}_intensity": level[:, place] for place, au in enumerate(aus)},
            }
        )
    return Tree(files, truth("disfa", rows), {"camera": camera} if camera != "left" else {})


AFFWILD2_VIDEOS = {
    "train": ("1-30-1280x720", "30-30-1920x1080_left", "30-30-1920x1080_right", "video59"),
    "validation": ("video2", "video2_right", "4-30-1920x1080"),
}


def affwild2(
    n: int = 6,
    faces: int = 0,
    seed: int = 0,
    edition: str = "2022",
    videos: dict[str, tuple[str, ...]] = AFFWILD2_VIDEOS,
) -> Tree:
    """Aff-Wild2: -1 for unknown, frames without a face, two people in a video.

    Args:
        edition: "2022" (12 AUs), "2020" (8 AUs), "mtl" (one file for all tracks) or "abaw4" (the
            same under other names).
        videos: Names by split.
    """
    rng = np.random.default_rng(seed)
    aus = AU_SETS["affwild2"] if edition != "2020" else (1, 2, 4, 6, 12, 15, 20, 25)
    one_file = edition in ("mtl", "abaw4")
    files: dict[str, bytes] = {}
    rows = []
    for split, names in videos.items():
        listed = []
        for number, name in enumerate(names):
            labels = draw_labels(rng, n, len(aus)).astype(float)
            labels[0, 1] = np.nan
            labels[n - 2] = np.nan  # a frame to disregard
            cells = np.where(np.isnan(labels), -1, labels).astype(int)
            frames = np.arange(1, n + 1)
            face = (frames != 2) | one_file  # no face was found in frame 2
            path = [f"cropped_aligned/{name}/{frame:05d}.jpg" for frame in frames]
            shown = pictures(number, np.nan_to_num(labels), aus, faces, "jpg")
            files |= {p: content for p, content, f in zip(path, shown, face, strict=True) if f}
            if one_file:
                listed += [
                    [f"{name}/{frame:05d}.jpg", "-5", "-5", "-1", *row]
                    for frame, row in zip(frames, cells, strict=True)
                ]
            else:
                folder = {
                    ("2022", "train"): "AU_Detection_Challenge/Train_Set",
                    ("2022", "validation"): "AU_Detection_Challenge/Validation_Set",
                    ("2020", "train"): "annotations/AU_Set/Training_Set",
                    ("2020", "validation"): "annotations/AU_Set/Validation_Set",
                }[edition, split]
                header = [f"AU{au}" for au in aus]
                files[f"{folder}/{name}.txt"] = text(cells, header=header, newline="\r\n")
            keep = face & ~np.isnan(labels).all(axis=1)
            rows.append(
                {
                    "subject": name.removesuffix("_left").removesuffix("_right"),
                    "sequence": name,
                    "frame": frames[keep],
                    "path": np.array(path)[keep],
                    "split": split,
                    **{f"AU{au}": labels[keep, place] for place, au in enumerate(aus)},
                }
            )
        if one_file:
            name = {"train": "training", "validation": "validation"}[split] + "_set_annotations"
            name = f"{split}_set" if edition == "mtl" else name
            header = ["image", "valence", "arousal", "expression", "aus"]
            files[f"MTL_Challenge/{name}.txt"] = text(listed, header=header)
    return Tree(files, truth("affwild2", rows), {})


def gft(n: int = 6, faces: int = 0, seed: int = 0, videos: bool = False) -> Tree:
    """GFT as somebody might have it: columns of one's own, 99 for unknown, a description."""
    rng = np.random.default_rng(seed)
    aus = AU_SETS["gft"]
    people = {"001A": "train", "001B": "train", "002A": "test"}
    files: dict[str, bytes] = {}
    rows = []
    for number, person in enumerate(people):
        labels = draw_labels(rng, n, len(aus)).astype(float)
        labels[1, 2] = np.nan
        frames = np.arange(n) + 1
        cells = np.column_stack([frames, np.where(np.isnan(labels), 99, labels).astype(int)])
        header = ["Frame", *(f"AU{au:02d}_occ" for au in aus)]
        files[f"codes/{person}_codes.csv"] = text(cells, header=header)
        if videos:
            files[f"video/{person}.avi"] = video(number, np.nan_to_num(labels), aus, faces)
            where = {"path": f"video/{person}.avi", "video_frame": frames - 1}
        else:
            path = [f"frames/{person}/{frame:06d}.jpg" for frame in frames]
            shown = pictures(number, np.nan_to_num(labels), aus, faces, "jpg")
            files |= dict(zip(path, shown, strict=True))
            where = {"path": path}
        rows.append(
            {
                "subject": person,
                "sequence": "video",
                "split": people[person],
                "frame": frames,
                **where,
                **{f"AU{au}": labels[:, place] for place, au in enumerate(aus)},
            }
        )
    files["split.csv"] = text(people.items(), header=["subject", "split"])
    images = "video/{subject}.avi" if videos else "frames/{subject}"
    columns = ", ".join(f"{au}: AU{au:02d}_occ" for au in aus)
    files["gft.yaml"] = (
        f'labels: "codes/{{subject}}_codes.csv"\nimages: "{images}"\nframe_column: Frame\n'
        f"first_frame: 1\nfirst_image: {0 if videos else 1}\ncolumns: {{{columns}}}\n"
        "missing: [99]\nsplit: split.csv\n"
    ).encode()
    return Tree(files, truth("gft", rows), {})


def lists(style: str = "aunce", faces: int = 0, seed: int = 0, n: int = 6) -> Tree:
    """List files of BP4D: "aunce" (and ME-GraphAU), or "jaa" (JAA-Net, with 9 for unknown)."""
    tree = bp4d(n=n, faces=faces, seed=seed, image_folder="img/", intensity=False)
    files = {name: content for name, content in tree.files.items() if name.startswith("img/")}
    frames = tree.truth.assign(
        split=np.where(tree.truth["subject"] == "bp4d/F007", "test", "train")
    )
    aus = [f"AU{au}" for au in AU_SETS["bp4d"]]
    if style == "aunce":
        frames[aus] = frames[aus].fillna(0)
    for split, part in frames.groupby("split"):
        rows = part[aus].fillna(9).astype(int).to_numpy()
        paths = [[path.removeprefix("img/")] for path in part["path"]]
        if style == "aunce":
            names = f"list/BP4D_{split}_img_path_fold1.txt", f"list/BP4D_{split}_label_fold1.txt"
        else:
            stem = {"train": "BP4D_combine_1_2", "test": "BP4D_part3"}[split]
            names = f"list/{stem}_path.txt", f"list/{stem}_AUoccur.txt"
        files[names[0]], files[names[1]] = text(paths), text(rows, delimiter=" ")
    options = {"train": "BP4D_combine_1_2", "test": "BP4D_part3"} if style == "jaa" else {}
    return Tree(files, frames, options)


def csv(style: str = "plain", faces: int = 0, seed: int = 0, n: int = 6) -> Tree:
    """A table of one's own: "plain", "fgnet" (au1 …), "intensities", or "openface" (a video)."""
    rng = np.random.default_rng(seed)
    aus = (1, 4, 12)
    files: dict[str, bytes] = {}
    rows, cells = [], []
    people = ("Ann",) if style == "openface" else ("Ann", "Bob")
    for number, person in enumerate(people):
        labels = draw_labels(rng, n, len(aus)).astype(float)
        level = np.where(labels == 1, 2.5, 0.5)
        frames = np.arange(1, n + 1)
        path = [f"{person}/smile/{frame}.jpg" for frame in frames]
        row = {"subject": person, "sequence": "smile", "frame": frames, "path": path}
        names = {f"AU{au}": place for place, au in enumerate(aus)}
        if style == "openface":
            files["Ann.avi"] = video(number, labels, aus, faces)
            row |= {"sequence": "video", "path": "Ann.avi", "video_frame": frames - 1}
            success = (frames != 3).astype(int)
            columns = [frames, frames / 20, success, level[:, 0], level[:, 2], labels[:, 0]]
            cells = np.column_stack([*columns, labels[:, 1]])
            rows.append(
                row | {"AU1": labels[:, 0], "AU4": labels[:, 1], "AU1_intensity": level[:, 0]}
            )
            rows[-1] = pd.DataFrame(rows[-1] | {"AU12_intensity": level[:, 2]})[success == 1]
            continue
        files |= dict(zip(path, pictures(number, labels, aus, faces, "jpg"), strict=True))
        if style == "plain":
            labels[2, 1] = np.nan
        rows.append(row | {name: labels[:, place] for name, place in names.items()})
        if style == "intensities":
            rows[-1] |= {f"{name}_intensity": level[:, place] for name, place in names.items()}
        shown = (
            level if style == "intensities" else np.where(np.isnan(labels), 9, labels).astype(int)
        )
        cells += [[p, *row] for p, row in zip(path, shown, strict=True)]
    header = {
        "plain": ["image", "AU1", "AU4", "AU12"],
        "fgnet": ["image_path", "au1", "au4", "au12"],
        "intensities": ["image", "AU01_r", "AU04_r", "AU12_r"],
        "openface": ["frame", " timestamp", " success", " AU01_r", " AU12_r", " AU01_c", " AU04_c"],
    }[style]
    source = "Ann.csv" if style == "openface" else "labels.csv"
    files[source] = text(cells, header=header)
    return Tree(
        files, truth("own", rows), {"threshold": 2} if style == "intensities" else {}, source
    )


def folder(faces: int = 0, seed: int = 0, n: int = 6) -> Tree:
    """Photos of two people in folders, one more without a folder, and files that are no photos."""
    tree = csv("plain", faces, seed, n)
    files = {name: content for name, content in tree.files.items() if name.endswith("jpg")}
    files |= {
        "alone.png": files["Ann/smile/1.jpg"],
        "notes.txt": b"no photo",
        "Ann/.hidden.jpg": b"",
    }
    frames = tree.truth[["subject", "sequence", "frame", "path"]]
    alone = {"subject": "own/unnamed", "sequence": "images", "frame": 0, "path": "alone.png"}
    frames = pd.concat([frames, pd.DataFrame([alone])], ignore_index=True)
    return Tree(files, frames.assign(AU1=np.nan), {})


#: Every layout: name → reader and tree, as the keyword arguments of a layout function.
LAYOUTS = {
    "bp4d": ("bp4d", bp4d, {}),
    "bp4d, label files not in AU_OCC, padded names": (
        "bp4d",
        bp4d,
        {"flat": True, "width": 5, "image_folder": ""},
    ),
    "bp4dplus": ("bp4dplus", bp4d, {"plus": True}),
    "bp4dplus, archives": ("bp4dplus", bp4d, {"plus": True, "zipped": True}),
    "disfa": ("disfa", disfa, {}),
    "disfa, images from 1": ("disfa", disfa, {"first_image": 1, "images": "jpg"}),
    "disfa, MDHR's names": ("disfa", disfa, {"prefix": "{}_"}),
    "disfa, videos": ("disfa", disfa, {"images": "avi"}),
    "disfa, right camera": ("disfa", disfa, {"images": "avi", "camera": "right"}),
    "affwild2": ("affwild2", affwild2, {}),
    "affwild2, 8 AUs": ("affwild2", affwild2, {"edition": "2020"}),
    "affwild2, MTL": ("affwild2", affwild2, {"edition": "mtl"}),
    "affwild2, ABAW 4": ("affwild2", affwild2, {"edition": "abaw4"}),
    "gft": ("gft", gft, {}),
    "gft, videos": ("gft", gft, {"videos": True}),
    "lists": ("lists", lists, {}),
    "lists, JAA-Net": ("lists", lists, {"style": "jaa"}),
    "csv": ("csv", csv, {}),
    "csv, FG-Net": ("csv", csv, {"style": "fgnet"}),
    "csv, intensities": ("csv", csv, {"style": "intensities"}),
    "csv, OpenFace": ("csv", csv, {"style": "openface"}),
    "folder": ("folder", folder, {}),
}


def layout(name: str, **options) -> tuple[str, Tree]:
    """Reader and tree of a layout."""
    reader, make, given = LAYOUTS[name]
    return reader, make(**given | options)


def assert_reads(table, tree: Tree) -> None:
    """The table is the tree's, frame by frame and label by label."""
    frames = table.frames.astype({"subject": object, "sequence": object})
    frames = frames.sort_values(["subject", "sequence", "frame"], ignore_index=True)
    expected = tree.truth.sort_values(["subject", "sequence", "frame"], ignore_index=True)
    pd.testing.assert_frame_equal(frames[list(expected)], expected, check_dtype=False)


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in _told_apart(members).items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
