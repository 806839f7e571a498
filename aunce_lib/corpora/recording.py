"""From a plan to a table of frames, and to what the renderer needs to draw them.

A sequence is one person in one task: the frames share the person, the light, the camera and the
wall, action units come and go, the head drifts and the eyes jump. That makes leakage between people
as real as in a recording.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .. import faces
from ..faces.difficulty import Difficulty
from ..faces.draw import Draw
from ..faces.resting import SKIN_MAPS
from ..facs import AU_SETS, column
from .embedded import CORPORA, Missing
from .frames import FrameTable


@dataclass(frozen=True)
class Plan:
    """All that decides how a corpus looks, and nothing else."""

    name: str
    size: str
    n_people: int
    n_sequences: int
    n_frames: int
    image_size: int
    difficulty: Difficulty
    seed: int
    device: str = "cpu"


@dataclass(frozen=True)
class Recording:
    """What is drawn, frame by frame: N frames of S sequences.

    Attributes:
        people: One row a person.
        shots: The S sequences.
        person, sequence, moment: (N,) int64: who, which sequence, which frame of it.
        aus: (N, AUs, 2) intensities.
        seeds: (N,) int64.
    """

    people: faces.People
    shots: faces.Shots
    person: Tensor
    sequence: Tensor
    moment: Tensor
    aus: Tensor
    seeds: Tensor

    def __len__(self) -> int:
        return len(self.seeds)

    def part(self, rows: slice) -> tuple[faces.People, Tensor, faces.Scenes, Tensor]:
        """People, action units, scenes and seeds of some frames, as `faces.render` takes them."""
        scenes = self.shots.at(self.sequence[rows], self.moment[rows])
        return self.people[self.person[rows]], self.aus[rows], scenes, self.seeds[rows]


def record(plan: Plan) -> tuple[FrameTable, Recording]:
    """Draws people, scenes and labels of a plan, but no pixels."""
    corpus = CORPORA[plan.name]
    names = corpus.people(plan.n_people)
    # Every size records all frames and keeps every k-th: at once a slow event fills neighbouring
    # frames, and the same seed has the same faces in "small" and in "full".
    kept = torch.arange(plan.n_frames) * (corpus.length // plan.n_frames)
    who = torch.arange(plan.n_people).repeat_interleave(plan.n_sequences)  # (S,)
    draw = Draw(len(who), plan.seed, stream=7)
    people = faces.Population(plan.n_people, plan.seed, plan.difficulty, male=_male(names)).people
    shots = faces.draw_shots(len(who), corpus.length, plan.seed, plan.difficulty, corpus.capture)
    aus, active = faces.draw_sequences(
        who, corpus.length, plan.n_people, plan.seed, plan.difficulty, corpus.statistics
    )
    seeds = torch.randint(2**31, (len(who), corpus.length), generator=draw.generator)
    known = _known(corpus.missing, draw, corpus.length, len(AU_SETS[corpus.real]))[:, kept]
    sequence = torch.arange(len(who)).repeat_interleave(plan.n_frames)  # (N,)
    recording = Recording(
        people,
        shots,
        person=who[sequence],
        sequence=sequence,
        moment=kept.repeat(len(who)),
        aus=aus[:, kept].flatten(0, 1),
        seeds=seeds[:, kept].flatten(),
    )
    frames = pd.DataFrame(
        _names(plan, names, recording)
        | _labels(corpus.real, active[:, kept].flatten(0, 1), known.flatten(0, 1), recording.aus)
        | _nuisances(recording)
    )
    return FrameTable(frames, _metadata(plan)), recording


def _male(names: list[str]) -> Tensor | None:
    """Who is male, where the names tell as in BP4D; else it is drawn."""
    if not all(name[0] in "FM" for name in names):
        return None
    return torch.tensor([name[0] == "M" for name in names])


def _known(missing: Missing | None, draw: Draw, n_frames: int, n_aus: int) -> Tensor:
    """Which labels somebody coded, bool (S, T, J)."""
    if missing is None:
        return torch.ones(draw.n, n_frames, n_aus, dtype=torch.bool)
    # a frame is lost if a run began within the last `run` frames
    share = 1 - (1 - missing.frames) ** (1 / missing.run)
    begun = (draw.uniform(n_frames + missing.run) < share).long().cumsum(1)
    lost = begun[:, missing.run :] > begun[:, : -missing.run]  # (S, T)
    uncoded = draw.uniform(n_aus) < missing.whole  # (S, J)
    return ~(lost[..., None] | uncoded[:, None])


def _names(plan: Plan, names: list[str], recording: Recording) -> dict:
    corpus = CORPORA[plan.name]
    task = recording.sequence % plan.n_sequences
    subjects = [f"{plan.name}/{name}" for name in names]
    return {
        "corpus": pd.Categorical([plan.name]).repeat(len(recording)),
        "subject": pd.Categorical.from_codes(recording.person.numpy(), subjects),
        "sequence": pd.Categorical.from_codes(
            task.numpy(), list(corpus.sequences[: plan.n_sequences])
        ),
        "frame": recording.moment.numpy() + 1,
    }


def _labels(real: str, active: Tensor, known: Tensor, aus: Tensor) -> dict:
    """Label columns, NaN where nobody coded; then the intensities, which are always known."""
    drawn = [faces.AUS.index(au) for au in AU_SETS[real]]
    labels = np.where(known.numpy(), active[:, drawn].numpy(), np.nan).astype(np.float32)
    strongest = aus[:, drawn].amax(2).numpy()  # the stronger half of the face
    columns = {column(au): labels[:, j] for j, au in enumerate(AU_SETS[real])}
    return columns | {
        f"{column(au)}_intensity": strongest[:, j] for j, au in enumerate(AU_SETS[real])
    }


def _nuisances(recording: Recording) -> dict:
    """What a method should not depend on: the person and how the picture was taken."""
    people, shots = recording.people, recording.shots
    of_person = {
        "person_age": people.age,
        "person_melanin": people.melanin,
        "person_male": people.male,
        "person_glasses": people.glasses,
        "person_beard": people.marks[:, SKIN_MAPS.index("beard")],
    }
    light = shots.scenes.light
    of_sequence = {
        "scene_light": torch.rad2deg(torch.atan2(light[:, 0], light[:, 2])),
        "scene_ambient": shots.scenes.ambient,
        "scene_exposure": shots.scenes.exposure,
        "scene_blur": shots.scenes.blur,
        "scene_noise": shots.scenes.noise,
        "scene_occluded": shots.scenes.occluder[:, 0],
    }
    pose = torch.rad2deg(shots.pose[recording.sequence, recording.moment])
    of_frame = dict(zip(("scene_yaw", "scene_pitch", "scene_roll"), pose.unbind(1), strict=True))
    return (
        {name: values[recording.person].numpy() for name, values in of_person.items()}
        | {name: values.numpy() for name, values in of_frame.items()}
        | {name: values[recording.sequence].numpy() for name, values in of_sequence.items()}
    )


def _metadata(plan: Plan) -> dict:
    corpus = CORPORA[plan.name]
    named = {preset: name for name, preset in faces.DIFFICULTIES.items()}
    return {
        "corpus": plan.name,
        "synthetic": True,
        "size": plan.size,
        "people": plan.n_people,
        "sequences_per_person": plan.n_sequences,
        "frames_per_sequence": plan.n_frames,
        "every": corpus.length // plan.n_frames,
        "frame_rate": corpus.frame_rate,
        "image_size": plan.image_size,
        "seed": plan.seed,
        "difficulty": named.get(plan.difficulty, "custom"),
        "dials": asdict(plan.difficulty),
        "capture": asdict(corpus.capture),
        "missing": asdict(corpus.missing) if corpus.missing else None,
        "statistics": f"those of {corpus.real}" if corpus.published else "plausible, our own",
        "device": plan.device,
    }
