"""Answers to the exercises of notebook 02: views, partners, positives, true labels, batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .plot import Curve
from .result import CheckResult, Row, check, shown

NAN = np.nan

#: Why a change of a face is allowed in a view, or is not.
CHANGES = {
    "brighter": (True, "light says nothing about muscles: brighter is allowed."),
    "grey": (True, "no action unit is a matter of colour: grey is allowed."),
    "mirrored": (True, "AUs are coded for either side of the face: mirrored is allowed."),
    "mouth cut off": (False, "without a mouth nobody can see AU12: that label would be a lie."),
    "strong blur": (False, "a strong blur wipes out the fine folds that tell weak AUs."),
    "upside down": (False, "upside down, up and down change places, and so do brow raisers and "
                    "brow lowerers; and no camera stands on its head."),
}  # fmt: skip


def check_allowed_changes(answer: Callable, strict: bool = False) -> CheckResult:
    """`allowed_changes()`: the names of the changes that a view may make, as a set."""
    title = "What a view may change"
    hints = (
        "Ask of each change: would a coder who sees only the changed picture write the same?",
        "Two of them hide something that a label depends on.",
        "Three are allowed: all about light, colour and sides.",
    )
    try:
        chosen = set(answer())
    except NotImplementedError:
        rows = [Row(name, "grey") for name in CHANGES]
        return CheckResult(title, tuple(rows), hints).strictly(strict)
    except Exception as error:
        cause = 'return a set of names, such as {"grey", "mirrored"}.'
        row = Row("a set of names", "red", got=shown(error), cause=cause)
        return CheckResult(title, (row,), hints).strictly(strict)
    words = {True: "allowed", False: "not allowed"}
    rows = []
    for name, (allowed, reason) in CHANGES.items():
        right = (name in chosen) == allowed
        cause = "" if right else reason
        rows.append(
            Row(name, "green" if right else "red", words[allowed], words[name in chosen], cause)
        )
    for name in sorted(map(str, chosen - CHANGES.keys())):
        rows.append(Row(shown(name), "red", cause=f"the changes are called {', '.join(CHANGES)}."))
    return CheckResult(title, tuple(rows), hints).strictly(strict)


def check_same_and_other(answer: Callable, strict: bool = False) -> CheckResult:
    """`same_and_other(labels)`: bool tables (2B, 2B) of rows with one and with another label."""
    cases = {
        "two images, one label": (np.array([1.0, 1.0]),),
        "three images, two labels": (np.array([1.0, 0.0, 1.0]),),
        "one image": (np.array([0.0]),),
        "an unknown label": (np.array([1.0, NAN, 0.0]),),
        "nothing known": (np.array([NAN, NAN]),),
    }

    def right(labels):
        y = [*labels, *labels]
        pairs = [[(a, b) for b in range(len(y))] for a in range(len(y))]
        same = [[a != b and y[a] == y[b] for a, b in row] for row in pairs]
        other = [[{y[a], y[b]} == {0.0, 1.0} for a, b in row] for row in pairs]
        return np.array(same, bool), np.array(other, bool)

    def varied(repeat=np.tile, alone=True, spread=False, unknown=False):
        def same_and_other(labels):
            y = repeat(labels, 2)
            if unknown:
                y = np.nan_to_num(y)
            known = np.isfinite(y[:, None] + y) | spread
            same = (y[:, None] == y) & (~np.eye(len(y), dtype=bool) | (not alone))
            return same, (y[:, None] != y) & known

        return same_and_other

    def no_mate(labels):
        same, other = right(labels)
        n = len(labels)
        return same & ~np.roll(np.eye(2 * n, dtype=bool), n, axis=1), other

    wrong = {
        "a row is in its own Same: an anchor must not be its own positive.": varied(alone=False),
        "NaN differs from everything, so unknown rows became Other. Ask for known labels.": (
            varied(spread=True)
        ),
        "unknown labels were counted as inactive.": varied(unknown=True),
        "the rows are in another order: all of view 0 first, then all of view 1 (np.tile).": (
            varied(np.repeat)
        ),
        "the tables are (B, B): with two views there are 2B rows.": (
            varied(lambda labels, _: labels)
        ),
        "the mate is missing in Same: it has the label of its image too.": no_mate,
        "the two tables have changed places: first Same, then Other.": (
            lambda labels: right(labels)[::-1]
        ),
    }
    hints = (
        "np.tile(labels, 2) are the labels of all rows: view 0, then view 1.",
        "y[:, None] == y is True where two labels are equal. Take the diagonal out.",
        "same = (y[:, None] == y) & ~np.eye(len(y), dtype=bool), and other needs both labels "
        "known: ~np.isnan(y).",
    )
    wrong = {cause: _as_bits(function) for cause, function in wrong.items()}
    title = "Same and other"
    return check(title, _as_bits(answer), _as_bits(right), cases, wrong, hints, strict)


def check_log_positive(answer: Callable, strict: bool = False) -> CheckResult:
    """`log_positive(similarities, same, mate, kind)`: log P of one anchor."""
    s = np.array([2.0, 0.3, -0.8, 1.7, 1.2, -1.5])  # row 0 is the anchor: s = 1 / τ with itself
    same = np.array([False, True, False, True, True, False])
    only = np.array([False, False, False, True, False, False])
    cold = np.array([200.0, 30.0, -80.0, 170.0, 120.0, -150.0])
    hot = np.array([1000.0, 990.0, -900.0, 995.0, 991.0, -1000.0])
    cases = {
        "self": (s, same, 3, "self"),
        "nearest, which here is another image": (s, same, 1, "nearest"),
        "mean of three": (s, same, 3, "mean"),
        "mean, where only the mate shares the label": (s, only, 3, "mean"),
        "an unlike face of the other label nearby": (
            np.array([2.0, 0.3, 1.9, 1.7, 1.2, 1.8]), same, 3, "nearest",
        ),
        "a low temperature": (cold, same, 3, "mean"),
        "so low that e to the s overflows": (hot, same, 3, "mean"),
    }  # fmt: skip

    def right(similarities, same, mate, kind):
        if kind == "self":
            return similarities[mate]
        chosen = [
            float(value) for value, is_same in zip(similarities, same, strict=True) if is_same
        ]
        return (
            max(chosen) if kind == "nearest" else np.logaddexp.reduce(chosen) - np.log(len(chosen))
        )

    def mean_by(rule):
        def log_positive(similarities, same, mate, kind):
            if kind == "mean":
                return rule(similarities, same)
            return right(similarities, same, mate, kind)

        return log_positive

    def nearest_by(rule):
        def log_positive(similarities, same, mate, kind):
            if kind == "nearest":
                return rule(similarities, same)
            return right(similarities, same, mate, kind)

        return log_positive

    def everything(similarities, same, mate, kind):
        rest = similarities[1:]
        return right(rest, np.ones(len(rest), bool), mate - 1, kind)

    wrong = {
        "right, but the exponential overflows: take out the largest similarity first.": (
            mean_by(lambda s, same: np.log(np.mean(np.exp(s[same]))))
        ),
        "this is the mean of s. The mixture is a mean of e to the s, and then the logarithm.": (
            mean_by(lambda s, same: s[same].mean())
        ),
        "this is the sum: divide by the number of faces that share the label.": (
            mean_by(lambda s, same: np.logaddexp.reduce(s[same]))
        ),
        "divided by all rows: the mean is over those that share the label.": (
            mean_by(lambda s, same: np.logaddexp.reduce(s[same]) - np.log(len(s)))
        ),
        "P is asked for as its logarithm: exp is missing its log.": (
            lambda s, same, mate, kind: np.exp(right(s, same, mate, kind))
        ),
        "labels are not looked at: nearest and mean are only over the rows of `same`.": everything,
        "this is the least similar face with the label: nearest is the maximum.": (
            nearest_by(lambda s, same: s[same].min())
        ),
        "the nearest of all rows is the anchor itself: look only at the rows of `same`.": (
            nearest_by(lambda s, same: s.max())
        ),
        "this is the row of the nearest face: its similarity is asked for.": (
            nearest_by(lambda s, same: np.where(same, s, -np.inf).argmax())
        ),
    }
    hints = (
        "similarities[same] are those that count for nearest and mean.",
        "For mean: log(mean(exp(s))). It overflows where s is large.",
        "m = s.max(), and then m + np.log(np.mean(np.exp(s - m)))",
    )
    return check("Three kinds of positive", answer, right, cases, wrong, hints, strict)


def check_true_share(answer: Callable, strict: bool = False) -> CheckResult:
    """`true_share(rate, flipped)`: share of the active labels that are true."""
    cases = {
        "rate 17 %, 20 % flipped": (0.17, 0.2),
        "rate one half: flips balance": (0.5, 0.2),
        "a rare AU": (0.04, 0.1),
        "a common AU": (0.7, 0.3),
        "no label flipped": (0.17, 0.0),
        "every second label flipped: nothing is known": (0.17, 0.5),
    }

    def right(rate, flipped):
        faces = 1_000_000 * np.array([[rate], [1 - rate]]) * np.array([1 - flipped, flipped])
        return faces[0, 0] / (faces[0, 0] + faces[1, 1])

    wrong = {
        "1 − ε is the share of *all* labels that are true. Here only the active ones count.": (
            lambda rate, flipped: 1 - flipped
        ),
        "this is the share of faces labelled active: which of them are active in truth?": (
            lambda rate, flipped: rate * (1 - flipped) + (1 - rate) * flipped
        ),
        "this counts the active faces that kept their label, among *all* faces. Divide by those "
        "labelled active.": lambda rate, flipped: rate * (1 - flipped),
        "this is the share of wrong ones: take the other group.": (
            lambda rate, flipped: 1 - right(rate, flipped)
        ),
        "the inactive faces that were given the label are (1 − r) ε of all faces, not ε.": (
            lambda rate, flipped: rate * (1 - flipped) / (rate * (1 - flipped) + flipped)
        ),
        "this is the truth of *inactive* labels: start from the rate, not from 1 − rate.": (
            lambda rate, flipped: right(1 - rate, flipped)
        ),
    }
    hints = (
        "Count in 1,000 faces, as the text does.",
        "Labelled active: r (1 − ε) that kept the label, and (1 − r) ε that were given it.",
        "rate * (1 - flipped) / (rate * (1 - flipped) + (1 - rate) * flipped)",
    )
    curve = Curve(
        np.linspace(0.01, 0.7, 70), "rate of the AU", "true share", lambda rate: (rate, 0.2)
    )
    return check("How true is a label?", answer, right, cases, wrong, hints, strict, curve)


def check_no_lesson(answer: Callable, strict: bool = False) -> CheckResult:
    """`no_lesson(rate, batch_size)`: probability that a batch has only one of the two labels."""
    cases = {
        "rate 5 %, 32 faces": (0.05, 32),
        "rate one half, 4 faces": (0.5, 4),
        "a common AU, 8 faces": (0.8, 8),
        "one face": (0.3, 1),
        "never active": (0.0, 16),
    }

    def right(rate, batch_size):
        both = 1.0
        for label in (rate, 1 - rate):
            both -= np.prod(np.full(batch_size, label))
        return 1 - both

    wrong = {
        "all active is missing: then nobody has a negative either.": (
            lambda rate, batch_size: (1 - rate) ** batch_size
        ),
        "all inactive is missing.": lambda rate, batch_size: rate**batch_size,
        "this is the probability that the batch does have both labels.": (
            lambda rate, batch_size: 1 - right(rate, batch_size)
        ),
        "multiplied by the size of the batch: each further face multiplies, so take a power.": (
            lambda rate, batch_size: (1 - rate) * batch_size + rate * batch_size
        ),
        "the two cases exclude each other: add them, do not multiply.": (
            lambda rate, batch_size: (1 - rate) ** batch_size * rate**batch_size
        ),
        "this is the chance for *one* active face. You want none, or all.": (
            lambda rate, batch_size: batch_size * rate * (1 - rate) ** (batch_size - 1)
        ),
    }
    hints = (
        "In which two cases do all faces have one label?",
        "All inactive: (1 − r) to the power of B. All active: r to the power of B.",
        "(1 - rate) ** batch_size + rate ** batch_size",
    )
    curve = Curve(np.linspace(0, 1, 81), "rate of the AU", "probability", lambda rate: (rate, 8))
    return check("An empty lesson", answer, right, cases, wrong, hints, strict, curve)


def _as_bits(function: Callable) -> Callable:
    """The same function, whose two bool tables are shown as 0 and 1."""

    def bits(*args):
        value = function(*args)
        try:
            same, other = value
            right_kind = same.dtype == other.dtype == bool and same.shape == other.shape
        except (TypeError, ValueError, AttributeError):
            return value
        return np.stack([same, other]).astype(int) if right_kind else value

    return bits
