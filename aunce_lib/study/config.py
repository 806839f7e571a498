"""What a study is: losses × settings × corpora × noise × imbalance × people × folds × seeds.

In a YAML file (`configs/studies/` has some):

    split: test                       # or validation: people held out of the training people
    corpus: [synth-bp4d]
    noise: [0, 0.2]                   # share of spoiled labels; noise_kind: flip or missed
    seed: [100, 101, 102]
    loss:                             # by name: what differs from `TrainConfig.quick()`
      cross-entropy: {loss: bce}
      AUNCE: {loss: aunce}
    train: {epochs: 9, temperature: [0.1, 0.5]}     # for all losses; a list is one more axis

Every combination is a cell, a trial of its own.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from reprlib import repr as shortened

from ..config import TrainConfig
from ..corpora import dials, synthetic
from ..corpora.untrusted import read_yaml

PRESETS = Path(__file__).parents[1] / "configs" / "studies"
SPLITS = ("validation", "test")
NOISE = {
    "flip": dials.flip_labels,
    "missed": dials.miss_weak_events,
    "careless": dials.careless_coder,
    "hidden": dials.hide_labels,
}
#: Settings of a training that came after studies had been run: at their defaults they change
#: nothing, so they leave a cell's digest, by which its result is found again, as it was.
LATER = ("micro_batch", "chunk_size", "compile", "crop_from")
MOST_CELLS = 20_000
FIRST_TEST_SEED = 100  # seeds below are for choosing, from here on for reporting
#: In the order of the cells: a study that is stopped early has all losses for some seeds.
AXES = ("seed", "fold", "corpus", "size", "people", "imbalance", "frames", "noise")
AXES = (*AXES, "noise_kind")


@dataclass(frozen=True)
class Cell:
    """All that decides the result of one trial; see `StudyConfig`."""

    split: str
    corpus: str
    size: str
    people: int | None
    imbalance: float
    frames: int | None
    noise: float
    noise_kind: str
    fold: int
    seed: int
    corpus_seed: int
    tested_on: tuple[str, ...]
    train: TrainConfig

    @property
    def settings(self) -> dict:
        """As JSON holds them, and what drew the faces."""
        train, usual = self.train.to_dict(), TrainConfig().to_dict()
        for name in LATER:
            if train[name] == usual[name]:
                del train[name]
        drawn = {"train": train, "renderer": synthetic.renderer_version()}
        return json.loads(json.dumps(asdict(self))) | drawn

    @property
    def digest(self) -> str:
        text = json.dumps(self.settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class StudyConfig:
    """A grid of trials. What is a tuple here may be one value or a list in the YAML file.

    Attributes:
        split: "validation": train on some of a fold's training people, test on the others, to
            choose by; seeds below 100. "test": train on all of them, test on the fold's test
            people, to report; seeds from 100. So nothing is reported on what it was chosen on.
        loss: Name → settings of `TrainConfig` in which it differs from `TrainConfig.quick()`.
        train: Settings for all losses; a list makes an axis.
        corpus: Names of embedded corpora, or paths of FrameTables (.parquet beside .store).
        size: Of embedded corpora, see `synthetic.load`.
        people: Number of training people, drawn by the seed; None for all.
        imbalance: Factor on the rates of the training labels (`dials.scale_rates`, which leaves out
            faces: set frames too, so that all factors learn from as many).
        frames: Number of training faces, drawn by the seed; None for all.
        noise: Share of training labels that are spoiled, 0 to 1. The labels of the people who are
            tested on are never touched, and the probe knows no others than the encoder did.
        noise_kind: "flip" (both ways alike), "missed" (weak events called inactive), "careless"
            (noise is the share of a coder who flips 40 %) or "hidden" (unknown).
        fold: Numbers of folds, see `trial.choose_fold`.
        seed: Of training, probe, noise, imbalance and the draws of people and faces.
        tested_on: Further corpora to test each encoder and probe on, by the AUs they share.
        corpus_seed: Of the embedded corpora: another seed draws other people.

    Raises:
        ValueError: If a value makes no sense; the message names its key.
    """

    split: str
    loss: dict[str, dict]
    train: dict = field(default_factory=dict)
    corpus: tuple[str, ...] = ("synth-bp4d",)
    size: tuple[str, ...] = ("small",)
    people: tuple[int | None, ...] = (None,)
    imbalance: tuple[float, ...] = (1.0,)
    frames: tuple[int | None, ...] = (None,)
    noise: tuple[float, ...] = (0.0,)
    noise_kind: tuple[str, ...] = ("flip",)
    fold: tuple[int, ...] = (1,)
    seed: tuple[int, ...] = (0,)
    tested_on: tuple[str, ...] = ()
    corpus_seed: int = 0

    def __post_init__(self) -> None:
        for name in (*AXES, "tested_on"):
            values = getattr(self, name)
            values = tuple(values) if isinstance(values, list | tuple) else (values,)
            if name in ("imbalance", "noise"):  # 0 and 0.0 are the same cell
                values = tuple(float(v) if _number(v) and abs(v) < 1e9 else v for v in values)
            object.__setattr__(self, name, values)
            if not values and name != "tested_on":
                raise ValueError(f"{name} must be a value or a list of them, got an empty list")
        _check("split", [self.split], lambda v: v in SPLITS, f"one of {SPLITS}")
        for name in ("corpus", "tested_on"):
            expected = f"one of {sorted(synthetic.CORPORA)} or the path of a .parquet file"
            _check(name, getattr(self, name), _is_corpus, expected)
        sizes = list(synthetic.SIZES)
        _check("size", self.size, lambda v: v in sizes, f"one of {sizes}")
        for name in ("people", "frames"):
            several = "2 or more, or null for all"
            _check(name, getattr(self, name), lambda v: v is None or _whole(v, 2), several)
        _check("imbalance", self.imbalance, lambda v: _number(v) and 0 < v < 1e6, "above 0")
        _check("noise", self.noise, lambda v: _number(v) and 0 <= v <= 1, "in 0..1")
        _check("noise_kind", self.noise_kind, lambda v: v in [*NOISE], f"one of {[*NOISE]}")
        _check("fold", self.fold, lambda v: _whole(v, 1), "1 or more")
        _check("seed", self.seed, lambda v: _whole(v, 0), "0 or more")
        _check("corpus_seed", [self.corpus_seed], lambda v: _whole(v, 0), "0 or more")
        if any((seed >= FIRST_TEST_SEED) != (self.split == "test") for seed in self.seed):
            raise ValueError(
                f"seed must be below {FIRST_TEST_SEED} for split validation (to choose by) and "
                f"{FIRST_TEST_SEED} or more for split test (to report), got {list(self.seed)}"
            )
        if not isinstance(self.loss, dict) or not self.loss:
            raise ValueError(
                f"loss must map names to settings of TrainConfig, got {shortened(self.loss)}"
            )
        for name, settings in {"train": self.train, **self.loss}.items():
            if not isinstance(name, str) or not isinstance(settings, dict):
                raise ValueError(f"{name} must map settings to values, got {shortened(settings)}")
            known = {f.name for f in fields(TrainConfig)} - {"seed", "keep_epochs"}
            if unknown := [key for key in settings if key not in known]:
                raise ValueError(
                    f"{name}: {shortened(unknown)} can't be set; these can: {sorted(known)}"
                )
        lists = [value for value in self.train.values() if isinstance(value, list)]
        n = math.prod(map(len, [*self._axes(), *lists, self.loss]))
        if n > MOST_CELLS:
            raise ValueError(f"the lists make {n:,} combinations, at most {MOST_CELLS:,} can run")
        self.cells()

    @classmethod
    def load(cls, path: str | Path) -> StudyConfig:
        """Read a study from a YAML file, or one of the library's own by its name, such as "main".

        Raises:
            FileNotFoundError: If there is no such file or study.
            ValueError: If a key is unknown or lacks, or a value makes no sense.
        """
        preset = PRESETS / f"{path}.yaml"
        path = preset if preset.is_file() else Path(path)
        if not path.is_file():
            own = sorted(file.stem for file in PRESETS.glob("*.yaml"))
            raise FileNotFoundError(f"{path} is not there; studies of the library's own are {own}")
        known, values = [setting.name for setting in fields(cls)], read_yaml(path)
        try:
            if not isinstance(values, dict):
                raise ValueError("must map keys to values, such as `split: test`")
            if unknown := [key for key in values if key not in known]:
                raise ValueError(f"{shortened(unknown)} are no keys of a study; these are: {known}")
            if missing := [key for key in ("split", "loss") if key not in values]:
                raise ValueError(f"{missing} must be given")
            return cls(**values)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def cells(self) -> list[tuple[str, Cell]]:
        """(name of the loss, cell) of every combination, each once, losses side by side."""
        names = [key for key, value in self.train.items() if isinstance(value, list)]
        grid = list(itertools.product(*(self.train[name] for name in names)))
        found = {}
        for *axes, values, loss in itertools.product(*self._axes(), grid, self.loss):
            axes = dict(zip(AXES, axes, strict=True))
            if not axes["noise"]:
                axes["noise_kind"] = "none"  # clean is clean, whatever it is compared with
            settings = {**self.train, **dict(zip(names, values, strict=True)), **self.loss[loss]}
            try:
                train = TrainConfig.quick(**settings, seed=axes["seed"])
            except ValueError as error:
                raise ValueError(f"loss {loss!r}: {error}") from error
            cell = Cell(
                split=self.split,
                corpus_seed=self.corpus_seed,
                tested_on=self.tested_on,
                train=train,
                **axes,
            )
            found[loss, cell.digest] = cell
        return [(loss, cell) for (loss, _), cell in found.items()]

    def _axes(self) -> list[tuple]:
        return [getattr(self, name) for name in AXES]


def _check(name: str, values, allowed, expected: str) -> None:
    for value in values:
        if not allowed(value):
            raise ValueError(f"{name} must be {expected}, got {shortened(value)}")


def _is_corpus(value) -> bool:
    return value in [*synthetic.CORPORA] or str(value).endswith(".parquet")


def _whole(value, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
