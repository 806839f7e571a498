# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Positive pairs: what a face is compared with
#
# **You will**
#
# - make two *views* of a face, and say what a view may change;
# - split a batch into faces with the same and with another label, for each action unit anew;
# - find three kinds of *positive*, on faces and in code;
# - work out how many positives each kind gets wrong when labels are wrong;
# - see why some batches teach nothing about a rare action unit, and mend that.
#
# **You need** notebooks 00 and 01, 40 minutes of reading, and about a minute of computing. Every
# face is **synthetic**: that is why we know the truth behind each label.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %% [markdown]
# ## 1. Two views of one face
#
# Contrastive learning never says "this is a smile". It says: *these two belong together, those two
# do not*. The first two are a **positive pair**.
#
# The cheapest pair needs no label. Change one picture in two ways that do not matter: a little
# brighter, a little moved. The results are two **views**.
#
# We take people of `synth-bp4d` from whom the library's encoder has *not* learned.

# %%
import numpy as np
import pandas as pd
import torch

from aunce_lib import Views, load_pretrained
from aunce_lib.corpora import folds, synthetic
from aunce_lib.inspection import face_grid, plot_roles

corpus = synthetic.load("synth-bp4d", n_frames=6)
_, faces = folds.published("synth-bp4d", fold=1).split(corpus)  # the people that we test on
faces = faces.take(np.random.default_rng(0).permutation(len(faces)))  # in no order
encoder = load_pretrained("aunce").encoder
print("loaded from data/pretrained;", faces)

# %%
generator = torch.Generator().manual_seed(1)
views = Views(strength=0.6)
shown = faces.images([0, 1, 2])  # uint8 (3, 3, 64, 64)
pictures, titles = [], []
for face in shown:
    many = views(face.expand(7, -1, -1, -1), generator)[0]
    pictures += [face, *(255 * many).byte()]
    titles += ["the picture"] + [f"view {number}" for number in range(7)]
figure, _ = face_grid(np.stack(pictures), titles, columns=8, scale=1.15)

# %% [markdown]
# *The figure:* three synthetic faces, and seven views of each. Light, colour, place and sharpness
# differ, some are mirrored. The expression stays.
#
# What a view changes, the encoder learns to ignore. So **a view may change only what the label does
# not depend on.**
#
# ### Exercise 1: what may a view change? (easy, 3 minutes)
#
# We want to detect action units (AUs) of the upper and the lower face, coded as active if *either
# side* shows them. Return the names of the changes that are allowed.
#
# <details><summary>Hint 1</summary>Could a coder who sees only the changed picture still write down
# the same labels?</details>
# <details><summary>Hint 2</summary>Two of the six hide part of the face or its fine
# folds.</details>
# <details><summary>Hint 3</summary>One more turns a raised brow into a lowered one, or nearly. The
# other three are allowed.</details>


# %%
def allowed_changes() -> set[str]:
    """Those of "brighter", "grey", "mirrored", "mouth cut off", "strong blur", "upside down"."""
    # SOLUTION
    return {"brighter", "grey", "mirrored"}
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("return a set of names")
    # END EXERCISE


# %%
from aunce_lib.checks import check_allowed_changes

check_allowed_changes(allowed_changes)

# %% [markdown]
# ## 2. Anchor, same, other
#
# Labels give more pairs. In a **batch**, some faces that are looked at together, pick one: the
# **anchor**. For AU12, every other face has the anchor's label or not. For AU4 the *same* anchor
# has other partners. Hence *twelve* embeddings for each face, one for each AU.

# %%
aus = [f"AU{au}" for au in faces.aus]
batch = faces.take(slice(0, 24))
anchor = int(batch.frames["AU12_intensity"].argmax())  # the broadest smile
for name in ("AU12", "AU4"):
    label = batch.labels[:, aus.index(name)]
    roles = np.where(label == label[anchor], "same label", "other label").astype(object)
    roles[anchor] = "anchor"
    figure, _ = plot_roles(batch.images(), roles)
    _ = figure.suptitle(f"The same 24 synthetic faces, sorted by {name}")

# %% [markdown]
# *The figures:* twice the same 24 faces. The anchor has a black frame, faces with its label a solid
# blue one, the others a dashed orange one. From the first to the second many frames change, though
# no face does.
#
# Now with views. $B$ images give $2B$ rows: first all of view 0, then all of view 1. Both carry the
# label of their image, so $y$ has the shape $(2B,)$. The other view of the anchor's image is its
# **mate**. For one AU and an anchor $a$:
#
# $$ \mathrm{Same}(a) = \{\, b \neq a : y_b = y_a \,\} $$
#
# $$ \mathrm{Other}(a) = \{\, b : y_b \neq y_a \,\} $$
#
# Rows without a label (NaN) are in neither set. The faces in $\mathrm{Other}(a)$ are the
# **negatives**.
#
# ### Exercise 2: two masks (medium, 6 minutes)
#
# Write both sets as tables of True and False, a row for each anchor, a column for each partner. You
# get the labels of the $B$ images for one AU.
#
# <details><summary>Hint 1</summary>First repeat the labels, with <code>np.tile</code>: row
# <code>a</code> and row <code>a + B</code> are two views of one image.</details>
# <details><summary>Hint 2</summary><code>y[:, None] == y</code> compares every row with every
# other. NaN equals nothing, not even itself; so it is also <i>unequal</i> to everything.</details>
# <details><summary>Hint 3</summary>For Same, take out the diagonal, <code>np.eye(len(y),
# dtype=bool)</code>. For Other, both labels must be known: <code>known[:, None] &
# known</code>.</details>


# %%
def same_and_other(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two bool tables (2B, 2B) from labels (B,) of 0, 1, NaN; row a, column b."""
    # SOLUTION
    y = np.tile(labels, 2)
    known = ~np.isnan(y)
    same = (y[:, None] == y) & ~np.eye(len(y), dtype=bool)
    other = (y[:, None] != y) & known[:, None] & known
    return same, other
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("repeat the labels, then compare")
    # END EXERCISE


# %%
from aunce_lib.checks import check_same_and_other

check_same_and_other(same_and_other)

# %% [markdown]
# ## 3. Three kinds of positive
#
# AUNCE, the method of this course, pulls the anchor to *one* positive. There are three ways to find
# it:
#
# - **self**: the mate. No label can mislead it. But it teaches little about other people.
# - **nearest**: the most similar face with the same label. It trusts one label, where the encoder
#   already agrees with it.
# - **mean**: all faces with the same label, as a mixture. It trusts every label.
#
# Here are the positives of our anchor for AU12, each with its share of the pull. For a moment we
# keep the mate out of nearest and mean (`positives_from="other_images"`).

# %%
from aunce_lib.inspection import plot_positives

views = Views(strength=0.3, hue=False)  # as in training
view0, view1 = views(faces.images(), generator)
with torch.no_grad():
    z0, z1 = encoder(view0), encoder(view1)  # (N, J, D) each
labels = torch.tensor(faces.labels)  # (N, J)

j, few = aus.index("AU12"), slice(0, 24)
pixels = (255 * torch.cat([view0[few], view1[few]])).byte()
figure, _ = plot_positives(
    z0[few], z1[few], labels[few], pixels, anchor, j, positives_from="other_images"
)
_ = figure.suptitle("AU12: an anchor, and the synthetic faces it is pulled to")

# %% [markdown]
# *The figure:* three rows, each with the anchor at the left. Row *self* holds the other view of the
# same picture, row *nearest* one face of another picture. Row *mean* holds the seven strongest of
# all faces with the same label, each with a small share.
#
# In formulas. An embedding $z$ lies on the **unit sphere**: it has length 1. So $z_a \cdot z_b$ is
# the cosine of an angle, from 1 (equal) to −1 (opposite). Divided by a **temperature** $\tau$ it is
# the **similarity** $s_{ab} = z_a \cdot z_b / \tau$. The loss (notebook 03) needs one number $P$:
# how well the anchor agrees with its positive.
#
# $$ \log P_{\mathrm{self}} = s_{a,\mathrm{mate}} $$
#
# $$ \log P_{\mathrm{nearest}} = \max_{b \in \mathrm{Same}(a)} s_{ab} $$
#
# $$ \log P_{\mathrm{mean}} = \log \frac{1}{|\mathrm{Same}(a)|}
# \sum_{b \in \mathrm{Same}(a)} e^{s_{ab}} $$
#
# Why a mean of $e^s$, not of $s$? Take the derivative. The logarithm splits off the constant
# $1/|\mathrm{Same}(a)|$, and one term of the sum depends on $s_{ab}$:
#
# $$ \frac{\partial \log P_{\mathrm{mean}}}{\partial s_{ab}}
# = \frac{e^{s_{ab}}}{\sum_{c \in \mathrm{Same}(a)} e^{s_{ac}}} = \pi_b $$
#
# These are the shares in row *mean*. They sum to 1, and a more similar face pulls more.
#
# ### Exercise 3: three positives (medium, 6 minutes)
#
# For one anchor you get its similarities to all rows, and which rows are in $\mathrm{Same}(a)$.
# Return $\log P$ for the `kind` asked for.
#
# <details><summary>Hint 1</summary>For two of the kinds, keep only the rows of
# <code>same</code>.</details>
# <details><summary>Hint 2</summary><code>np.log(np.mean(np.exp(...)))</code> is the mean, as long
# as no number is large. e<sup>1000</sup> is too large for any computer.</details>
# <details><summary>Hint 3</summary>Take out the largest, m: m + log of the mean of e<sup>s −
# m</sup>.</details>


# %%
def log_positive(similarities: np.ndarray, same: np.ndarray, mate: int, kind: str) -> float:
    """log P of one anchor.

    similarities: (2B,), same: (2B,) bool, mate: a row, kind: "self", "nearest" or "mean".
    """
    # SOLUTION
    if kind == "self":
        return similarities[mate]
    s = similarities[same]
    if kind == "nearest":
        return s.max()
    return s.max() + np.log(np.mean(np.exp(s - s.max())))
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("three kinds, three formulas")
    # END EXERCISE


# %%
from aunce_lib.checks import check_log_positive

check_log_positive(log_positive)

# %% [markdown]
# ### A surprise: who is nearest?
#
# Predict first. If the mate *may* be chosen, as in the published method, how often is the nearest
# positive simply the mate? We ask two encoders: one that has seen no label yet, and the trained
# one.

# %%
from aunce_lib import TrainConfig
from aunce_lib.inspection import mate_shares
from aunce_lib.pretrained import start_encoder

few = slice(0, 64)
start = start_encoder(TrainConfig.quick(), len(corpus.aus)).eval()  # saw faces, but no label
with torch.no_grad():
    beginner = [start(view[few]) for view in (view0, view1)]
temperatures = (0.05, 0.1, 0.2, 0.5)
mates = {
    "before": mate_shares(*beginner, labels[few], temperatures),
    "trained": mate_shares(z0[few], z1[few], labels[few], temperatures),
}
(100 * pd.concat(mates, axis=1)).round(1)

# %% [markdown]
# Percentages, in a batch of 64 images. *nearest*: how often the nearest positive is the mate.
# *mean*: the share of the pull that goes to the mate.
#
# Chance would be one in some dozens. *Nearest* picks the mate far more often, and then it is *self*
# under another name. And the lower the temperature, the more the pull of *mean* gathers on the
# nearest faces. Three kinds on paper need not be three kinds in practice.
#
# ### The mixture
#
# AUNCE draws the kind anew for each AU and each step: self with probability .2, mean with .6,
# nearest with .2.

# %%
from aunce_lib import Positive, PositiveSampler

sampler = PositiveSampler(generator=torch.Generator().manual_seed(0))
steps = [[Positive(kind).name.lower() for kind in sampler(12, 48).tolist()] for _ in range(5)]
pd.DataFrame(steps, columns=aus, index=[f"step {number}" for number in range(5)])

# %% [markdown]
# Choose an anchor and an AU, and look at what each kind draws. Then flip some labels.

# %% tags=["widget"]
from aunce_lib.widgets import PairSampler

PairSampler()

# %% [markdown]
# ## 4. When labels are wrong
#
# We turn the dial: each label is flipped with probability $\varepsilon$ = 20 %. Here are faces that
# are *labelled* active for AU2, the raised outer brow.

# %% tags=["cover"]
from aunce_lib.corpora import dials

noisy, j = dials.flip_labels(corpus, 0.2), aus.index("AU2")
claimed = np.random.default_rng(0).permutation(np.flatnonzero(noisy.labels[:, j] == 1))
wrong = corpus.labels[claimed, j] == 0
roles = np.where(wrong[:24], "wrong label", "right label")
figure, _ = plot_roles(corpus.images(claimed[:24]), roles)
_ = figure.suptitle(f"24 synthetic faces labelled active for AU2; {wrong[:24].sum()} are not")
print(f"AU2 is active in {(corpus.labels[:, j] == 1).mean():.0%} of all faces.")
print(f"Of the {len(wrong)} that are labelled active, {wrong.mean():.0%} are not.")

# %% [markdown]
# *The figure:* 24 faces, all labelled active. Those in a dotted orange-red frame do not raise the
# outer brow: their label was flipped. Only one label in five was, but far more than one in five of
# *these*. Why?
#
# Count in 1,000 faces. Say a share $r$ of 17 % is active: 170 faces, of which 136 keep their label.
# Of the other 830 a fifth are *given* the label: 166. So 302 faces are labelled active, and 136 of
# them are: 45 %. **More than half of all active labels are wrong**, because there are so many
# inactive faces to make mistakes on.
#
# ### Exercise 4: how true is a label? (medium, 5 minutes)
#
# For any rate $r$ and any share of flips $\varepsilon$: of the faces *labelled* active, which share
# is active in truth?
#
# <details><summary>Hint 1</summary>Two groups are labelled active: active ones that kept the label,
# and inactive ones that were given it.</details>
# <details><summary>Hint 2</summary>The first group is r (1 − ε) of all faces.</details>
# <details><summary>Hint 3</summary>The second group is (1 − r) ε. Divide the first by the sum of
# both.</details>


# %%
def true_share(rate: float, flipped: float) -> float:
    """Share of the active labels that are true, 0 to 1."""
    # SOLUTION
    kept = rate * (1 - flipped)
    given = (1 - rate) * flipped
    return kept / (kept + given)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("who is labelled active, and who of them is?")
    # END EXERCISE


# %%
from aunce_lib.checks import check_true_share

check_true_share(true_share)

# %%
from aunce_lib.inspection import plot_truth

rates = synthetic.labels("synth-bp4d", "small").rates().rate
rate = np.linspace(0.02, 0.7, 69)
curves = {eps: pd.Series(true_share(rate, eps), rate) for eps in (0.05, 0.1, 0.2, 0.3)}
some = rates[["AU24", "AU4", "AU17", "AU6", "AU10"]]
_ = plot_truth(pd.DataFrame(curves), some, "The rarer an AU, the less its active labels mean")

# %% [markdown]
# *The figure:* AUs get more frequent from left to right; the names above mark some of synth-bp4d.
# All curves rise from near 0. With 20 % flipped, an active label is as good as a coin (the dotted
# line) where the rate is 20 %.
#
# ### From labels to pairs
#
# The loss sees pairs: "these two are the same", "these two differ". About *any* two faces, the
# claim is right if both labels are right, or both wrong:
#
# $$ P(\text{claim is right}) = (1-\varepsilon)^2 + \varepsilon^2 $$
#
# With $\varepsilon$ = 20 % that is 68 %, for every AU, rare or not. But not all claims are equally
# good. Let $p$ be your `true_share`, and $p'$ the same for inactive labels. Two random faces that
# are both *labelled active* agree in truth if both are active or neither is: $p^2 + (1-p)^2$. Two
# that are labelled differently differ in truth if both labels are right or both wrong: $p\,p' +
# (1-p)(1-p')$.

# %%
r, eps = 0.17, 0.2
p, q = true_share(r, eps), true_share(1 - r, eps)  # q: an inactive label is "active" of rate 1 − r
pairs = {
    "any two faces": (1.0, (1 - eps) ** 2 + eps**2),
    "both labelled active": ((active := r * (1 - eps) + (1 - r) * eps) ** 2, p**2 + (1 - p) ** 2),
    "both labelled inactive": ((1 - active) ** 2, q**2 + (1 - q) ** 2),
    "labelled differently": (2 * active * (1 - active), p * q + (1 - p) * (1 - q)),
}
pairs = pd.DataFrame(pairs, index=["share of all pairs (%)", "claim is right (%)"]).T
(100 * pairs).round(1)

# %% [markdown]
# For a rare AU, "both are active" is hardly better than the toss of a coin. In the last line,
# "these two differ" is right in fewer than half of the cases. **No choice of positives mends the
# negatives.**
#
# ## 5. How many positives are false?
#
# The formula draws any face with the label. The kinds of positive are less blind. So we flip
# labels, let the loss choose in batches of 64, and ask how much of the pull goes to a **false
# positive**, a face whose *true* label is not the anchor's.
#
# Predict, for anchors labelled active: which kind has the fewest, which the most?

# %%
import matplotlib.pyplot as plt

from aunce_lib.inspection import false_positives, plot_false_positives

shares = {"views": {}, "other_images": {}}
for source, by_flips in shares.items():
    for eps in (0.0, 0.1, 0.2, 0.3):
        spoiled = dials.flip_labels(faces, eps, seed=3).labels
        found = false_positives(z0, z1, spoiled, faces.labels, positives_from=source)
        by_flips[eps] = found[found.label == 1].groupby("kind", sort=False).share.mean()

# %%
flips = np.linspace(0, 0.3, 31)
blind = [(2 * true_share(rates, e) * (1 - true_share(rates, e))).mean() for e in flips]
_, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
for ax, (source, by_flips) in zip(axes, shares.items(), strict=True):
    title = "the mate may be chosen" if source == "views" else "only other images, but for self"
    plot_false_positives(pd.DataFrame(by_flips).T, pd.Series(blind, flips), title, ax)

# %% [markdown]
# *The figure:* the share of the pull towards false positives, over the share of flipped labels, for
# anchors labelled active. Left, a positive may be the mate; right, only another image. The dashed
# line is the blind formula, $2p(1-p)$: two faces labelled active disagree in truth; averaged over
# the AUs.
#
# **Explain this figure** (4 minutes). Why does *self* stay at zero? Where is *mean*, compared with
# the dashed line? What is different about *nearest* in the two panels, and where does its
# robustness come from?
#
# <details><summary>What a good answer holds</summary>
#
# - Both views share one picture, hence one truth. Whatever the label says, a mate is never false.
# - *Mean* takes all faces with the label, nearly as the blind formula does. It stays below the line
#   as far as the encoder gives true partners a larger share, and as the mate is among them.
# - Left, *nearest* is often the mate, then as safe as *self*, and as uninformative. Right, it must
#   choose another face, and its line rises. As far as it stays below *mean*, the encoder knows
#   better than the labels. An encoder at the start of its training does not know yet.
# - An anchor with a wrong label often finds, as nearest, another face whose label is wrong in the
#   same way. Then the labels err, but the pair is right.
#
# </details>
#
# Coins are only one way to be wrong. We set three dials to about the same share of wrong labels.

# %%
kinds_of_noise = {
    "flipped": dials.flip_labels(faces, 0.1),
    "weak events missed": dials.miss_weak_events(faces, 0.5),
    "a careless coder": dials.careless_coder(faces, share=0.25, rate=0.4),
}
table = {}
for name, spoiled in kinds_of_noise.items():
    found = false_positives(z0, z1, spoiled.labels, faces.labels, positives_from="other_images")
    found = found[found.kind == "mean"].groupby("label").share.mean()
    wrong = np.mean(spoiled.labels != faces.labels)
    table[name] = {"wrong labels": wrong, "active anchors": found[1], "inactive anchors": found[0]}
(100 * pd.DataFrame(table).T).round(1).rename_axis(columns="false pull of mean (%)")

# %% [markdown]
# With missed events every face that is labelled active *is* active: all the harm is among the
# inactive. When you read that a method is "robust to noise", ask: to which?
#
# ### Does the mixture help?
#
# The end is a better detector. A study trained encoders with one kind of positive only, without
# *self*, and with all three. It is loaded from `data/results/positives.csv`. *Views* and
# *other_images* are the two panels of the figure above.

# %%
from aunce_lib.inspection import read_study, summarise

positives = read_study("positives")
summary = summarise(positives, by=["noise", "positives_from", "loss"])
(100 * summary["mean"].unstack("noise")).round(1).rename_axis(
    columns="macro F1 (%), labels flipped"
)

# %%
from aunce_lib.inspection import paired_differences

mixture, *rivals = ("all three", "only self", "only mean", "only nearest", "without self")
views_only = positives[positives.positives_from == "views"]
differences = [paired_differences(views_only, mixture, rival) for rival in rivals]
differences = pd.concat(differences).reset_index(["noise", "pair"], allow_duplicates=True)
differences = differences[["pair", "noise", "difference", "low", "high", "n"]]
differences.reset_index(drop=True).round(3)

# %% [markdown]
# `difference` is how much F1 the mixture has gained over another choice, on the same people and
# seeds. Where 0 lies between `low` and `high`, this study has shown no difference. Which rows do
# show one? Is it the same for clean and for flipped labels?
#
# ## 6. Batches that teach something
#
# If nobody in a batch shows AU9, then for AU9 nobody has a negative, and the batch teaches nothing
# about it. The same if *everybody* shows it.
#
# ### Exercise 5: an empty lesson (easy, 4 minutes)
#
# Faces are drawn at random. With which probability has a batch of $B$ faces no pair of different
# labels, for an AU of rate $r$?
#
# <details><summary>Hint 1</summary>In which two cases do all faces have one label?</details>
# <details><summary>Hint 2</summary>One face is inactive with probability 1 − r. And B of
# them?</details>
# <details><summary>Hint 3</summary>All inactive, or all active. The cases exclude each other, so
# add them.</details>


# %%
def no_lesson(rate: float, batch_size: int) -> float:
    """Probability that a batch holds only one of the two labels."""
    # SOLUTION
    return (1 - rate) ** batch_size + rate**batch_size
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("all inactive, or all active")
    # END EXERCISE


# %%
from aunce_lib.checks import check_no_lesson

check_no_lesson(no_lesson)

# %% [markdown]
# Is it true? We count in random batches of 32 from `synth-disfa`, and in **balanced batches**.
# Those hold an active and an inactive face for each AU, the rarest first, and are then filled up at
# random.

# %%
from aunce_lib import BalancedBatchSampler
from aunce_lib.inspection import plot_batches

disfa = synthetic.labels("synth-disfa", "small")
known = torch.tensor(disfa.labels)
order = torch.randperm(len(known), generator=torch.Generator().manual_seed(0))
ways = {
    "random batches": order[: len(order) // 32 * 32].view(-1, 32).tolist(),
    "balanced batches": list(BalancedBatchSampler(known, batch_size=32)),
}
active = {name: torch.stack([known[b].sum(0) for b in batches]) for name, batches in ways.items()}
lessons = pd.DataFrame({name: ((n == 0) | (n == 32)).float().mean(0) for name, n in active.items()})
lessons.insert(0, "your formula", no_lesson(disfa.rates().rate.to_numpy(), 32))
lessons.index = disfa.rates().index
_ = plot_batches(lessons, "Batches without a lesson, synth-disfa, 32 faces")

# %% [markdown]
# *The figure:* for each AU your formula, and the counts in random and in balanced batches. For the
# rarest AUs many random batches teach nothing. All balanced ones teach something: their bars have
# no height.
#
# The cost: if an AU is rarer than one face in a batch, the same few must come again and again,
# wrong labels included. The next cell counts, for smaller and smaller batches.

# %%
costs = {}
for size in (32, 24, 16):
    drawn = torch.tensor(list(BalancedBatchSampler(known, size)))  # (batches, size)
    seen = torch.bincount(drawn.flatten(), minlength=len(known))
    costs[size] = {"seen more than once": (seen > 1).sum().item(), "at most": seen.max().item()}
    costs[size] |= {"never seen": (seen == 0).sum().item(), "faces": len(known)}
pd.DataFrame(costs).T.rename_axis("batch size")

# %% [markdown]
# ## What you have seen
#
# - A **view** may change what the label does not depend on, and teaches the encoder to ignore it.
# - For each AU the batch is split anew into **same** and **other**.
# - **Self** trusts no label, **nearest** one, **mean** all. As published, nearest may be the mate.
# - Flip a fifth of the labels, and of a rare AU's active labels **more than half are wrong**.
# - Better positives do not mend wrong **negatives**.
# - A batch without both labels teaches **nothing**; balanced batches prevent that, at a price.
#
# ## Try this
#
# - Embed with `start`, the encoder that has seen no label, from section 3 on. Which line of the
#   figure in section 5 moves?
# - Give `mate_shares` the first 64 faces of `corpus` as they come, not mixed. Why is nearest the
#   mate less often? (Who stands beside whom in a recording?)
# - Draw the figure of section 5 for anchors labelled *inactive*. Why is it so much tamer?
#
# ## How far you have come

# %%
from aunce_lib.checks import progress

progress()

# %% [markdown]
# ## References
#
# - Z. Shang et al.: *Learning Contrastive Feature Representations for Facial Action Unit
#   Detection*, arXiv:2402.06165, 2024.
# - T. Chen et al.: *A Simple Framework for Contrastive Learning of Visual Representations*, ICML
#   2020. Two views, and which changes matter.
# - D. Dwibedi et al.: *With a Little Help from My Friends: Nearest-Neighbor Contrastive Learning of
#   Visual Representations*, ICCV 2021.
# - B. Frénay, M. Verleysen: *Classification in the Presence of Label Noise: A Survey*, IEEE
#   Transactions on Neural Networks and Learning Systems 25, 2014.
