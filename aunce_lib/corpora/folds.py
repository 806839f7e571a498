"""Who is in training and who is in test. Always people, never frames.

Frames of one person are nearly copies of each other. A split by frames lets the encoder learn the
person and answer from memory; its F1 is then a measure of memory. All splits here are by person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import CorpusError
from .frames import FrameTable

# The published parts, people in the order of the published lists (so that lists rebuilt from them
# come out the same). BP4D and DISFA: Ziqiao-Shang/AUNCE and CVI-SZU/ME-GraphAU, the same in both.
# BP4D+: forever208/FMAE-IAT. Names only; the corpora themselves are licensed and not here.
_BP4D = (
    "F001 M007 F018 F008 F002 M004 F010 F009 M012 M001 F016 M014 F023 M008",
    "M011 F003 M010 M002 F005 F022 M018 M017 F013 M016 F020 F011 M013 M005",
    "F007 F015 F006 F019 M006 M009 F012 M003 F004 F021 F017 M015 F014",
)
_DISFA = (
    "SN002 SN010 SN001 SN026 SN027 SN032 SN030 SN009 SN016",
    "SN013 SN018 SN011 SN028 SN012 SN006 SN031 SN021 SN024",
    "SN003 SN029 SN023 SN025 SN008 SN005 SN007 SN017 SN004",
)
_BP4D_PLUS = (
    "M040 F072 M015 M029 M003 F076 F053 F026 F044 F066 F057 F061 F071 M050 M033 F079 F020 M025 "
    "F014 F004 F013 M017 F033 M042 M004 F038 F019 M036 M026 M048 F039 F046 M051 F047 M020",
    "F074 F012 F034 M001 F056 F075 M009 M038 F024 M047 F016 M045 M034 M022 F060 M011 M044 M046 "
    "M005 M028 F077 F028 M055 M019 F032 F030 M037 M043 F031 F022 M023 M018 M016 F065 M052",
    "F029 F054 F064 F045 F009 F040 F008 M041 F063 M056 M024 F001 F080 M010 F062 F035 M054 F052 "
    "F027 F043 F042 F050 M057 F078 F058 F017 M035 M030 M027 F021 M031 F069 F002 M008 F068",
    "M058 F037 F010 F023 M007 M002 F025 F073 F048 F041 F051 F011 M032 F005 M021 F018 M013 M049 "
    "M014 F070 F006 F067 M039 M006 F059 F003 F007 F049 M053 F081 F055 M012 F082 F015 F036",
)

# Splits of our own, as large as the real ones where these are known: no list of GFT's 78 and 18
# people is public, and Aff-Wild2 hides the labels of its test set. People who talk with each other
# stay together.
_GROUPS = {True: range(3, 30, 5), False: [g for g in range(1, 33) if g not in range(3, 30, 5)]}
_SYNTH_GFT = tuple(
    " ".join(f"G{group:02d}{who}" for group in _GROUPS[test] for who in "ABC")
    for test in (False, True)
)
_SYNTH_AFFWILD2 = tuple(
    " ".join(f"P{i:03d}" for i in range(1, 201) if (i % 5 == 0) is test) for test in (False, True)
)

#: The parts of each corpus, and which part each fold tests. The published protocols of BP4D and
#: DISFA number their folds backwards: fold 1 tests part 3, fold 2 part 2, fold 3 part 1.
_PROTOCOLS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "bp4d": (_BP4D, (3, 2, 1)),
    "disfa": (_DISFA, (3, 2, 1)),
    "bp4dplus": (_BP4D_PLUS, (1, 2, 3, 4)),
    "synth-bp4d": (_BP4D, (3, 2, 1)),  # drawn people with the real names and folds
    "synth-disfa": (_DISFA, (3, 2, 1)),
    "synth-gft": (_SYNTH_GFT, (2,)),  # our own split: 26 groups, 78 people | 6 groups, 18 people
    "synth-affwild2": (_SYNTH_AFFWILD2, (2,)),  # our own split: 160 | 40 people
}

#: How many folds are published, by corpus.
PUBLISHED_FOLDS = {corpus: len(tested) for corpus, (_, tested) in _PROTOCOLS.items()}


@dataclass(frozen=True)
class Fold:
    """Two groups of people that share nobody.

    Attributes:
        train_subjects: Subjects such as "bp4d/F001" to learn from.
        test_subjects: Subjects to test on (or to validate on, in a `holdout`).

    Raises:
        ValueError: If a group is empty, names somebody twice, or the groups share somebody.
    """

    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("train_subjects", "test_subjects"):
            subjects = getattr(self, name)
            if isinstance(subjects, str):
                raise TypeError(f"{name} must be several names, got the text {subjects!r}")
            subjects = tuple(str(subject) for subject in subjects)
            if not subjects or len(set(subjects)) < len(subjects):
                raise ValueError(f"{name} must be different people, at least one, got {subjects}")
            object.__setattr__(self, name, subjects)
        _refuse_shared(self.train_subjects, self.test_subjects)

    def split(self, table: FrameTable) -> tuple[FrameTable, FrameTable]:
        """The training and the test frames of a table.

        People of the fold who are not in the table are fine (a small corpus has fewer people).

        Raises:
            CorpusError: If somebody in the table is in neither group, or a part stays empty.
        """
        subjects = table.subjects
        in_train = np.isin(subjects, self.train_subjects)
        in_test = np.isin(subjects, self.test_subjects)
        strangers = sorted(set(subjects[~(in_train | in_test)]))
        if strangers:
            raise CorpusError(
                f"{_some(strangers)} in the table, but not in this fold, whose people are "
                f"{_some(self.train_subjects)}; take the fold of this corpus, "
                "or drop those people with table.where(...)"
            )
        for name, mask in (("training", in_train), ("test", in_test)):
            if not mask.any():
                raise CorpusError(f"nobody of the {name} people of this fold is in the table")
        return table.where(in_train), table.where(in_test)


def published(corpus: str, fold: int) -> Fold:
    """The fold that papers report on.

    Fold k tests on one part and trains on the others. For BP4D and DISFA the published numbering
    runs backwards: fold 1 tests part 3, fold 2 part 2, fold 3 part 1. Some projects number
    forwards (FG-Net's split 0 tests part 1), so say whose numbering a result uses.

    Args:
        corpus: "bp4d", "disfa" (3 folds), "bp4dplus" (4), "synth-bp4d", "synth-disfa" (the real
            corpus' 3 folds), "synth-gft", "synth-affwild2" (1, a split of our own: nothing that
            was published).
        fold: Number of the fold, from 1.

    Raises:
        ValueError: If there is no such corpus or fold.

    Example:
        >>> fold = published("bp4d", 1)
        >>> len(fold.train_subjects), len(fold.test_subjects), fold.test_subjects[0]
        (28, 13, 'bp4d/F007')
    """
    if corpus not in _PROTOCOLS:
        raise ValueError(f"no published folds for {corpus!r}; known are {sorted(_PROTOCOLS)}")
    parts, tested = _PROTOCOLS[corpus]
    if fold not in range(1, len(tested) + 1):
        raise ValueError(f"fold must be 1 … {len(tested)} for {corpus!r}, got {fold!r}")
    train, test = [], []
    for number, part in enumerate(parts, start=1):
        side = test if number == tested[fold - 1] else train
        side += [f"{corpus}/{name}" for name in part.split()]
    return Fold(tuple(train), tuple(test))


def by_split(table: FrameTable, test: str | None = None) -> Fold:
    """The fold a corpus or a user gives out: the table's column `split`.

    Aff-Wild2 is reported on its official validation set, because the labels of its test set are
    not given out; for GFT and tables of one's own the split is in a file of the user's.

    Args:
        table: Frames with column `split`: train, validation or test.
        test: Which part to test on; "test" if there is one, else "validation". People of the third
            part are in neither group: drop them before `Fold.split`.

    Raises:
        CorpusError: If there is no such column or part, or a part shares somebody with training.
    """
    if "split" not in table.frames:
        raise CorpusError(
            "the table has no column 'split'; take published(…) or subject_folds(…) for its folds"
        )
    split = table.frames["split"].to_numpy(str)
    people = {name: np.unique(table.subjects[split == name]) for name in np.unique(split)}
    test = test or ("test" if "test" in people else "validation")
    if test not in people or "train" not in people:
        raise CorpusError(
            f"column 'split' has {sorted(people)}; expected 'train' and {test!r}; read all parts "
            "of the corpus, or say which part to test on with test="
        )
    try:
        return Fold(tuple(people["train"]), tuple(people[test]))
    except ValueError as error:
        raise CorpusError(f"column 'split': {error}; correct the split") from error


def subject_folds(table: FrameTable, n_folds: int = 3, seed: int = 0) -> list[Fold]:
    """Folds for a corpus without published ones: everybody is tested in exactly one.

    Args:
        table: Frames of at least `n_folds` people.
        n_folds: Number of folds, at least 2.
        seed: Another seed deals the people out differently.

    Raises:
        ValueError: If there are fewer people than folds, or fewer than 2 folds.
    """
    people = _shuffled_people(table, seed)
    if not 2 <= n_folds <= len(people):
        raise ValueError(
            f"n_folds must be between 2 and the {len(people)} people of the table, got {n_folds}"
        )
    parts = [people[start::n_folds] for start in range(n_folds)]
    return [
        Fold(tuple(name for part in parts if part is not test for name in part), tuple(test))
        for test in parts
    ]


def holdout(table: FrameTable, fraction: float = 0.2, seed: int = 0) -> Fold:
    """Validation people out of the training people, to choose settings without the test people.

    Args:
        table: The training frames, of at least 2 people.
        fraction: Share of the people held out, between 0 and 1; at least one person is.
        seed: Another seed holds out other people.

    Returns:
        A fold whose `test_subjects` are the validation people.

    Raises:
        ValueError: If the fraction is not between 0 and 1, or there is only one person.
    """
    people = _shuffled_people(table, seed)
    if not 0 < fraction < 1 or len(people) < 2:
        raise ValueError(
            "holdout needs a fraction between 0 and 1 and at least 2 people, "
            f"got {fraction} and {len(people)}"
        )
    count = min(max(1, round(fraction * len(people))), len(people) - 1)
    return Fold(tuple(people[count:]), tuple(people[:count]))


def assert_subject_disjoint(train: FrameTable, test: FrameTable) -> None:
    """Raise ValueError if anybody is in both tables."""
    _refuse_shared(
        tuple(train.frames["subject"].cat.categories), tuple(test.frames["subject"].cat.categories)
    )


def _refuse_shared(train: tuple[str, ...], test: tuple[str, ...]) -> None:
    shared = sorted(set(train) & set(test))
    if shared:
        raise ValueError(
            f"{_some(shared)} in training and in test; a person may be in one only, "
            "or the result measures memory of that person"
        )


def _shuffled_people(table: FrameTable, seed: int) -> list[str]:
    people = table.frames["subject"].cat.categories.to_numpy(str)  # sorted
    return np.random.default_rng(seed).permutation(np.sort(people)).tolist()


def _some(names) -> str:
    """At most five names, for messages."""
    names = list(names)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
