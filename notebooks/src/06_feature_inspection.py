# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Looking into features: what an embedding has kept, and how its pictures mislead
#
# **You will**
#
# - ask a face for its neighbours, and tell a result from chance;
# - derive PCA, and know what t-SNE and UMAP keep and what they give up;
# - catch all three misleading you, on data whose truth is known;
# - measure what an embedding has kept of label, person and light;
# - ask which pixels a score rests on, and compare with the pixels that the muscle moves.
#
# **You need** notebooks 00 and 05, 50 minutes of reading, and a minute of computing. Every face is
# **synthetic**, drawn by this library.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %% [markdown]
# Two encoders ship with the library, one trained with AUNCE, one with cross-entropy. We look at the
# test people of fold 1 of `synth-bp4d`, whom neither has seen.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from aunce_lib import TrainConfig, embed, load_pretrained
from aunce_lib.corpora import folds, synthetic
from aunce_lib.pretrained import start_encoder

torch.set_num_threads(1)  # on a busy machine more threads are slower
models = {"AUNCE": load_pretrained("aunce"), "cross-entropy": load_pretrained("cross-entropy")}
torch.manual_seed(0)
start = start_encoder(TrainConfig.quick(), n_aus=12).eval()
print("loaded from data/pretrained:", *models, "and the backbone that both began with")
corpus = synthetic.load("synth-bp4d", n_frames=6)  # drawn on first use, then kept
_, test = folds.published("synth-bp4d", fold=1).split(corpus)
encoders = {name: model.encoder for name, model in models.items()} | {"before training": start}
z = {name: embed(encoder, test) for name, encoder in encoders.items()}  # (N, J, D) each
print(f"{len(test)} faces of {len(set(test.subjects))} people; embeddings {z['AUNCE'].shape}")

# %% [markdown]
# The third one, *before training*, has never seen a label: its backbone knows where brows, lids and
# lips are, and the rest is random.
#
# ## 1. Whom does a face lie next to?
#
# An embedding puts similar faces near each other. Similar in what? Here are faces, each with the
# six nearest **by the embedding of AU12**, the smile.

# %%
from aunce_lib.inspection import nearest, plot_neighbours

j = test.aus.index(12)
smile = test.labels[:, j]
rows = np.linspace(40, len(test) - 60, 4).astype(int)
near = nearest(z["AUNCE"][:, j], k=6)
_ = plot_neighbours(test.images(), near, rows, smile, name="AU12")

# %% [markdown]
# *The figure:* four rows of seven synthetic faces; the frame is orange where AU12 is active, else
# blue. Do the frames in a row agree? And is the neighbour the *same person*, a moment later?
#
# Frames of one recording share face, lamp and mostly the label. So we ask again, among **other
# people** only.

# %%
near = nearest(z["AUNCE"][:, j], k=6, groups=test.subjects)
_ = plot_neighbours(test.images(), near, rows, smile, name="AU12, other people only")

# %% [markdown]
# *The figure:* the same four faces, with neighbours of other people. What a row still shares is
# what the embedding goes by.
#
# Better than looking is counting. The **purity** of the neighbours is the share of them with the
# face's own value $v$: a label, a name, a side of the lamp. With $\mathcal N_k(i)$ the $k$ nearest
# of face $i$:
#
# $$ \text{purity} = \frac1N \sum_i \frac1k \sum_{n \in \mathcal N_k(i)} [v_n = v_i]
# \qquad
# \text{chance} = \frac{1}{N(N-1)} \sum_i \sum_{n \ne i} [v_n = v_i] $$
#
# Chance is what random neighbours would give. **Predict:** an AU is active in 10 % of all faces.
# What is the chance of two random faces to have the same label?
#
# <details><summary>Answer</summary>.1² + .9² = .82. A purity of 82 % would mean nothing.</details>
#
# ### Exercise 1: purity and chance (medium, 7 minutes)
#
# Return both numbers, with nearness by cosine. Embeddings may come in any length: normalise them
# first.
#
# <details><summary>Hint 1</summary>With unit rows, <code>z @ z.T</code> holds all cosines. What
# stands on its diagonal?</details>
# <details><summary>Hint 2</summary><code>np.argsort(-similarity, axis=1)[:, :k]</code> are the
# neighbours.</details>
# <details><summary>Hint 3</summary>For chance, count the equal pairs in <code>values[:, None] ==
# values</code>, without the N on the diagonal.</details>


# %%
def purity(points: np.ndarray, values: np.ndarray, k: int) -> tuple[float, float]:
    """Share of the k nearest by cosine that have the face's own value, and the share by chance."""
    # SOLUTION
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    near = np.argsort(-similarity, axis=1)[:, :k]
    alike = values[:, None] == values
    n = len(values)
    return (values[near] == values[:, None]).mean(), (alike.sum() - n) / (n * (n - 1))
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("normalise, forget the diagonal, sort, compare")
    # END EXERCISE


# %%
from aunce_lib.checks import check_purity

check_purity(purity)

# %% [markdown]
# Now for every AU and three values: label and side of the light among other people only, the person
# among all.

# %%
from aunce_lib.inspection import plot_purity, purity_table

side = np.where(test.frames["scene_light"] > 0, "right", "left")
values = {"label": test.labels, "light from the left or right": side, "person": test.subjects}
apart = dict.fromkeys(list(values)[:2], test.subjects)
tables = {name: purity_table(z[name], test.aus, values, groups=apart) for name in z}
_ = plot_purity(tables["AUNCE"], "AUNCE: what the 10 nearest faces have in common")

# %%
means = {name: t.groupby("by", sort=False).above_chance.mean() for name, t in tables.items()}
pd.DataFrame(means).round(2)

# %% [markdown]
# *The figure and the table:* 0 is what random neighbours give, 1 is perfect. The table has the
# means over AUs for each encoder. Compare with its last column: training should raise the first
# row; nobody asked it to lower the others. An AU whose label stays near 0 is not arranged by it,
# however fine its map may look.
#
# ## 2. PCA: turn the cloud, bend nothing
#
# Sixty-four dimensions fit on no screen. **Principal component analysis** (PCA) looks at the cloud
# from its widest side. Whom do we meet along the widest direction of AU12's embedding?

# %%
from aunce_lib import project
from aunce_lib.inspection import face_grid

x = z["AUNCE"][:, j]  # (N, D), the embedding of AU12
xy = project(x, "pca")
order = np.argsort(xy[:, 0])
walk = order[np.linspace(0, len(order) - 1, 10).astype(int)]
figure, _ = face_grid(test.images(walk), [f"{v:+.2f}" for v in xy[walk, 0]], columns=10)
_ = figure.suptitle("Ten synthetic faces along the first principal axis of AU12's embedding")

# %% [markdown]
# *The figure:* ten faces along the axis, with their coordinates. What changes most, mouth or hair?
# PCA knows no labels; what changes most is what the embedding is *about*.
#
# **The derivation.** Centre the points: $x_i \leftarrow x_i - \bar x$. A unit vector $v$ sees the
# coordinates $x_i \cdot v$, whose variance is
#
# $$ \frac1N \sum_i (x_i \cdot v)^2 = v^\top C v , \qquad C = \frac1N X^\top X . $$
#
# We want the largest, under $v^\top v = 1$. Lagrange: the gradient of
# $v^\top C v - \lambda (v^\top v - 1)$ must vanish, so
#
# $$ C v = \lambda v \quad\text{and the variance is}\quad v^\top C v = \lambda . $$
#
# The best direction is the eigenvector with the largest eigenvalue; the next best, at right angles,
# is the second. Without forming $C$: write $X = U S V^\top$ (singular value decomposition). Then
# $C = V \frac{S^2}{N} V^\top$: the axes are the rows of $V^\top$, and the coordinates of the points
# are $X V = U S$.
#
# ### Exercise 2: PCA in three lines (medium, 6 minutes)
#
# Return the coordinates on the first `n_axes` axes. The sign of an axis is free.
#
# <details><summary>Hint 1</summary>What must be subtracted first?</details>
# <details><summary>Hint 2</summary><code>u, s, vt = np.linalg.svd(centred,
# full_matrices=False)</code></details>
# <details><summary>Hint 3</summary>The first axes are the first <em>rows</em> of <code>vt</code>:
# project with <code>centred @ vt[:n_axes].T</code>.</details>


# %%
def pca(points: np.ndarray, n_axes: int) -> np.ndarray:
    """Coordinates (N, n_axes) of points (N, D) along the directions of largest variance."""
    # SOLUTION
    centred = points - points.mean(axis=0)
    _, _, vt = np.linalg.svd(centred, full_matrices=False)
    return centred @ vt[:n_axes].T
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("centre, decompose, project")
    # END EXERCISE


# %%
from aunce_lib.checks import check_pca

check_pca(pca)

# %%
variance = pca(x, x.shape[1]).var(axis=0)
kept = pd.Series(variance.cumsum() / variance.sum(), range(1, len(variance) + 1), dtype=float)
print("share of the variance on the first axes:", kept.loc[[1, 2, 5, 10]].round(2).to_dict())

# %% [markdown]
# So distances on a PCA map are never too large, and the lost share is known. But PCA cannot unfold
# a curved cloud, as on a sphere.
#
# ## 3. t-SNE and UMAP: keep the neighbours, give up the distances
#
# Both ask only that **neighbours stay neighbours**. t-SNE gives each pair of points a chance
# $p_{nm}$ to be neighbours,
#
# $$ p_{m|n} = \frac{\exp(-\|x_n - x_m\|^2 / 2\sigma_n^2)}
# {\sum_{l \ne n} \exp(-\|x_n - x_l\|^2 / 2\sigma_n^2)} , \qquad
# q_{nm} = \frac{(1 + \|y_n - y_m\|^2)^{-1}}{\sum_{k \ne l} (1 + \|y_k - y_l\|^2)^{-1}} , $$
#
# takes $p_{nm}$ as the mean of both directions over $N$, and moves the map's points $y$ until their
# chances $q$ fit: it minimises $\sum p_{nm} \log (p_{nm} / q_{nm})$. Three things follow.
#
# - $\sigma_n$ is chosen for *each point* so that it has as many neighbours as the **perplexity**
#   says: small in a dense group, large in a thin one. So **the size of a group is lost**.
# - A pair that is far apart has $p \approx 0$, and costs nothing wherever it lands. So **the gap
#   between groups is lost**.
# - The sum weighs by $p$: tearing neighbours apart is dear, putting strangers together is cheap.
#
# UMAP shares the idea, with another cost and optimiser, and shares the losses.
#
# ## 4. Three ways to be misled
#
# You cannot see from a map that it is wrong. So take data whose truth is known: three groups in ten
# dimensions. Group B is **ten times as wide** as A and C. And C is **four times as far** from A as
# B is.

# %%
rng = np.random.default_rng(0)
centres = np.eye(10)[0] * np.array([[0.0], [15.0], [60.0]])
widths = {"A": 0.2, "B": 2.0, "C": 0.2}
groups = np.repeat(list(widths), 60)
points = np.concatenate(
    [c + w * rng.normal(size=(60, 10)) for c, w in zip(centres, widths.values(), strict=True)]
)

# %% [markdown]
# **Predict:** how many times as wide as A will B be on a t-SNE map?

# %%
from aunce_lib.inspection import plot_projection


def looks(places):
    """Ratios that are 10 and 4 in truth."""
    a, b, c = (places[groups == name] for name in widths)
    wide = [np.linalg.norm(g - g.mean(0), axis=1).mean() for g in (a, b)]
    far = [np.linalg.norm(g.mean(0) - a.mean(0)) for g in (b, c)]
    return {"B is wider than A, times": wide[1] / wide[0], "C is farther than B": far[1] / far[0]}


maps = {"PCA": project(points)}
maps |= {f"t-SNE, {p}": project(points, "tsne", neighbours=p) for p in (5, 30, 50)}
maps["UMAP, 15"] = project(points, "umap")
_, axes = plt.subplots(1, 5, figsize=(14, 3.4), layout="constrained")
for ax, (name, places) in zip(axes, maps.items(), strict=True):
    plot_projection(places, groups, name, ax=ax)
ratios = {"the truth": looks(points)} | {name: looks(places) for name, places in maps.items()}
pd.DataFrame(ratios).round(1)

# %% [markdown]
# *The figure:* five maps of the three groups. PCA has them on a line, two specks and a cloud. On
# those of t-SNE (the number is the perplexity) and UMAP they are islands of about one size. The
# table says what is left of the 10 and of the 4.
#
# **The first way:** believing sizes and gaps. "AU12 forms a tighter cluster than AU4" cannot be
# read off such a map.
#
# **The second way:** believing clusters. Here is *one* cloud without any structure, a Gaussian in
# ten dimensions.

# %%
cloud = rng.normal(size=(300, 10))
_, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
for ax, p in zip(axes, (None, 2, 30), strict=True):
    places = project(cloud, "tsne" if p else "pca", neighbours=p)
    plot_projection(places, title=f"t-SNE, perplexity {p}" if p else "PCA", ax=ax)

# %% [markdown]
# *The figure:* the same 300 random points three times. At perplexity 2 they clot into dozens of
# small clumps.
#
# **The third way:** believing the place. Left and right, above and below mean nothing: another
# seed, another map. To compare two maps, first turn one onto the other.
#
# ### Exercise 3: turn one map onto the other (medium, 8 minutes)
#
# *Orthogonal Procrustes*: centre both maps to $A$ and $B$ (points in rows). Which rotation or
# reflection $R$ makes $\|AR - B\|^2$ smallest? Expand it:
# $\|A\|^2 + \|B\|^2 - 2 \operatorname{tr} (R^\top A^\top B)$. Only the last term depends on $R$.
# With $A^\top B = U S V^\top$ it is
# $\operatorname{tr}(R^\top U S V^\top) = \operatorname{tr}(S\, V^\top R^\top U)$, and
# $V^\top R^\top U$ is a rotation, whose diagonal is at most 1. It is 1 if $R = U V^\top$: the best
# possible.
#
# Turn, mirror and shift the moving map onto the fixed one. Do not stretch it.
#
# <details><summary>Hint 1</summary>Subtract each map's own mean first.</details>
# <details><summary>Hint 2</summary><code>u, s, vt = np.linalg.svd(a.T @ b)</code></details>
# <details><summary>Hint 3</summary><code>a @ (u @ vt)</code> still lies around 0. Where should it
# lie?</details>


# %%
def procrustes(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """The moving map (N, 2), turned, mirrored and shifted to lie best on the fixed one (N, 2)."""
    # SOLUTION
    a, b = moving - moving.mean(axis=0), fixed - fixed.mean(axis=0)
    u, _, vt = np.linalg.svd(a.T @ b)
    return a @ (u @ vt) + fixed.mean(axis=0)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("centre, decompose, turn, shift back")
    # END EXERCISE


# %%
from aunce_lib.checks import check_procrustes

check_procrustes(procrustes)

# %%
first = project(x, "umap")
others = {
    "another seed": project(x, "umap", seed=1),
    "cross-entropy": project(z["cross-entropy"][:, j], "umap"),
}
turned = {name: procrustes(places, first) for name, places in others.items()}
_, axes = plt.subplots(1, 3, figsize=(11, 4.2), layout="constrained")
for ax, (name, places) in zip(axes, ({"AUNCE": first} | turned).items(), strict=True):
    plot_projection(places, smile, f"UMAP of AU12: {name}", name="AU12", ax=ax)


def apart(places):
    """How far a face lies from its place on the first map, in radii of that map."""
    radius = np.linalg.norm(first - first.mean(axis=0), axis=1).mean()
    return np.linalg.norm(places - first, axis=1).mean() / radius


distances = {"as they are": others, "turned": turned}
table = {how: {n: apart(p) for n, p in maps.items()} for how, maps in distances.items()}
pd.DataFrame(table).round(2)

# %% [markdown]
# *The figure:* three UMAPs of the same synthetic faces, coloured by AU12: AUNCE's; another seed;
# cross-entropy's. The last two are turned onto the first. The table tells how far faces lie from
# their place on it: "another seed" by chance; only what goes beyond can be a difference between
# *encoders*.
#
# How faithful is a map? **Trustworthiness** counts false neighbours: points among the $k$ nearest
# on the map that were not so in the embedding, weighed by how far away they were. 1 is perfect,
# about .5 is a random map.

# %%
from sklearn.manifold import trustworthiness

maps = {"PCA": xy, "t-SNE": project(x, "tsne"), "UMAP": first, "random": rng.normal(size=xy.shape)}
trust = {name: trustworthiness(x, places, n_neighbors=10) for name, places in maps.items()}
pd.Series(trust, name="trustworthiness, 10 neighbours").round(3).to_frame()

# %% [markdown]
# A map is a question; answers come from numbers in the full space. In a figure you sign, state
# method, seed and perplexity; show a second seed; never comment on size, gap or direction; put a
# number beside it.
#
# ## 5. By action unit, by person, by light
#
# One map, three colourings: t-SNE of AU12's embedding.

# %%
_, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained")
plot_projection(maps["t-SNE"], smile, "by the label", name="AU12", ax=axes[0])
plot_projection(maps["t-SNE"], test.subjects, "by person", name="person", ax=axes[1])
light = test.frames["scene_light"].to_numpy(float)
_ = plot_projection(maps["t-SNE"], light, "by light", name="degrees to the side", ax=axes[2])

# %% [markdown]
# *The figure:* the same dots by AU12 (orange active, blue inactive), by person (a colour and shape
# each), and by the side of the light (a scale from dark to yellow).
#
# ### Exercise 4: explain this figure (medium, 5 minutes)
#
# 1. In which colouring do you see islands of one colour? In which none?
# 2. A friend says: "No colour by person, so the embedding has forgotten who it is." Is that right?
# 3. What would you compute to settle it?
#
# <details><summary>What a good answer holds</summary>
#
# 1. As you see it; say it in terms of *neighbourhoods*, not of sizes, gaps or places.
# 2. No. A map of two dimensions shows what is strongest in sixty-four. A person may be written in
#    the others, where a linear rule would find it.
# 3. Purity by person against chance, as in section 1. And: train a rule to read the person, and
#    test it on recordings it has not seen. That comes next.
#
# </details>
#
# ### What is still written there
#
# What a *linear* rule can read from an embedding is there. We train such rules (ridge regression)
# and test them on what they have not seen: other people, or other recordings. The scale goes from 0
# (chance) to 1 (perfect). For comparison: the grey pixels, reduced to 64 numbers by PCA.

# %%
from aunce_lib.inspection import content, plot_content

grey = test.images().float().mean(dim=1).flatten(1).numpy() / 255
embeddings = {name: z[name][:, j] for name in z} | {"pixels": pca(grey, 64)}
recording = test.frames["sequence"].to_numpy(str)
targets = {
    "AU12, other people": (smile, test.subjects),
    "person, other recordings": (test.subjects, recording),
    "light, other people": (light, test.subjects),
}
kept = content(embeddings, targets)
_ = plot_content(kept, "What a linear rule reads from AU12's embedding")

# %% [markdown]
# *The figure:* a group of bars for label, person and light; a bar for each encoder and for the
# pixels. What is easy to read from pixels and hard from an embedding was **ignored**; what was hard
# and is easy was **worked out**. Person and light never stood in the loss. They can fade because
# faces with one label are pulled together *across* people and lamps. What stays of the person is a
# risk: for strangers, who get another person's habits, and for privacy.
#
# ## 6. Which pixels does a score rest on?
#
# A smile detector may look at the mouth, or at the cheeks. On real faces nobody knows which pixels
# a muscle moves. Here we do: draw a face with and without the AU, and subtract.
#
# The simplest means is **occlusion**: blur a window of 8 by 8 pixels, and see how far the score
# falls. The score is the probe's *logit* $s = w \cdot z + b$.

# %%
from aunce_lib.inspection import agreement, attribute, draw_twins, plot_maps

model = models["AUNCE"]
shown = (1, 4, 6, 12)
twins = {au: draw_twins(au, n=8) for au in shown}  # other people than in the corpus
hidden = {au: attribute(model.encoder, model.probe, t.acting, au, "occlusion")
          for au, t in twins.items()}  # fmt: skip
maps = {
    f"AU{au}": (t.acting[1], t.resting[1], t.change.mean(0), hidden[au].mean(0))
    for au, t in twins.items()
}
_ = plot_maps(maps, ["with", "without", "pixels moved", "occlusion"])

# %% [markdown]
# *The figure:* for each AU a synthetic face with and without it; bright on black, the pixels that
# it moves (mean over eight people): the truth; and where hiding costs the score: orange speaks
# *for* the AU, purple *against* it.
#
# Occlusion is coarse, and sees one window at a time: if both lip corners tell the same, hiding one
# changes nothing.
#
# **Integrated gradients** asks the derivative instead. Take a *baseline* $x'$, a picture without
# the evidence, and walk from it to the face: $\gamma(\alpha) = x' + \alpha (x - x')$. By the chain
# rule
#
# $$ s(x) - s(x') = \int_0^1 \frac{d\, s(\gamma(\alpha))}{d \alpha}\, d\alpha
# = \sum_i \underbrace{(x_i - x'_i) \int_0^1
# \frac{\partial s}{\partial x_i}\big(\gamma(\alpha)\big)\, d\alpha}_{\text{what pixel } i
# \text{ adds}} . $$
#
# Each pixel gets its term, and together they explain the whole difference. This is
# **completeness**, and it can be checked.
#
# ### Exercise 5: integrated gradients (hard, 8 minutes)
#
# Return what each pixel adds. Replace the integral by a mean over the middles of `steps` equal
# pieces: $\alpha = (m + \tfrac12) / \text{steps}$. `gradient(x)` returns $\partial s / \partial x$
# in the shape of $x$.
#
# <details><summary>Hint 1</summary>Collect the gradients at the points of the way.</details>
# <details><summary>Hint 2</summary>The points are <code>baseline + a * (x -
# baseline)</code>.</details>
# <details><summary>Hint 3</summary><code>np.mean(gradients, axis=0)</code>, times the
# difference.</details>


# %%
def integrated_gradients(gradient, x: np.ndarray, baseline: np.ndarray, steps: int) -> np.ndarray:
    """What each input adds to the score, in the shape of x."""
    # SOLUTION
    alphas = (np.arange(steps) + 0.5) / steps
    gradients = [gradient(baseline + a * (x - baseline)) for a in alphas]
    return np.mean(gradients, axis=0) * (x - baseline)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("walk, average, multiply")
    # END EXERCISE


# %%
from aunce_lib.checks import check_integrated_gradients

check_integrated_gradients(integrated_gradients)

# %% [markdown]
# Now on a face, with two baselines: the face blurred, and plain grey. **Predict:** does the choice
# matter?

# %%
from aunce_lib.inspection.attribution import blurred, logit


def score(image):
    return logit(model.encoder, model.probe, torch.as_tensor(image).float()[None], 12)


def gradient(image):
    x = torch.tensor(image, dtype=torch.float32, requires_grad=True)
    score(x).sum().backward()
    return x.grad.numpy()


face = twins[12].acting[1].astype(np.float32) / 255
baselines = {"blurred": blurred(torch.tensor(face)[None])[0].numpy(), "grey": 0 * face + 0.5}
for name, baseline in baselines.items():
    total = integrated_gradients(gradient, face, baseline, steps=32).sum()
    difference = (score(face) - score(baseline)).item()
    print(f"{name:8} score difference {difference:6.2f}, sum of the pixels {total:6.2f}")

# %% [markdown]
# With the blurred baseline the two numbers should be near each other. With the grey one they need
# not be: the small encoder first subtracts every picture's mean and divides by its spread. But
# $\alpha x + (1 - \alpha)\,\text{grey}$ is the face with less contrast: after that step **the same
# face for every** $\alpha > 0$. All the change happens at once, where hardly a middle lies. The map
# looks convincing even then: check completeness.
#
# Now against the truth. **Agreement** is the chance that a pixel which the AU moves has a larger
# attribution than one which it does not. .5 is a random map.

# %%
gradients = {au: attribute(model.encoder, model.probe, t.acting, au) for au, t in twins.items()}
maps = {
    f"AU{au}": (t.acting[1], t.change.mean(0), np.abs(gradients[au]).mean(0), gradients[au].mean(0))
    for au, t in twins.items()
}
_ = plot_maps(maps, ["with", "pixels moved", "strength", "for and against"])

# %%
found = {
    f"score of AU{au}": {
        f"pixels of AU{other}": np.nanmean(agreement(gradients[au], twins[other].moved))
        for other in shown
    }
    for au in shown
}
pd.DataFrame(found).T.round(2)

# %% [markdown]
# *The figure:* a row for each AU: face, pixels moved, the attribution's strength, and its sign.
# *The table:* a row for each AU's score, a column for the pixels an AU moves. Is the diagonal the
# largest in its row?
#
# Where another column is as large, the score rests on another muscle too: for AU6, raised cheeks,
# look at AU12. The two come together in the labels (notebook 01), so reading one from the other is
# rewarded. And a polite smile may be called a joyful one.
#
# But attribution tells what *this network* used, not what a person would use. And eight people are
# few.
#
# ## 7. Explore yourself
#
# Two linked maps of the same faces. Hover to see one. Draw a loop around an island: what do its
# faces share? Find a face that both encoders misplace, and say why.

# %% tags=["widget"]
from aunce_lib.widgets import Explorer

pair = {name: z[name] for name in models}
probes = {name: model.probe for name, model in models.items()}
Explorer(test, pair, au=12, method="umap", probes=probes)

# %% [markdown]
# ## What you have seen
#
# - **Neighbours** can be counted in the full space. Compare with chance, and among other people.
# - **PCA** turns and drops, and says how much is lost. **t-SNE and UMAP** keep neighbours; sizes,
#   gaps, places and small clumps on their maps mean nothing.
# - What a **linear rule** reads on unseen people or recordings is there, map or no map.
# - **Attribution** needs a baseline and a check of completeness. Drawn faces hold it against the
#   truth.
#
# ## Try this
#
# - Repeat section 6 with `models["cross-entropy"]`. Which of the two looks at the right muscle?
# - Repeat section 5 for AU4 or AU23. Which labels are harder to read than the person?
# - Choose a perplexity so that the random cloud looks as if it had four clusters.
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
# - L. van der Maaten, G. Hinton: *Visualizing Data using t-SNE*, JMLR 9, 2008.
# - L. McInnes, J. Healy, J. Melville: *UMAP*, arXiv:1802.03426, 2018.
# - M. Wattenberg, F. Viégas, I. Johnson: *How to Use t-SNE Effectively*, Distill, 2016.
# - M. Sundararajan, A. Taly, Q. Yan: *Axiomatic Attribution for Deep Networks*, ICML 2017.
# - J. Venna, S. Kaski: *Neighborhood Preservation in Nonlinear Projection Methods*, ICANN 2001.
