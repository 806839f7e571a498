# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Evaluation: scores you may believe
#
# **You will**
#
# - read a frozen embedding with two probes, and know why they must be weak;
# - derive what F1 gives to a detector that never looks, and choose a threshold without cheating;
# - put an interval around a score, by drawing people again and not frames;
# - compare losses seed by seed, on clean, noisy and rare labels, and across corpora;
# - read a table of published results with a ruler in your hand.
#
# **You need** notebooks 00 and 01, 50 minutes of reading, and a minute of computing. Every face
# here is **synthetic**. Results are loaded from `data/results`.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from aunce_lib import embed, load_pretrained
from aunce_lib.corpora import folds, synthetic

torch.set_num_threads(1)  # on a busy machine more threads are slower
corpus = synthetic.load("synth-bp4d", n_frames=6)  # drawn on first use, then kept
train, test = folds.published("synth-bp4d", fold=1).split(corpus)
models = {"AUNCE": load_pretrained("aunce"), "cross-entropy": load_pretrained("cross-entropy")}
print("loaded from data/pretrained:", *(model.name for model in models.values()))
z_train = {name: embed(model.encoder, train) for name, model in models.items()}  # (N, J, D)
z_test = {name: embed(model.encoder, test) for name, model in models.items()}
people = [len(set(part.subjects)) for part in (train, test)]
print(f"{len(train)} faces of {people[0]} people to learn from, {len(test)} of {people[1]} to test")

# %% [markdown]
# ## 1. Two probes
#
# A **probe** asks what a frozen encoder has learned. The usual one is linear: for each AU a
# direction $w$, along which faces are sorted.

# %%
from aunce_lib import fit_probe, knn_scores
from aunce_lib.inspection import face_grid

probes = {
    name: fit_probe(z, train.labels, train.subjects, train.aus) for name, z in z_train.items()
}
scores = {name: probe.scores(z_test[name]) for name, probe in probes.items()}  # (N, J)
calls = {name: probe.predict(z_test[name]) for name, probe in probes.items()}  # 0 or 1, (N, J)
j = test.aus.index(12)
row = np.argsort(scores["AUNCE"][:, j])[np.linspace(0, len(test) - 1, 10).astype(int)]
figure, _ = face_grid(test.images(row), [f"{s:.2f}" for s in scores["AUNCE"][row, j]], columns=10)
_ = figure.suptitle("Synthetic test faces, sorted by the linear probe's score for AU12")

# %% [markdown]
# *The figure:* ten faces with their scores for AU12. The mouth should change from left to right.
#
# **The formula.** $p = \sigma(w \cdot z + b)$ with $\sigma(a) = 1/(1 + e^{-a})$, fitted by
# cross-entropy $\ell = -y \log p - (1-y) \log (1-p)$. Since $\sigma' = \sigma(1-\sigma)$,
#
# $$ \frac{\partial \ell}{\partial a} = -y (1-p) + (1-y)\, p = p - y
# \qquad\Rightarrow\qquad \nabla_w = \sum_n (p_n - y_n)\, z_n . $$
#
# Each face pushes $w$ by its embedding times its error. The problem is convex: with *one* optimum,
# nothing depends on luck. And a plane is weak: if it can tell the AU, the encoder has done the
# work.
#
# The second probe, **k nearest neighbours** (kNN), fits nothing: its score is the share of active
# faces among the 20 nearest training faces. It sees bent borders, which a plane does not.

# %%
from aunce_lib.evaluation.metrics import per_au

knn = {name: knn_scores(z_train[name], train.labels, z_test[name]) for name in models}
rate = np.nanmean(train.labels, axis=0)
rows = {}
for name in models:
    rows[name, "linear"] = per_au(test.labels, scores[name], calls[name], test.aus).loc["macro"]
    near = knn[name] >= rate  # more often active than in training
    rows[name, "20 neighbours"] = per_au(test.labels, knn[name], near, test.aus).loc["macro"]
pd.DataFrame(rows).T[["f1", "auc", "precision", "recall"]].round(3)

# %% [markdown]
# Where kNN is ahead, classes may lie in several clumps; where the plane is, neighbourhoods may be
# noisy though the direction is right. Report your probe, and never tune it on the test.
#
# ## 2. F1, and what a parrot gets
#
# A call can be right or wrong in two ways each.

# %%
y, call = test.labels[:, j], calls["AUNCE"][:, j]
kinds = {
    "true positive": (y == 1) & (call == 1),
    "false positive": (y == 0) & (call == 1),
    "false negative": (y == 1) & (call == 0),
    "true negative": (y == 0) & (call == 0),
}
some = {name: np.flatnonzero(mask)[:: max(1, mask.sum() // 4)][:4] for name, mask in kinds.items()}
titles = [name for name, rows in some.items() for _ in rows]
figure, _ = face_grid(test.images(np.concatenate(list(some.values()))), titles, columns=8)
figure.suptitle("AU12 on synthetic test faces: what was called, and what is")
pd.Series({name: int(mask.sum()) for name, mask in kinds.items()}, name="faces").to_frame().T

# %% [markdown]
# *The figure:* up to four synthetic faces of each kind; the table counts all. Are the mistakes weak
# smiles, other mouths, dark pictures?
#
# F1 is the harmonic mean of precision $P = TP/(TP+FP)$ and recall $R = TP/(TP+FN)$:
#
# $$ F_1 = \frac{2PR}{P+R} = \frac{2\,TP}{2\,TP + FP + FN} . $$
#
# True negatives do not appear. With a rare AU they are many and cheap.
#
# ### Exercise 1: F1 with its edges (medium, 7 minutes)
#
# Code F1. Labels may be NaN (unknown): leave those faces out. If *no* face is active, nothing could
# be found: return NaN. If faces are active but none is called so, F1 is a real 0.
#
# <details><summary>Hint 1</summary>Three cases, one after the other.</details>
# <details><summary>Hint 2</summary><code>known = ~np.isnan(labels)</code> are the faces that
# count. If none of them is active, return <code>np.nan</code>.</details>
# <details><summary>Hint 3</summary><code>tp = ((labels == 1) & (predictions == 1)).sum()</code>,
# and so on; 2 TP / (2 TP + FP + FN) gives the real 0 by itself.</details>


# %%
def f1(labels: np.ndarray, predictions: np.ndarray) -> float:
    """F1 of predictions (N,), 0 or 1, for labels (N,) of 0, 1 and NaN; NaN if none is active."""
    # SOLUTION
    known = ~np.isnan(labels)
    labels, predictions = labels[known], predictions[known]
    if not (labels == 1).any():
        return np.nan
    tp = ((labels == 1) & (predictions == 1)).sum()
    fp = ((labels == 0) & (predictions == 1)).sum()
    fn = ((labels == 1) & (predictions == 0)).sum()
    return 2 * tp / (2 * tp + fp + fn)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("known faces only; NaN if none is active; else the formula")
    # END EXERCISE


# %%
from aunce_lib.checks import check_f1

check_f1(f1)

# %% [markdown]
# **A detector that never looks** calls a share $q$ of all faces active, at random. The AU is active
# in a share $r$. Then per face $TP = rq$, $FP = (1-r)q$, $FN = r(1-q)$, and
#
# $$ F_1 = \frac{2rq}{2rq + (1-r)q + r(1-q)} = \frac{2rq}{r+q} . $$
#
# This grows with $q$. So the best blind answer is "always active", the **parrot**: it gets
# $2r/(1+r)$. "Never active", right most often where AUs are rare, gets 0.

# %%
from aunce_lib.inspection import plot_all_active

f1s = {name: per_au(test.labels, scores[name], calls[name], test.aus).f1[:-1] for name in models}
names = [f"AU{au}" for au in test.aus]
rates = np.nanmean(test.labels, axis=0)
_ = plot_all_active(rates, f1s, names, "A common AU flatters everybody (synthetic test faces)")

# %% [markdown]
# *The figure:* each mark is one AU, its F1 over its rate. The black curve is the parrot, the dashed
# line a coin that knows the rate. What counts is the height *above the curve*.
#
# **Explain:** why may an F1 of .4 be a better result than one of .7?
#
# <details><summary>Answer</summary>At r = .1 the parrot has .18, so .4 is .22 above it. At r = .6
# it has .75: an F1 of .7 is below.</details>
#
# ## 3. The threshold
#
# A score becomes a call by a **threshold**. Which is best for F1? Suppose the scores are honest
# probabilities $p$, and $F^*$ is the best F1 possible. Write
# $F = 2\,TP / (\text{called} + \text{active})$. Calling one more face active adds on average $2p$
# above and 1 below. That raises the fraction only if
#
# $$ \frac{2p}{1} > F^* \quad\Leftrightarrow\quad p > \frac{F^*}{2} . $$
#
# So the best threshold is **half of the best F1**, never above .5. A hopeless detector does best as
# a parrot.
#
# In practice one tries all thresholds, on **validation people**: training people whom the probe
# does not learn from.

# %%
from aunce_lib import holdout
from aunce_lib.inspection import plot_thresholds

learners, validation = holdout(train, 0.3, seed=0).split(train)
is_learner = np.isin(train.subjects, learners.subjects)
z = z_train["AUNCE"]
inner = fit_probe(z[is_learner], learners.labels, learners.subjects, train.aus)
val_scores, test_scores = inner.scores(z[~is_learner]), inner.scores(z_test["AUNCE"])
_, axes = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
for ax, au in zip(axes, (12, 2), strict=True):
    k = test.aus.index(au)
    groups = {"validation people": (validation.labels[:, k], val_scores[:, k])}
    groups["test people"] = (test.labels[:, k], test_scores[:, k])
    plot_thresholds(groups, f"AU{au}: F1 at every threshold", ax=ax)

# %% [markdown]
# *The figure:* F1 against the threshold, for a common AU and a rarer one, on validation and on test
# people. The marks are the highest points. Who reports the mark on the test curve reports the best
# of hundreds of tries.
#
# One caution: the encoder *has* met these validation people. A clean study keeps them from it too.
#
# ### Exercise 2: a threshold from validation (medium, 7 minutes)
#
# Choose the threshold with the highest F1 on the validation people. Candidates are their scores;
# active means score ≥ threshold; of equally good ones take the lowest. Return the F1 on the
# **test**. Use your `f1`.
#
# <details><summary>Hint 1</summary>Find one number, then use it once.</details>
# <details><summary>Hint 2</summary><code>np.unique(val_scores)</code> are the candidates, in
# ascending order.</details>
# <details><summary>Hint 3</summary><code>max(candidates, key=lambda t: …)</code> keeps the first of
# equals.</details>


# %%
def test_f1(val_labels, val_scores, test_labels, test_scores) -> float:
    """F1 on the test at the threshold that is best on validation; all (N,) or (M,)."""
    # SOLUTION
    best = max(np.unique(val_scores), key=lambda t: f1(val_labels, val_scores >= t))
    return f1(test_labels, test_scores >= best)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("choose on validation, report on the test")
    # END EXERCISE


# %%
from aunce_lib.checks import check_test_f1

check_test_f1(test_f1)

# %% [markdown]
# **Predict:** how much macro F1 does one gain by choosing each AU's threshold on the test: .001,
# .01 or .05?

# %%
columns = {"threshold .5": [], "chosen on validation": [], "chosen on the test (cheating)": []}
for k in range(len(test.aus)):
    here = (test.labels[:, k], test_scores[:, k])
    known = (validation.labels[:, k], val_scores[:, k])
    columns["threshold .5"].append(f1(here[0], here[1] >= 0.5))
    columns["chosen on validation"].append(test_f1(*known, *here))
    columns["chosen on the test (cheating)"].append(test_f1(*here, *here))
cheat = pd.DataFrame(columns, index=names)
cheat.loc["macro"] = cheat.mean()
cheat.T.round(2)

# %% [markdown]
# The last row is never lower than the one above, by construction. Papers that search thresholds on
# the test cannot be compared with others.
#
# Drag the threshold yourself: above, the scores of active and inactive faces; below, F1.

# %% tags=["widget"]
from aunce_lib.widgets import ThresholdExplorer

ThresholdExplorer((validation.labels, val_scores), (test.labels, test_scores), test.aus)

# %% [markdown]
# ## 4. People, not frames
#
# A macro F1 is one number for all test people. Take them apart.

# %% tags=["cover"]
from aunce_lib.evaluation.bootstrap import bootstrap_f1, confusion, f1_score
from aunce_lib.inspection import plot_people

subjects, codes = np.unique(test.subjects, return_inverse=True)
counts = confusion(test.labels, calls["AUNCE"], codes)  # TP, FP, FN of each person, (S, J, 3)
everybody = np.concatenate([counts, counts.sum(axis=0, keepdims=True)])
own = f1_score(*np.moveaxis(everybody, -1, 0))
_ = plot_people(own, test.aus, f"F1 of {len(subjects)} synthetic people: nobody is the average")

# %% [markdown]
# *The figure:* for each AU a dot is one person's F1, the dash that of all frames. Below stands how
# many people show the AU. How far do the dots of one AU spread?
#
# **Why it matters.** Let each of $S$ people give $m$ frames, let the errors vary by $\sigma^2$, and
# let two frames of one person correlate by $\rho$. The mean over $N = Sm$ frames has the variance
#
# $$ \frac{1}{N^2} \Big( N \sigma^2 + N (m-1)\, \rho\, \sigma^2 \Big)
# = \frac{\sigma^2}{N} \big( 1 + (m-1)\rho \big) . $$
#
# So $N$ frames are worth only $N / (1 + (m-1)\rho)$ independent ones. We measure $\rho$ of the
# right calls: by how much people differ, beyond what chance within a person would make.

# %%
right = pd.DataFrame(calls["AUNCE"] == test.labels, columns=names, dtype=float)
person = right.groupby(test.subjects)
m = len(test) // len(subjects)  # everybody has as many frames
between, within = m * person.mean().var(), person.var().mean()
rho = (between - within) / (between + (m - 1) * within)
worth = len(test) / (1 + (m - 1) * rho.clip(lower=0))
pd.DataFrame({"ρ": rho.round(3), f"{len(test)} frames are worth": worth.round()}).T

# %% [markdown]
# **The bootstrap** asks: what would other people have given? It draws *people* with replacement, as
# many as there were, with all their frames. Who is drawn twice counts twice. The 95 % interval goes
# from the 2.5 to the 97.5 % quantile of the scores.
#
# ### Exercise 3: bootstrap over people (medium, 8 minutes)
#
# Each row of `draws` holds the names drawn for one imagined test. Pool the frames of a row's
# people, and compute F1 once. Return the two ends of the interval.
#
# <details><summary>Hint 1</summary>Which frames does one row select, and how often?</details>
# <details><summary>Hint 2</summary><code>np.flatnonzero(subjects == who)</code> are one person's
# frames; <code>np.concatenate</code> joins several.</details>
# <details><summary>Hint 3</summary>Collect <code>f1(labels[rows], predictions[rows])</code>, then
# <code>np.percentile(scores, [2.5, 97.5])</code>.</details>


# %%
def bootstrap(labels, predictions, subjects, draws) -> tuple[float, float]:
    """95 % interval of F1 from labels, predictions, names (N,) and draws of names (R, S)."""
    # SOLUTION
    scores = []
    for drawn in draws:
        rows = np.concatenate([np.flatnonzero(subjects == who) for who in drawn])
        scores.append(f1(labels[rows], predictions[rows]))
    low, high = np.percentile(scores, [2.5, 97.5])
    return low, high
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("pool the frames of the people drawn, F1, quantiles")
    # END EXERCISE


# %%
from aunce_lib.checks import check_bootstrap

check_bootstrap(bootstrap)

# %% [markdown]
# Now both ways. For "frames drawn", we say that every frame is a person.

# %%
from aunce_lib.inspection import plot_draws

alone = confusion(test.labels, calls["AUNCE"], np.arange(len(test)))
draws = {"people drawn": bootstrap_f1(counts)[:, -1], "frames drawn": bootstrap_f1(alone)[:, -1]}
_ = plot_draws(draws, np.nanmean(own[-1]), "The same test, imagined again")
half = {name: np.diff(np.percentile(d, [2.5, 97.5]))[0] for name, d in draws.items()}
print(
    f"the interval over people is {half['people drawn'] / half['frames drawn']:.1f} times as wide"
)

# %% [markdown]
# *The figure:* two histograms of the macro F1 of imagined tests, their intervals as bars above.
# Drawing frames gives a false peace of mind: it answers what *other frames of these very people*
# would have given.
#
# ### The leak, once more
#
# A split by frames flatters (notebook 01). A frozen encoder's probe too? We fit one on the training
# people, as always, and one on half of the *test people's own* recordings. Both are tested on the
# other half.

# %%
first_half = test.frames["sequence"].isin(["T1", "T2", "T3", "T4"]).to_numpy()
theirs = test.where(first_half)
leaky = fit_probe(z_test["AUNCE"][first_half], theirs.labels, theirs.subjects, test.aus)
rest, asked = z_test["AUNCE"][~first_half], test.labels[~first_half]
pd.Series(
    {
        how: per_au(asked, p.scores(rest), p.predict(rest), test.aus).f1["macro"]
        for how, p in {
            "probe of other people": probes["AUNCE"],
            "of the same people": leaky,
        }.items()
    },
    name="macro F1",
).round(3).to_frame()

# %% [markdown]
# The second probe had less to learn from, but knew its people. Only the first number speaks of
# strangers.
#
# ## 5. Is one better than the other?
#
# Two overlapping intervals do not show that two methods are alike. Hard people are hard for both.
# What is common drops out in the **difference**. Here it is for our two encoders, with people
# drawn:

# %%
from aunce_lib.evaluation import paired_difference

both = (calls["AUNCE"], calls["cross-entropy"])
paired_difference(test.labels, *both, test.subjects, test.aus).loc[["macro"]].round(3)

# %% [markdown]
# That was AUNCE less cross-entropy, for other *people*: an interval below 0 puts cross-entropy
# ahead. But another **seed** gives another encoder. A study trains with several, in pairs: same
# seed, people and spoiled labels. From $n$ differences $d_i$ with mean $\bar d$ and standard
# deviation $s$:
#
# $$ \bar d \pm t_{n-1,\,.975} \; \frac{s}{\sqrt n} , \qquad
# s^2 = \frac{1}{n-1} \sum_i (d_i - \bar d)^2 . $$
#
# The fewer the runs, the more $t$ exceeds the 1.96 of many: from few values $s$ itself is
# uncertain.
#
# ### Exercise 4: a paired interval (easy, 5 minutes)
#
# Return $\bar d$ and both ends. A run that failed is NaN: leave its pair out.
#
# <details><summary>Hint 1</summary>Subtract first.</details>
# <details><summary>Hint 2</summary><code>scipy.stats.t.ppf(0.975, n - 1)</code></details>
# <details><summary>Hint 3</summary>Half of the interval is that times <code>d.std(ddof=1) /
# np.sqrt(n)</code>.</details>

# %%
from scipy import stats


def paired_interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Mean of ours − theirs (n,), run by run, and the ends of its 95 % t-interval."""
    # SOLUTION
    d = ours - theirs
    d = d[~np.isnan(d)]
    half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("differences, then mean and t-interval")
    # END EXERCISE


# %%
from aunce_lib.checks import check_paired_interval

check_paired_interval(paired_interval)

# %% [markdown]
# Now the study: every loss at equal compute, on clean and on partly flipped labels, tested on
# people unseen.

# %%
from aunce_lib.inspection import paired_differences, plot_differences, read_study, summarise

main = read_study("main")  # data/results/main.csv
table = summarise(main, by=["corpus", "noise", "loss"])
n_seeds = main.seed.nunique()
t = stats.t.ppf(0.975, n_seeds - 1)
print(f"{len(main)} runs of {main.loss.nunique()} losses, {n_seeds} seeds each: t = {t:.2f}")
table["mean"].unstack(["corpus", "noise"]).round(3)

# %%
plain = "weighted BCE"
losses = [loss for loss in main.loss.unique() if loss != plain]
_, axes = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained", sharex=True)
for ax, (noise, runs) in zip(axes, main.groupby("noise"), strict=True):
    gaps = pd.concat([paired_differences(runs, loss, plain, by=["corpus"]) for loss in losses])
    title = f"{noise:.0%} of the labels flipped" if noise else "clean labels"
    plot_differences(gaps, title=title, ax=ax)
_ = axes[1].set_yticklabels([])

# %% [markdown]
# *The figure* (`data/results/main.csv`): each loss less weighted cross-entropy (BCE), mean and 95 %
# interval over seeds; left on clean labels, right with noise. Left of the black line
# **cross-entropy is ahead**. An interval that touches the line decides nothing. If AUNCE stands
# left of it in the *left* panel, it loses on clean labels, and no other panel takes that back.
#
# Only the rows named AUNCE are the paper's method. A recipe of our own, where the table has
# one, is neither the paper's nor a variant of it. What holds of the paper's claims here, and why:
# `docs/results.md`.
#
# ## 6. Where labels are wrong, and where they are rare
#
# ### Why pairs suffer more
#
# Flip each label with the chance $\varepsilon$, and write labels as ±1. On average a flipped one is
# $(1 - 2\varepsilon)$ times the truth. Cross-entropy asks for *one* label at a time, and sees this
# much. A loss on **pairs** compares an anchor with faces that are *called* active or inactive, and
# their labels are spoiled too. With an AU active in a share $r$,
#
# $$ a = r (1 - \varepsilon) + (1 - r)\, \varepsilon $$
#
# are called active. The faces called active and those called inactive differ in their share of
# truly active ones only by
#
# $$ k = \frac{r (1 - \varepsilon)}{a} - \frac{r\, \varepsilon}{1 - a}
# = (1 - 2\varepsilon)\, \frac{r (1 - r)}{a (1 - a)} , $$
#
# and of a pair $(1 - 2\varepsilon)\, k$ is left. At $r = \tfrac12$ that is $(1 - 2\varepsilon)^2$.
#
# **Predict, then run** (3 minutes). Take $\varepsilon = .2$. What is left to one label, and to a
# pair at $r = \tfrac12$? At $r = .05$, what share of the faces called active is active? What is
# left to a pair?
#
# <details><summary>Answer</summary>One label keeps .60, a pair at r = ½ keeps .36. At r = .05, a =
# .04 + .19 = .23, and of those only .04, a sixth, are active. k = .16, and a pair keeps .6 · .16 =
# .10.</details>
#
# We measured the **signal** on faces: how far one step on flipped labels parts the *truly* active
# from the truly inactive ones. 1 is as far as on true labels.

# %%
from aunce_lib.inspection import plot_signal
from aunce_lib.inspection.studies import RESULTS

steps = pd.read_csv(RESULTS / "gradients.csv")  # data/results/gradients.csv
_ = plot_signal(steps[steps.loss.isin(["weighted BCE", "SupCon", "AUNCE corrected"])])

# %% [markdown]
# *The figure* (`data/results/gradients.csv`): marks are losses, on the encoder before training;
# grey lines are the formulas above. Left, the mean over the action units, as more labels are
# flipped. Right, at one share of flips, a mark for each AU, rare ones at the left.
#
# Which marks lie near the line of one label, which near the dotted curve of a pair? At
# $\varepsilon = .5$ labels say nothing. Whose signal does not end at 0?
#
# <details><summary>What a good answer holds</summary>Cross-entropy lies nearest to one label,
# SupCon to a pair: of a rare AU almost nothing is left. AUNCE keeps something at .5. A likely
# reason: part of its positives, the other view and the nearest face, are chosen by the picture, not
# by the label alone.</details>
#
# So pairs suffer more. But the other view of the *same* face is a true positive whatever its label
# says, and AUNCE mixes it in. Which force wins is a question for trained encoders.

# %%
from aunce_lib.inspection import add_rare, plot_curves

noise = read_study("noise")  # data/results/noise.csv
_, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained", sharey=True)
kinds = {"flip": "labels flipped both ways", "missed": "weak events overlooked"}
for ax, (kind, title) in zip(axes, kinds.items(), strict=True):
    plot_curves(noise[noise.noise_kind.isin(["none", kind])], "noise", title=title, ax=ax)

# %%
rare = add_rare(read_study("imbalance"))  # data/results/imbalance.csv
corpora = list(rare.corpus.unique())
_, axes = plt.subplots(1, len(corpora), figsize=(6 * len(corpora), 5), layout="constrained")
for ax, name in zip(np.atleast_1d(axes), corpora, strict=True):
    plot_curves(rare[rare.corpus == name], "imbalance", title=f"fewer active faces, {name}", ax=ax)

# %% [markdown]
# *The figures:* macro F1 on unseen people, a line for each loss, bands are 95 % intervals over
# seeds, dashed the parrot. Above (`data/results/noise.csv`) labels get worse to the right. Below
# (`data/results/imbalance.csv`) the rates in training shrink to the *left*, and all learn from
# equally many faces. Compare slopes, not only heights. Where bands overlap, count it as a tie.
# Flips make rare AUs look common; overlooked events make them rarer.
#
# Turn the dials yourself, on the stored study and in one short run.

# %% tags=["widget"]
from aunce_lib.widgets import NoiseLab

NoiseLab()

# %% [markdown]
# ### To another corpus
#
# A detector is wanted for faces *unlike* those it learned from. Here each encoder is tested on
# another corpus too. `transfer` takes the AUs that two corpora share, and asks by how much a model
# trained at home is ahead.

# %%
from aunce_lib.inspection import plot_grid, transfer

away = transfer(read_study("cross_corpus"))  # data/results/cross_corpus.csv
chosen = list(away.loss.unique())[:2]
_, axes = plt.subplots(1, 2, figsize=(13, 4.6), layout="constrained")
for ax, loss in zip(axes, chosen, strict=True):
    runs = away[away.loss == loss]
    plot_grid(runs, "corpus", "tested_on", "drop", f"{loss}: F1 lost away from home", ax=ax)

# %% [markdown]
# *The figure* (`data/results/cross_corpus.csv`): rows are where a model learned, columns where it
# was tested; the number is the F1 by which a home-grown model is ahead. The drawn corpora share one
# renderer: between real ones expect more.
#
# ## 7. Reading the paper's tables
#
# Here is what papers report on the real BP4D and DISFA; the file names the sources. **Other data,
# other protocols**: never set it against our numbers. First: is the macro average the mean of the
# AUs?

# %%
from aunce_lib.inspection import plot_published, published

real = {name: published(name) for name in ("bp4d", "disfa")}
rows = []
for name, reported in real.items():
    whole = reported[reported.fold.isna()]  # not the single folds
    per_au_f1 = whole.filter(regex=r"^AU\d+$").dropna()
    for method, mean in per_au_f1.mean(axis=1).items():
        rows.append((name, method, whole.macro[method], mean, mean - whole.macro[method]))
pd.DataFrame(rows, columns=["corpus", "method", "reported", "recomputed", "off by"]).round(4)

# %% [markdown]
# Second: what does the parrot get there? The published counts of the folds tell.

# %%
from aunce_lib.corpora import aggregates

parrot = {name: aggregates.all_active_f1(name).mean() for name in real}
print("macro F1 of the parrot:", *(f"{name} {score:.2f}" for name, score in parrot.items()))
_, axes = plt.subplots(1, 2, figsize=(13, 7.2), layout="constrained")
for ax, (name, reported) in zip(axes, real.items(), strict=True):
    plot_published(reported, parrot[name], title=f"{name.upper()}, as reported", ax=ax)

# %% [markdown]
# *The figure* (`data/results/published.csv`): a line for each method on the real corpora, from the
# parrot's F1 (dashed) to the reported one; AUNCE in orange, its folds as strokes.
#
# Third: how sure is such a number? AUNCE's log tells its folds: enough for your own interval.

# %%
for name, reported in real.items():
    ours = reported.loc["AUNCE"]
    folds_f1 = ours[ours.fold.notna()].macro.to_numpy()
    mean, low, high = paired_interval(folds_f1, np.zeros_like(folds_f1))
    others = reported[~reported.index.isin(["AUNCE", "all positive"])].macro
    inside = others.between(low, high).sum()
    print(f"{name}: AUNCE {mean:.3f}, {low:.3f} to {high:.3f} over its folds;", end=" ")
    print(f"{inside} of {len(others)} other methods lie in that interval")

# %% [markdown]
# ### Exercise 5: explain this figure (medium, 5 minutes)
#
# 1. The two panels have very different parrots. Why? And what follows for the averages?
# 2. Which differences between neighbouring lines are evidence?
# 3. What would have to be reported to settle whether AUNCE beats the method below it?
#
# <details><summary>What a good answer holds</summary>
#
# 1. In BP4D several AUs are active in half of the frames, in DISFA nearly all are rare (notebook
#    01). Subtract the parrots printed above: the same F1 is worth far more in DISFA. Averages of
#    the two must not be compared, nor averaged.
# 2. Hardly any. The folds of *one* method differ by more than most neighbours do. And protocols
#    differ, in unknown labels, dropped faces and thresholds.
# 3. Both methods on the same folds under one protocol, with several seeds, and their differences;
#    or the calls for each frame, so that people can be drawn again.
#
# </details>
#
# ## What you have seen
#
# - A **probe** must be weak, and chosen without the test.
# - F1 has a **price list**: $2r/(1+r)$ comes free. Thresholds come from validation people.
# - **People** are the sample. Draw people, not frames.
# - Compare by **differences in pairs**. Report the setting in which you lose beside the one in
#   which you win.
# - **Pairs** pay twice for a wrong label, and most where an AU is rare.
# - A published table needs its parrot, its folds and its protocol.
#
# ## Try this
#
# - Repeat section 4 for `cross-entropy`. Is it unequal to the same people?
# - `by_group` (in `aunce_lib.evaluation`) scores groups by skin tone, age or glasses. Is anybody
#   read worse?
# - `aunce study` runs your own grid. Write down what you expect *before* you start it.
#
# ## How far you have come
#
# Passed checks are noted in `progress.json`, without your answers. Delete it to begin anew.

# %%
from aunce_lib.checks import progress

progress()

# %% [markdown]
# ## References
#
# - Z. Lipton, C. Elkan, B. Naryanaswamy: *Optimal Thresholding of Classifiers to Maximize F1
#   Measure*, ECML PKDD 2014.
# - B. Efron, R. Tibshirani: *An Introduction to the Bootstrap*, 1993.
# - L. Kish: *Survey Sampling*, 1965. The design effect of section 4.
# - Z. Shang et al.: *Learning Contrastive Feature Representations for Facial Action Unit
#   Detection*, arXiv:2402.06165, 2024.
