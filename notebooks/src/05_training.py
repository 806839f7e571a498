# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Training: watch an encoder learn, and see it fail on purpose
#
# **You will**
#
# - write one training step in the right order, and the learning rate of every step;
# - derive alignment and uniformity from the loss, and code them;
# - train live, and compare AUNCE with plain cross-entropy at equal compute;
# - make an encoder collapse, and recognise the loss at which it stands still;
# - read the study's table without fooling yourself.
#
# **You need** notebooks 00 to 04, 40 minutes, and about a minute of computing. Every face is
# **synthetic**, drawn by this library.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %% [markdown]
# ## 1. The result first
#
# The study trained several losses on two synthetic corpora, on clean labels (noise 0) and with a
# share of the training labels flipped. Each had several **seeds**; a seed fixes all chance in a
# run. All had the same encoder, faces and number of steps (**equal compute**), and were tested on
# people unseen.

# %%
import pandas as pd

from aunce_lib.inspection import paired_differences, read_study, summarise

results = read_study("main")  # data/results/main.csv, made by `aunce study main`
means = summarise(results, "macro_f1", ["corpus", "noise", "loss"])["mean"]
print(f"{len(results)} runs: {results.loss.nunique()} losses, {results.seed.nunique()} seeds each")
means.unstack(["corpus", "noise"]).round(3)

# %% [markdown]
# AUNCE comes in two variants: *official* as published, *corrected* without its slips (notebook 03).
# A recipe of our own, where the table has one, is neither.
#
# NT-Xent and HCL see no label; HCL weighs similar negatives more. Where does AUNCE lose to
# cross-entropy? We subtract run by run: same people, same seed. A line says *loses* or *wins* only
# where the 95 % interval, in brackets, leaves 0 out.

# %%
from aunce_lib.inspection import plot_differences

baseline, rows = "weighted BCE", ["corpus", "noise"]
variants = [name for name in results.loss.unique() if name.startswith("AUNCE")]
pairs = [paired_differences(results, name, baseline, by=rows) for name in variants]
differences = pd.concat(pairs)
for (pair, corpus, noise), row in differences.sort_values("difference").iterrows():
    verdict = "loses by" if row.high < 0 else "wins by" if row.low > 0 else "is level,"
    amount = abs(row.difference) if verdict != "is level," else row.difference
    interval = f"{amount:.3f} ({row.low:+.3f} … {row.high:+.3f})"
    print(f"{pair.split(' - ')[0]}, {corpus}, noise {noise:g}: {verdict} {interval}")
_ = plot_differences(differences, f"macro F1, less that of {baseline}")

# %% [markdown]
# *The figure:* a point with its interval for each variant of AUNCE, corpus and noise. Left of the
# line cross-entropy is better.
#
# Weighted binary cross-entropy ("BCE") is told for every face what to answer. A contrastive loss
# arranges *all pairs* of faces, of which the probe needs only one direction. Does that pay when
# labels are wrong? See the noise lines, notebook 07 and `docs/results.md`.
#
# ## 2. One step
#
# We train on a few easier synthetic faces. Some training people are put aside, to watch the encoder
# on.

# %%
from aunce_lib.corpora import folds, synthetic

# 41 people in 8 tasks, of each task 5 frames
corpus = synthetic.load("synth-bp4d", n_frames=5, image_size=48, difficulty="tutorial")
train, test = folds.published("synth-bp4d", fold=1).split(corpus)
learners, watched = folds.holdout(train, 0.15, seed=0).split(train)
print("learn from", learners, "\nwatch     ", watched, "\ntest      ", test)

# %%
import numpy as np
import torch

from aunce_lib import Views
from aunce_lib.inspection import face_grid

batch = learners.images(np.arange(0, len(learners), len(learners) // 6)[:6])
view0, view1 = Views(48, strength=0.3)(batch, torch.Generator().manual_seed(1))
shown = (255 * torch.cat([view0, view1])).byte()
_ = face_grid(shown, ["view 0"] * 6 + ["view 1"] * 6, columns=6, scale=1.2)

# %% [markdown]
# *The figure:* six synthetic faces, each in two views that differ in place, size, colour and side.
#
# A **step** does five things with such a batch: embed both views, compute the loss, forget the
# gradients of the step before, compute new ones, move all weights a little against them. In a wrong
# order the loss only falls more slowly, or not at all.
#
# ### Exercise 1: one training step (medium, 6 minutes)
#
# `model(view)` embeds a view, `criterion(z0, z1, labels)` gives the loss. Take one step, and return
# the loss as a number. Remember notebook 04: one call for each view.
#
# <details><summary>Hint 1</summary>PyTorch <em>adds</em> new gradients to those that are there.
# What must happen before <code>loss.backward()</code>?</details>
# <details><summary>Hint 2</summary><code>optimizer.step()</code> uses the gradients that it finds.
# So what must come before it, and what not between?</details>
# <details><summary>Hint 3</summary>Loss, <code>zero_grad</code>, <code>backward</code>,
# <code>step</code>, <code>return loss.item()</code>.</details>


# %%
def training_step(model, criterion, optimizer, view0, view1, labels) -> float:
    """One step on two views (B, 3, S, S) of a batch with labels (B, J); returns the loss."""
    # SOLUTION
    loss = criterion(model(view0), model(view1), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("loss, forget, gradients, step: in which order?")
    # END EXERCISE


# %%
from aunce_lib.checks import check_training_step

check_training_step(training_step)

# %% [markdown]
# Now a real encoder, on 64 faces again and again. If your step is right, the loss falls.

# %%
from aunce_lib import AUNCELoss, Encoder

torch.manual_seed(0)
small = Encoder(len(train.aus), dim=32, image_size=48)
adam = torch.optim.AdamW(small.parameters(), lr=1e-3)
few = np.linspace(0, len(learners) - 1, 64).astype(int)
pair = Views(48, strength=0.3)(learners.images(few), torch.Generator().manual_seed(0))
targets = torch.tensor(learners.labels[few])
losses = [training_step(small, AUNCELoss(), adam, *pair, targets) for _ in range(15)]
print("loss:", *(f"{loss:.2f}" for loss in losses[::2]))

# %% [markdown]
# ## 3. Two numbers to watch
#
# No two losses share a scale. Two other numbers can be compared, and both come out of the loss.
#
# ### On faces
#
# *Do the two views of a face land together?* That is **alignment**. *Do different faces spread
# out?* That is **uniformity**. Never read one without the other: an encoder that sends every face
# to one point answers the first perfectly.
#
# Here are the four pairs of views that lie nearest for AU12 in the shipped encoder, and the four
# farthest.

# %%
from aunce_lib import TrainConfig, load_or_train

harder = synthetic.load("synth-bp4d", "tiny", n_people=41)
known, strangers = folds.published("synth-bp4d", fold=1).split(harder)
shipped = load_or_train("aunce", known, TrainConfig(epochs=4, batch_size=32))
some = strangers.images(np.arange(0, len(strangers), 4))
pairs = Views(shipped.encoder.image_size, strength=0.3)(some, torch.Generator().manual_seed(0))
with torch.no_grad():
    z0, z1 = (shipped.encoder(view)[:, strangers.aus.index(12)] for view in pairs)
apart = 2 - 2 * (z0 * z1).sum(dim=1)  # see the formula below
chosen = apart.argsort()[[0, 1, 2, 3, -4, -3, -2, -1]]
shown = (255 * torch.cat([view[chosen] for view in pairs])).byte()
_ = face_grid(shown, [f"{distance:.2f}" for distance in apart[chosen].abs()] * 2, columns=8)

# %% [markdown]
# *The figure:* synthetic test faces, one view above the other, with their squared distance. What
# moved the four on the right so far: the picture, or a smile that is hardly one?
#
# ### In formulas
#
# On the unit sphere $z \cdot z' = 1 - \tfrac12 \lVert z - z' \rVert^2$. Put that into the loss of
# notebook 03, for an anchor $a$ whose positive is its other view $a'$, and $n$ negatives $b$ (faces
# with the *other* label). It is $L = \mathrm{softplus}(d)$, $d = \log N - \log P$, with
#
# $$ \log P = \tfrac1\tau - \tfrac{1}{2\tau} \lVert z_a - z_{a'} \rVert^2, \qquad
# \log N = \tfrac\beta\tau + \log \sum_b e^{-\frac{\beta}{2\tau} \lVert z_a - z_b \rVert^2} $$
#
# so that
#
# $$ d = \tfrac{1}{2\tau} \underbrace{\lVert z_a - z_{a'} \rVert^2}_{\text{alignment}} +
# \underbrace{\log \tfrac1n \sum_b e^{-t \lVert z_a - z_b \rVert^2}}_{\text{uniformity, against the
# other label}} + \log n + \tfrac{\beta - 1}{\tau}, \qquad t = \tfrac{\beta}{2\tau} $$
#
# Small $d$, small loss: pull the first distance in, push the others out. Wang and Isola (2020)
# named the two parts, and measure them over a whole set of faces:
#
# $$ \text{alignment} = \operatorname{mean}_a \lVert z_a - z_{a'} \rVert^2, \qquad
# \text{uniformity} = \log \operatorname{mean}_{a \ne b} e^{-2 \lVert z_a - z_b \rVert^2} $$
#
# Their mean runs over **all** pairs; AUNCE pushes only faces of the *other* label away. That
# matters in section 5.
#
# ### Exercise 2: alignment (easy, 3 minutes)
#
# Return the alignment of two views in one AU: two arrays $(N, D)$ of unit vectors, row by row.
#
# <details><summary>Hint 1</summary>What is the squared distance of one pair?</details>
# <details><summary>Hint 2</summary>Subtract, square, add up over the dimensions: <code>((z0 - z1)
# ** 2).sum(axis=1)</code>.</details>
# <details><summary>Hint 3</summary>Then the mean over the faces, not over all numbers.</details>


# %%
def my_alignment(z0: np.ndarray, z1: np.ndarray) -> float:
    """Mean squared distance of row i of z0 (N, D) and row i of z1: 0 to 4."""
    # SOLUTION
    return ((z0 - z1) ** 2).sum(axis=1).mean()
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("the mean over faces of the squared distance of their views")
    # END EXERCISE


# %%
from aunce_lib.checks import check_alignment

check_alignment(my_alignment)

# %% [markdown]
# ### Exercise 3: uniformity (medium, 6 minutes)
#
# Return the uniformity over all pairs of *different* faces, with $t$ in place of 2. A face and
# itself are no pair.
#
# <details><summary>Hint 1</summary>All squared distances at once: <code>2 - 2 * z @
# z.T</code>.</details>
# <details><summary>Hint 2</summary><code>np.triu_indices(len(z), k=1)</code> picks every pair
# once.</details>
# <details><summary>Hint 3</summary>First the exponential, then the mean, then the
# logarithm.</details>


# %%
def my_uniformity(z: np.ndarray, t: float = 2.0) -> float:
    """log of the mean of exp(-t · squared distance) over pairs of rows of z (N, D)."""
    # SOLUTION
    squared = 2 - 2 * (z @ z.T)[np.triu_indices(len(z), k=1)]
    return np.log(np.exp(-t * squared).mean())
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("pairs, distances, exp, mean, log")
    # END EXERCISE


# %%
from aunce_lib.checks import check_uniformity

check_uniformity(my_uniformity)

# %% [markdown]
# **Predict** (2 minutes). Here are three ways to arrange faces, half of them with an active AU
# (triangles). Which would a probe like best? Which has the best, the lowest, uniformity?

# %%
import matplotlib.pyplot as plt

from aunce_lib.inspection import plot_sphere

even = np.linspace(0, 2 * np.pi, 24, endpoint=False)
generator = np.random.default_rng(0)
labels = np.arange(24) % 2
angles = {
    "all at one point": 0.02 * generator.standard_normal(24),
    "two poles": np.pi * labels + 0.15 * generator.standard_normal(24),
    "spread evenly": even,
}
_, axes = plt.subplots(1, 3, figsize=(9, 3.3), layout="constrained")
for ax, (name, angle) in zip(axes, angles.items(), strict=True):
    plot_sphere(np.stack([np.cos(angle), np.sin(angle)], axis=1), labels, name, ax)

# %% [markdown]
# *The figure:* three circles with 24 dots, half of them triangles: all on one spot; round ones on
# one side, triangles on the other; both mixed evenly around.
#
# The right circle has the best uniformity, and nobody can tell active from inactive there. For *one
# label* we wish for two poles. Half of the pairs are then at distance 0, and uniformity can't fall
# below about $\log \tfrac12 = -0.69$. So lower is better only up to a point: **watch F1 beside
# it**.
#
# ## 4. How large a step
#
# The **learning rate** says how far a step goes. Two customs:
#
# - **warm-up**: it rises from nearly 0, since the first gradients come from a random network, and
#   the optimiser has not yet measured their size;
# - **half a cosine**: then it falls to 0, so that the last steps only settle.
#
# $$ \eta_k = \eta_{\max} \cdot \min\!\left(1, \frac{k + 1}{w n}\right) \cdot
# \tfrac12\!\left(1 + \cos \frac{\pi k}{n}\right), \qquad k = 0 \dots n - 1 $$
#
# for step $k$ of $n$, $w$ the share of warm-up. Both factors run over all steps.
#
# ### Exercise 4: the learning rate (easy, 5 minutes)
#
# Code $\eta_k$. Without warm-up, $w = 0$, the first factor is 1.
#
# <details><summary>Hint 1</summary>Compute the two factors one after the other.</details>
# <details><summary>Hint 2</summary><code>min(1.0, (step + 1) / (warmup * n_steps))</code> is the
# first one. Beware of dividing by 0 where there is no warm-up.</details>
# <details><summary>Hint 3</summary><code>0.5 * (1 + math.cos(math.pi * step / n_steps))</code> is
# the second one.</details>

# %%
import math


def learning_rate(step: int, n_steps: int, peak: float, warmup: float) -> float:
    """The rate of step 0 … n_steps − 1; `warmup` is a share of all steps, 0 to 1."""
    # SOLUTION
    rise = min(1.0, (step + 1) / (warmup * n_steps)) if warmup else 1.0
    return peak * rise * 0.5 * (1 + math.cos(math.pi * step / n_steps))
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("peak times rise times fall")
    # END EXERCISE


# %%
from aunce_lib.checks import check_learning_rate

check_learning_rate(learning_rate)

# %%
_, ax = plt.subplots(figsize=(6, 2.6), layout="constrained")
for share, style in ((0.0, ":"), (0.05, "-"), (0.3, "--")):
    rates = [learning_rate(step, 200, 3e-3, share) for step in range(200)]
    ax.plot(rates, style, color="#0072B2", label=f"warm-up {share:.0%}")
ax.set(xlabel="step", ylabel="learning rate", title="Your learning rate over 200 steps")
_ = ax.legend(frameon=False)

# %% [markdown]
# ## 5. Live
#
# Now all of it. `fit` steps as you did, each **epoch** once through the faces. Then it measures, on
# the people put aside: uniformity; **collapse**, the mean cosine of two faces (1: all alike); and
# the F1 of a *kNN probe*, which gives a face the labels of its nearest training faces.
#
# **Predict, then run** (2 minutes). Which of these will fall, which will rise? Will cross-entropy,
# trained next for as many steps, be ahead in F1?

# %% tags=["slow"]
import tempfile

from aunce_lib import fit
from aunce_lib.inspection import LiveHistory

settings = {"image_size": 48, "epochs": 6, "batch_size": 32, "learning_rate": 3e-3}
config = TrainConfig(**settings, temperature=0.2, keep_epochs=tuple(range(7)))


def train_live(name, config, others=()):
    """Train with a figure that grows; returns the run."""
    live, folder = LiveHistory(name, dict(others)), tempfile.mkdtemp()
    run = fit(learners, config, folder, validation=watched, progress=False, on_epoch=live)
    print(f"{name}: trained in {run.history.seconds.sum():.0f} s")
    return run


aunce = train_live("AUNCE", config)

# %% [markdown]
# Cross-entropy trains the same encoder, with a classifier on each embedding.

# %% tags=["slow"]
entropy = train_live("cross-entropy", TrainConfig(**settings, loss="bce"), {"AUNCE": aunce.history})

# %% [markdown]
# *The figure:* small panels over the epochs, AUNCE in blue, cross-entropy in orange: the loss of
# each (do not compare these), alignment, uniformity, collapse, and F1 of the kNN probe.
#
# Look at collapse. Does cross-entropy begin with most faces at one point, and move them apart step
# by step? Its classifier needs one direction only. Does AUNCE spread them at once, and then work on
# their order?

# %%
from aunce_lib.inspection import plot_plane

paths = {"AUNCE": aunce.history, "cross-entropy": entropy.history}
_ = plot_plane(paths, "Two trainings, an epoch a dot; the last is the largest")

# %% [markdown]
# And on people whom neither has seen, with a linear probe, as in notebook 00:

# %%
from aunce_lib import embed, fit_probe
from aunce_lib.inspection import plot_f1_bars
from aunce_lib.trial import evaluate_on


def test_on_strangers(run):
    """Scores of a linear probe on the test people."""
    z = embed(run.encoder, train)
    probe = fit_probe(z, train.labels, train.subjects, train.aus)
    return evaluate_on(run.encoder, probe, test, train.labels)[0]


scores = {"AUNCE": test_on_strangers(aunce), "cross-entropy": test_on_strangers(entropy)}
ahead = max(scores, key=lambda name: scores[name].macro_f1)
_ = plot_f1_bars(scores, f"After {config.epochs} epochs on synthetic faces {ahead} is ahead")

# %% [markdown]
# Compare with the dashed lines first: a bar below its own has gained nothing. And one seed is an
# illustration. Evidence is in section 1.
#
# **Explain this figure** (4 minutes): who has the better uniformity, who the better F1? How can
# that be?
#
# <details><summary>What a good answer holds</summary>
#
# - Uniformity counts all pairs. Spreading faces of *one label* improves it too, and helps nobody.
# - Spreading needs something to tell faces apart by, and who it is, or the light, is easier to see
#   than a pressed lip.
# - F1 asks for one thing: does one direction part active from inactive, also for strangers?
# - So alignment and uniformity tell *what kind* of arrangement was learned and whether it
#   collapsed, not how good it is.
#
# </details>
#
# ## 6. Collapse, on purpose
#
# A contrastive loss has a trap. If all faces sit at one point, every positive is perfect. The
# negatives are *all equally* bad: nothing pushes anybody out. An encoder falls into it when steps
# are large and the only pull is towards *other* faces with the same label.
#
# We do just that: positives from other images only, and ten times the rate, with no warm-up and no
# fall.

# %% tags=["slow"]
wild = TrainConfig(
    image_size=48,
    epochs=2,
    batch_size=64,
    learning_rate=3e-2,
    warmup=0.0,
    cosine=False,
    probabilities={"mean": 1.0},
    positives_from="other_images",
)
fallen = train_live("collapsed", wild, {"AUNCE": aunce.history})
print(fallen.history[["loss", "alignment", "uniformity", "collapse", "knn_f1"]].round(3))

# %% [markdown]
# Read the last row (the first, if yours climbed out again). Alignment is perfect. Nothing else is.
# And the loss stands still. At which number?
#
# ### Exercise 5: the loss of a collapsed encoder (medium, 6 minutes)
#
# All embeddings are equal, so every dot product is 1. Return the loss $-\log \frac{P}{P + N}$ of an
# anchor: $P = e^{1/\tau}$ is the positive's part, $N$ the sum over $n$ negatives, each
# $e^{\beta/\tau}$.
#
# <details><summary>Hint 1</summary>Write down P and N as numbers.</details>
# <details><summary>Hint 2</summary>Divide above and below by P. With β = 1 it must come to
# log(1 + n).</details>
# <details><summary>Hint 3</summary>It is <code>log(1 + N / P)</code>. In N / P, a quotient of
# exponentials, only β − 1 and τ are left beside n.</details>


# %%
def collapsed_loss(n_negatives: int, beta: float, temperature: float) -> float:
    """AUNCE's loss of one anchor when all embeddings are equal."""
    # SOLUTION
    return math.log(1 + n_negatives * math.exp((beta - 1) / temperature))
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("−log(P / (P + N)) with P = exp(1 / τ)")
    # END EXERCISE


# %%
from aunce_lib.checks import check_collapsed_loss

check_collapsed_loss(collapsed_loss)

# %% [markdown]
# Now predict the plateau of the run above. In a batch of 64 faces, each in two views, an active
# anchor of an AU with rate $r$ has about $128\,(1 - r)$ negatives, an inactive one $128\,r$.

# %%
rates = np.nanmean(learners.labels, axis=0)  # (J,)
tau, views_a_batch = wild.temperature, 2 * wild.batch_size
plateau = np.mean(
    [
        rate * collapsed_loss(views_a_batch * (1 - rate), wild.beta_active, tau)
        + (1 - rate) * collapsed_loss(views_a_batch * rate, wild.beta_inactive, tau)
        for rate in rates
    ]
)
print(f"predicted for a collapsed encoder: {plateau:.2f}")
print(f"loss of the last epoch:            {fallen.history.loss.iloc[-1]:.2f}")

# %% [markdown]
# (Real batches scatter around the mean rate, which lowers the mean of a logarithm a little.)
#
# **That is what a flat loss near $\log(1 + \text{negatives})$ means.** If you see it: lower the
# rate, warm up, add a self-supervised positive (the other view), or start from trained weights. But
# a rare AU may have a high `collapse` and be fine. If 9 of 10 faces sit at one pole and 1 at the
# other, the mean cosine is $(1 - 2 \cdot 0.1)^2 = 0.64$.
#
# ## 7. The movie
#
# Here are the embeddings themselves. Each epoch is turned to fit the next, since rotating the whole
# sphere changes nothing.

# %%
from aunce_lib.epochs import load_epochs, save_epochs

try:
    epochs = load_epochs("aunce")
    print("epochs: loaded from data/pretrained")
except FileNotFoundError:  # then those of the run above
    folder = tempfile.mkdtemp()
    save_epochs("own", aunce.folder, corpus, folder=folder)
    epochs = load_epochs("own", folder)
    print("epochs: those of your own training above")

# %% tags=["widget", "cover"]
from aunce_lib.widgets import TrainingMovie

TrainingMovie(epochs, au=12)

# %% [markdown]
# *Try:* play it coloured by label, then by person. Choose a rare AU. In which epoch does the order
# appear?
#
# ## 8. Load or train
#
# AUNCE and its cross-entropy twin ship with the library, trained alike on harder faces. Where do
# they put strangers?

# %%
from aunce_lib.evaluation import collapse, uniformity
from aunce_lib.evaluation.geometry import dimensions_used

twin = TrainConfig(loss="bce", epochs=4, batch_size=32)  # only if it is not there
rows = {}
models = {"AUNCE": shipped, "cross-entropy": load_or_train("cross-entropy", known, twin)}
for name, model in models.items():
    scored, z = evaluate_on(model.encoder, model.probe, strangers, known.labels)
    rows[name] = {
        "macro F1": scored.macro_f1,
        "uniformity": uniformity(z),
        "collapse": collapse(z),
        "dimensions used": dimensions_used(z),
    }
pd.DataFrame(rows).T.round(2)

# %% [markdown]
# *Dimensions used* is 1 if all faces of an AU lie on one line, as two poles do, and largest if they
# spread alike in all dimensions.
#
# ## What you have seen
#
# - Cross-entropy is a hard opponent: section 1.
# - A **step**: loss, forget, gradients, move; one call for each view.
# - The loss splits into **alignment** and a **uniformity** against the other label. Read both,
#   beside F1.
# - **Collapse** is perfect alignment. Its loss is known in advance:
#   $\log(1 + n\,e^{(\beta - 1)/\tau})$.
# - One seed is an illustration; paired runs with intervals are evidence.
#
# ## Try this
#
# - In section 6 give the mixture back its self-supervised part:
#   `probabilities={"self": 0.2, "mean": 0.6, "nearest": 0.2}`. Does it still collapse? Then lower
#   the rate instead.
# - Train AUNCE with `temperature=0.5`. Which way does uniformity move, and F1?
# - Flip labels with `aunce_lib.corpora.dials.flip_labels(learners, 0.2)` and repeat section 5. Who
#   loses more?
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
# - T. Wang, P. Isola: *Understanding Contrastive Representation Learning through Alignment and
#   Uniformity on the Hypersphere*, ICML 2020.
# - I. Loshchilov, F. Hutter: *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017 (the
#   cosine), and *Decoupled Weight Decay Regularization*, ICLR 2019 (AdamW).
# - P. Goyal et al.: *Accurate, Large Minibatch SGD*, arXiv:1706.02677, 2017 (warm-up).
# - Z. Shang et al.: *Learning Contrastive Feature Representations for Facial Action Unit
#   Detection*, arXiv:2402.06165, 2024.
