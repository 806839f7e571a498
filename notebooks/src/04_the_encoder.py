# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The encoder: from pixels to twelve points on twelve spheres
#
# **You will**
#
# - follow one face through an encoder, and know every shape on the way;
# - code its four steps: tokens, a block for each AU, a graph, the sphere;
# - see when an embedding depends on *other* faces, and why that matters;
# - find out which action units listen to each other, and whether that was learned.
#
# **You need** notebooks 00 to 03, 30 minutes, and half a minute of computing. Every face is
# **synthetic**, drawn by this library.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %% [markdown]
# ## 1. One face, twelve questions
#
# Is the brow raised? Are the lips pressed? For each question you look somewhere else. An ordinary
# network answers all from *one* vector.
#
# This encoder gives **twelve vectors, one for each action unit (AU)**. Two faces may be neighbours
# for AU12, since both smile, and far apart for AU4. Its architecture is ME-GraphAU's (Luo et al.
# 2022), as in the AUNCE reference.

# %%
from aunce_lib import TrainConfig, load_or_train
from aunce_lib.corpora import folds, synthetic

corpus = synthetic.load("synth-bp4d", "tiny", n_people=41)
train, test = folds.published("synth-bp4d", fold=1).split(corpus)  # test: unseen by the encoder
model = load_or_train("aunce", train, TrainConfig(epochs=6, batch_size=32))
encoder, aus = model.encoder, test.aus

# %% [markdown]
# **Predict** (1 minute). The *backbone* turns pixels into 16 places of 128 numbers. Then comes a
# block that all AUs share, then one *for each of the 12 AUs*, each a matrix of 128 × 128. Which
# step has learned most numbers? How many do the twelve blocks hold?
#
# <details><summary>Answer</summary>
#
# The blocks hold 12 · (128 · 128 + 128) numbers, and 2 · 12 · 128 more in their BatchNorms (section
# 4): 201,216. The backbone has twice as many. At its end each of the 16 places has a matrix of its
# own: a wrinkle means one thing on the nose, another on the chin.
#
# </details>

# %%
from aunce_lib.inspection import as_images, describe_encoder

images = as_images(test.images(slice(0, 8)), encoder.image_size)  # (8, 3, 64, 64), 0 to 1
describe_encoder(encoder, images)

# %% [markdown]
# Read from top to bottom: $B$ faces, $T$ places, $J$ action units, $C$ and $D$ numbers.
#
# $$ \underbrace{(B, 3, S, S)}_{\text{pixels}} \to \underbrace{(B, T, C)}_{\text{tokens}} \to
# \underbrace{(B, J, C)}_{\text{one feature per AU}} \to
# \underbrace{(B, J, C)}_{\text{after listening}} \to \underbrace{(B, J, D)}_{\text{length 1}} $$
#
# Places disappear, action units appear.
#
# ## 2. Tokens: a face in squares
#
# A **token** is what the network knows about one place of the face, as a list of numbers.

# %%
import matplotlib.pyplot as plt

from aunce_lib.inspection import plot_tokens
from aunce_lib.widgets import look

smile = look({6: 0.7, 12: 1.0, 25: 0.6}, person=6).face
_ = plot_tokens(smile, title="16 places of a synthetic face")

# %% [markdown]
# *The figure:* a smiling face of 64 pixels under a grid of 4 × 4 places, numbered from 0. The brows
# lie in 5 and 6, the mouth where 9, 10, 13 and 14 meet.
#
# The plainest tokens are the pixels of each square. A *transformer* begins that way.
#
# ### Exercise 1: cut a face into tokens (medium, 6 minutes)
#
# Turn images $(B, 3, H, W)$ into tokens $(B, T, 3 p^2)$, with $p$ the side of a square and
# $T = \frac Hp \cdot \frac Wp$. Squares come in reading order. Within a token comes all of red
# first, then green, then blue, each row by row. No loop is needed.
#
# <details><summary>Hint 1</summary>Give rows and columns two axes each: which square, and where in
# it.</details>
# <details><summary>Hint 2</summary><code>images.view(B, 3, H // p, p, W // p, p)</code> has those
# axes. Which come to the front, behind B?</details>
# <details><summary>Hint 3</summary><code>.permute(0, 2, 4, 1, 3, 5)</code>, then flatten axes 1 and
# 2 into T, and the last three into one.</details>


# %%
import torch
import torch.nn.functional as F


def to_tokens(images: torch.Tensor, side: int) -> torch.Tensor:
    """(B, 3, H, W) → (B, T, 3 · side · side), squares in reading order."""
    # SOLUTION
    return F.unfold(images, side, stride=side).transpose(1, 2)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("cut rows and columns, then bring the axes into order")
    # END EXERCISE


# %%
from aunce_lib.checks import check_to_tokens

check_to_tokens(to_tokens)

# %% [markdown]
# ### Two backbones: conv and Swin
#
# A raw square knows nothing of its neighbours. Two kinds of network mend that.
#
# - A **convolution** slides a small window over the picture. Each layer adds to its reach $r$ in
#   pixels: if neighbours in a layer lie $j$ pixels apart (its *jump*), a window of $k$ makes it
#   $r \leftarrow r + (k-1)\,j$. Our `conv-small` starts with blocks of 2 × 2 ($r = 2$, $j = 2$).
#   Three windows of $k = 3$ follow, and each doubles the jump.
# - A **Swin transformer** lets tokens in one window *ask each other*. Between layers the windows
#   shift, and squares are merged. It learns where to look.
#
# **Predict** (1 minute). How wide is what a token of `conv-small` sees: 16, 30, or all 64 pixels?
#
# <details><summary>Answer</summary>2 + 2 · 2 = 6, then 6 + 2 · 4 = 14, then 14 + 2 · 8 = 30: nearly
# twice its own square of 16.</details>

# %%
from aunce_lib import Encoder
from aunce_lib.inspection import seen_pixels

backbones = {model.config.backbone: encoder, "swin-nano": Encoder(len(aus), "swin-nano").eval()}
_, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for ax, (name, network) in zip(axes, backbones.items(), strict=True):
    seen = seen_pixels(network, images, token=5)
    picture = ax.imshow(seen**0.5, cmap="magma", vmin=0, vmax=1)
    ax.add_patch(plt.Rectangle((15.5, 15.5), 16, 16, fill=False, ec="white", ls="--"))
    ax.set(title=f"{name}: what token 5 sees", xlabel="pixel", ylabel="pixel")
_ = picture.figure.colorbar(picture, ax=axes, label="influence (root, largest = 1)", shrink=0.8)

# %% [markdown]
# *The figure:* the brighter a pixel, the more it changes token 5, whose own place is dashed. Left,
# a trained conv: 30 × 30 pixels that *end* at that place and reach left and up, since each layer
# takes every second window, beginning with the first. The faint face around comes from a first step
# that scales the whole picture. Right, a Swin with fresh weights: mostly its own place.

# %%
import time

import pandas as pd


def measure(network):
    """What a network costs; time on this machine, now."""
    start = time.perf_counter()
    with torch.no_grad():
        tokens = network.backbone(images)
    milliseconds = 1000 * (time.perf_counter() - start) / len(images)
    parameters = sum(p.numel() for p in network.backbone.parameters())
    cost = {"parameters": parameters, "milliseconds a face": milliseconds}
    return {"T": tokens.shape[1], "C": tokens.shape[2]} | cost


pd.DataFrame({name: measure(network) for name, network in backbones.items()}).T.round(1)

# %% [markdown]
# Either hands on tokens $(B, T, C)$; what follows stays the same.
#
# ## 3. A block for each action unit
#
# All AUs get the same tokens, but each *reads them* by its own linear layer. For AU $j$ and token
# $t$
#
# $$ v_j = \frac1T \sum_{t} \mathrm{ReLU}\!\left(W_j\, x_t + b_j\right) $$
#
# The mean over the places comes **after** ReLU, which drops what speaks against. So a corner of the
# mouth that shouts "smile!" is not outvoted by fifteen places with nothing to say. (A BatchNorm
# stands before ReLU too: section 4.)
#
# Does AU12's block look at the mouth? We move one muscle, and see where the AU's block notices.

# %%
import numpy as np

from aunce_lib.inspection import token_changes

people = range(3, 7)
rest = np.stack([look({}, person=p).face for p in people])
_, axes = plt.subplots(1, 5, figsize=(12, 2.9), layout="constrained")
for ax, au in zip(axes, (1, 4, 6, 12, 17), strict=True):
    moved = np.stack([look({au: 1.0}, person=p).face for p in people])
    before, after = (as_images(faces, encoder.image_size) for faces in (rest, moved))
    changes = token_changes(encoder, before, after)[aus.index(au)]
    plot_tokens(moved[-1], changes, f"AU{au} moves:\nwhat its block notices", ax=ax)

# %% [markdown]
# *The figure:* five synthetic faces, one muscle contracted in each. The more orange a square, the
# more the AU's block noticed there (mean over four people).
#
# **Explain this figure** (3 minutes). Where should the orange be? Is it only there? Name one
# harmless reason for orange elsewhere, and one that is not.
#
# <details><summary>What a good answer holds</summary>
#
# - AU1 and AU4 at the brows, AU6 under the eyes, AU12 and AU17 at mouth and chin.
# - Harmless: a token sees 30 pixels, to the left of and above the end of its place. So the place on
#   the right and the one below notice too.
# - Not harmless: the block reads a *companion*. Smiles raise cheeks, so AU6's block may look at the
#   mouth. That fails on a polite smile.
#
# </details>
#
# ### Exercise 2: twelve layers in one product (medium, 8 minutes)
#
# Compute twelve small layers as one large product. You get tokens $(B, T, C)$, weights $(J, C, C)$
# in the order AU, out, in, and biases $(J, C)$. Return the features $(B, J, C)$ of the formula
# above.
#
# <details><summary>Hint 1</summary>Write the loop over the AUs first. It is right, only
# slow.</details>
# <details><summary>Hint 2</summary><code>torch.einsum</code>: the axes of the tokens are b, t, c,
# those of the weights j, d, c. Which letter is summed over?</details>
# <details><summary>Hint 3</summary><code>torch.einsum("btc,jdc->btjd", tokens, weight)</code>, then
# the bias, then ReLU, then the mean over t.</details>


# %%
def per_au_features(tokens: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """tokens (B, T, C), weight (J, C, C), bias (J, C) → (B, J, C)."""
    # SOLUTION
    return F.relu(torch.einsum("btc,jdc->btjd", tokens, weight) + bias).mean(dim=1)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("a linear layer per AU, ReLU, mean over the tokens")
    # END EXERCISE


# %%
from aunce_lib.checks import check_per_au_features

check_per_au_features(per_au_features)

# %% [markdown]
# ## 4. BatchNorm: who else is in the room
#
# **Predict, then run** (2 minutes). We embed one face twice: in a batch with 31 *smiling* faces,
# then with 31 that do *not* smile. Will its embedding be the same?

# %%
import copy

names = [f"AU{au}" for au in aus]
au12 = aus.index(12)
smiling, others = (np.flatnonzero(test.labels[1:, au12] == label)[:31] + 1 for label in (1, 0))


def embed_beside(faces, training: bool) -> torch.Tensor:
    """The embeddings (J, D) of the first test face, in one batch with these."""
    network = copy.deepcopy(encoder).train(training)  # a copy: training mode changes statistics
    batch = as_images(test.images(np.r_[0, faces]), encoder.image_size)
    with torch.no_grad():
        return network(batch)[0]


cosines = {
    "training mode": (embed_beside(smiling, True) * embed_beside(others, True)).sum(-1),
    "evaluation mode": (embed_beside(smiling, False) * embed_beside(others, False)).sum(-1),
}
pd.DataFrame(cosines, index=names).T.round(2)

# %% [markdown]
# *The table:* the cosine of the face's two embeddings; 1 means the same.
#
# In training mode the embedding depends on its company. **BatchNorm** does that. In every channel
# it measures mean $\mu$ and deviation $\sigma$ over the batch, and hands on
#
# $$ \hat{x} = \gamma\,\frac{x - \mu_{\text{batch}}}{\sigma_{\text{batch}}} + \beta $$
#
# with learned $\gamma$ and $\beta$ (not the $\beta$ of the loss). Among smiling faces most of a
# smile is subtracted. Two rules follow.
#
# 1. **Embed in evaluation mode.** Then $\mu$ and $\sigma$ are averages from training, the same for
#    every face. Do not forget `encoder.eval()`.
# 2. **One forward pass for each view** (notebook 02) in training, each with its own $\mu$ and
#    $\sigma$, as in the published code.
#
# How much does the second rule change? We embed two views of 32 faces, in two passes and in one,
# and measure how far the views of a face lie apart (0 to 4).

# %%
from aunce_lib import Views
from aunce_lib.evaluation import alignment

faces = test.images(np.linspace(0, len(test) - 1, 32).astype(int))
views = Views(encoder.image_size, strength=0.3)(faces, torch.Generator().manual_seed(0))
network = copy.deepcopy(encoder).train()
with torch.no_grad():
    two_passes = [network(view) for view in views]
    one_pass = network(torch.cat(views)).chunk(2)
print(f"two passes: {alignment(*two_passes):.3f}, one pass: {alignment(*one_pass):.3f}")

# %% [markdown]
# Little here: both views have nearly the same statistics.
#
# ## 5. The graph: action units listen to each other
#
# Raised cheeks are easier to see when the lip corners are up. So each AU listens to others before
# it answers: to the $K = 4$ whose features are **most like its own, in this very face**, itself
# included. That makes a graph of arrows between AUs.
#
# ### Exercise 3: who listens to whom (medium, 6 minutes)
#
# From the features $v$ $(J, C)$ of one face make $A$ $(J, J)$: row $j$ holds a 1 for each of the
# $K$ AUs with the largest products $v_j \cdot v_k$, else 0.
#
# <details><summary>Hint 1</summary>All products at once are <code>v @ v.T</code>.</details>
# <details><summary>Hint 2</summary><code>.topk(k, dim=-1).indices</code> says where the largest of
# each row are.</details>
# <details><summary>Hint 3</summary><code>torch.zeros_like(similarity).scatter(-1, indices,
# 1.0)</code> puts ones there.</details>


# %%
def nearest(v: torch.Tensor, k: int) -> torch.Tensor:
    """Features (J, C) → (J, J) of 0 and 1, k ones in each row."""
    # SOLUTION
    similarity = v @ v.T
    return torch.zeros_like(similarity).scatter(-1, similarity.topk(k, dim=-1).indices, 1.0)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("the k largest products of each row")
    # END EXERCISE


# %%
from aunce_lib.checks import check_nearest

check_nearest(nearest)

# %% [markdown]
# `topk` makes $A$, and a choice has no slope. So no gradient flows through *whom* an AU listens to,
# only through *what* it hears:
#
# $$ v \leftarrow \mathrm{ReLU}\big(v + \mathrm{BN}(\hat{A}\, V v + U v)\big), \qquad
# \hat{A} = D^{-1/2} A\, D^{-1/2} $$
#
# The matrix $V$ is for what is heard, $U$ for what the AU says itself; BN is a BatchNorm. $D$ holds
# the **degrees**, the sums of the rows of $A$. Without them, who listens to many gets a large sum.
#
# ### Exercise 4: degrees (easy, 5 minutes)
#
# Write $D^{-1/2} A D^{-1/2}$ for any graph $A$ $(J, J)$ of numbers of 0 or more. A row of zeros
# stays zero.
#
# <details><summary>Hint 1</summary>Entry (i, j) is divided by the roots of the degrees of i and of
# j.</details>
# <details><summary>Hint 2</summary>A column <code>d[:, None]</code> multiplies rows, a row
# <code>d[None, :]</code> columns.</details>
# <details><summary>Hint 3</summary><code>d = a.sum(dim=1).rsqrt()</code>. Of 0 that is infinite:
# put a 0 there, then multiply from both sides.</details>


# %%
def normalise(a: torch.Tensor) -> torch.Tensor:
    """D^-½ A D^-½ of a graph (J, J), D the sums of its rows."""
    # SOLUTION
    d = a.sum(dim=1).rsqrt()
    d[d.isinf()] = 0
    return d[:, None] * a * d[None, :]
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("one over the root of each degree, on both sides")
    # END EXERCISE


# %%
from aunce_lib.checks import check_normalise

check_normalise(normalise)

# %% [markdown]
# **A question** (1 minute). In our graph every AU listens to exactly $K$. What does the formula
# come to?
#
# <details><summary>Answer</summary>Every degree is K, so every entry is divided by √K · √K = K: the
# plain mean over the K. The roots matter only where degrees differ.</details>
#
# ### What does the graph connect?
#
# In what share of test faces does AU $i$ listen to AU $j$? We ask the trained encoder and, as a
# **control**, one with fresh weights. Beside them stands phi, how often two AUs come together in
# the labels (notebook 01).

# %% tags=["cover"]
from aunce_lib.inspection import listening, plot_au_graph

torch.manual_seed(0)
fresh = model.config.build_encoder(len(aus)).eval()
heard = {"trained": listening(encoder, test), "fresh": listening(fresh, test)}
labels = synthetic.labels("synth-bp4d", "full").labels  # all 146,616 frames, no pictures
phi = pd.DataFrame(labels, columns=aus).corr().set_axis(aus)
_, axes = plt.subplots(1, 3, figsize=(13, 5), layout="constrained")
plot_au_graph(phi, aus, title="come together in the labels (phi)", ax=axes[0])
plot_au_graph(heard["trained"], aus, title="listen to each other: trained", ax=axes[1])
_ = plot_au_graph(heard["fresh"], aus, title="listen to each other: fresh weights", ax=axes[2])

# %% [markdown]
# *The figure:* three circles of the twelve AUs, coloured by their part of the face. Lines join the
# 16 pairs with the strongest ties; wider is stronger. Dashed red ties are negative: those AUs avoid
# each other.

# %%
pairs = np.triu_indices(len(aus), k=1)
table = {"phi": phi.to_numpy()[pairs]}
for name, shares in heard.items():
    table[name] = ((shares + shares.T) / 2).to_numpy()[pairs]  # both directions
table = pd.DataFrame(table, index=[f"AU{aus[i]} – AU{aus[j]}" for i, j in zip(*pairs, strict=True)])
ranks = table.corr(method="spearman")["phi"].drop("phi").round(2)
print("Agreement with phi over the 66 pairs (rank correlation, −1 to 1):", ranks.to_dict())
table.sort_values("trained", ascending=False).head(8).round(2)

# %% [markdown]
# **Explain this figure** (4 minutes). Does the trained graph follow the labels more closely than
# the fresh one? The loss looks at each AU by itself, so how can the encoder know? And why do even
# fresh weights connect *something*?
#
# <details><summary>What a good answer holds</summary>
#
# - Compare the correlations and the pairs above: some are neighbours on the face, some companions
#   in an expression.
# - If two AUs often carry the same label, the same faces pull their blocks the same way, and their
#   features grow alike.
# - The K nearest always exist. With fresh weights they are an accident. A graph always looks like
#   something; only the control says what it is worth.
# - It is similarity, no anatomy and no cause.
#
# </details>
#
# ## 6. The sphere
#
# Last, each embedding is divided by its length. Why throw the length away? We let a smile grow.

# %%
from aunce_lib.inspection import encoder_steps

strengths = np.linspace(0, 1, 7)
_, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
for person in range(4):
    faces = np.stack([look({12: strength}, person=person).face for strength in strengths])
    steps = encoder_steps(encoder, as_images(faces, encoder.image_size))
    length = steps["projection"][:, au12].norm(dim=-1)
    z = steps["embeddings"][:, au12]
    angle = torch.rad2deg(torch.acos((z @ z[0]).clamp(-1, 1)))
    for ax, values in zip(axes, (length, angle), strict=True):
        ax.plot(strengths, values, marker="o", ms=3, label=f"person {person}")
axes[0].set(xlabel="intensity of AU12", ylabel="length", title="length before it is divided away")
axes[1].set(xlabel="intensity of AU12", ylabel="degrees", title="angle to the same face at rest")
for ax in axes:
    ax.set_ylim(bottom=0)
_ = axes[1].legend(frameon=False, fontsize=8)

# %% [markdown]
# *The figure:* a line for each of four synthetic people. Left, how long the vector for AU12 is;
# right, how many degrees it has turned from the face at rest. The two need not agree. (A vector
# that hardly turns has not seen the smile.)
#
# Three reasons for unit length:
#
# 1. **One measure.** On the sphere $z \cdot z'$ is the cosine, and
#    $\lVert z - z' \rVert^2 = 2 - 2\, z \cdot z'$: near and similar are the same thing.
# 2. **No cheating.** Similarities are divided by the temperature $\tau$. Vectors $c$ times as long
#    act as if $\tau$ were $c^2$ times smaller: the loss could change without one more face told
#    apart.
# 3. **Only directions learn.** With $z = v / \lVert v \rVert$ the gradient
#    $\frac{\partial z}{\partial v} = \frac{1}{\lVert v \rVert}\left(I - z z^{\top}\right)$ has no
#    part along $v$: a step can turn a vector, never (to first order) stretch it.
#
# Here are the second and the third on 64 faces. (The official variant takes vectors as they come.)

# %%
from aunce_lib import aunce_loss

some = np.linspace(0, len(test) - 1, 64).astype(int)
faces, targets = test.images(some), torch.tensor(test.labels[some])
views = Views(encoder.image_size, strength=0.3)(faces, torch.Generator().manual_seed(0))
with torch.no_grad():
    z0, z1 = (encoder(view) for view in views)
kinds = torch.zeros(len(aus), dtype=torch.long)  # positive: the other view
for c in (0.5, 1, 1.5, 2):
    loss = aunce_loss(c * z0, c * z1, targets, kinds, variant="official")
    print(f"{c:3} times as long: loss {loss:.2f}")  # not one angle has changed

v = (3 * z0).requires_grad_()
aunce_loss(F.normalize(v, dim=-1), z1, targets, kinds).backward()
along = (v.grad * z0).sum(-1).abs().max() / v.grad.norm(dim=-1).max()
print(f"the part of the gradient along v: {along:.0e} of its length")

# %% [markdown]
# ### Exercise 5: onto the sphere (easy, 4 minutes)
#
# Divide every embedding by its length. A vector of zeros has no direction: let it stay zero.
#
# <details><summary>Hint 1</summary>Over which axis is the length of <em>one</em>
# embedding?</details>
# <details><summary>Hint 2</summary><code>v.norm(dim=-1, keepdim=True)</code> keeps the axis, so
# that you can divide.</details>
# <details><summary>Hint 3</summary><code>.clamp(min=1e-12)</code> before dividing.</details>


# %%
def to_sphere(v: torch.Tensor) -> torch.Tensor:
    """(B, J, D) → the same directions at length 1; zeros stay zeros."""
    # SOLUTION
    return v / v.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("divide each embedding by its own length")
    # END EXERCISE


# %%
from aunce_lib.checks import check_to_sphere

check_to_sphere(to_sphere)

# %% [markdown]
# ## What you have seen
#
# - An encoder gives **a vector per AU**: same tokens, twelve ways to read them.
# - The mean over places comes **after** ReLU: one place can speak for the face.
# - **BatchNorm** lets faces see their batch: evaluation mode to embed, one pass for each view.
# - The **graph** connects AUs that are alike in a face. A control tells what was learned.
# - **Unit length** leaves only angles to learn.
#
# ## Try this
#
# - Load the cross-entropy twin,
#   `load_or_train("cross-entropy", train, TrainConfig(loss="bce", epochs=6, batch_size=32))`, and
#   draw its graph. Does it follow phi?
# - Set `encoder.graph.n_neighbours` to 1, then embed. How far do embeddings move?
# - Draw what AU12's block notices when AU4 moves.
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
# - C. Luo et al.: *Learning Multi-dimensional Edge Feature-based AU Relation Graph for Facial
#   Action Unit Recognition*, IJCAI 2022.
# - Z. Liu et al.: *Swin Transformer*, ICCV 2021.
# - K. Zhao et al.: *Deep Region and Multi-label Learning for Facial Action Unit Detection*, CVPR
#   2016.
# - S. Ioffe, C. Szegedy: *Batch Normalization*, ICML 2015.
# - Z. Shang et al.: *Learning Contrastive Feature Representations for Facial Action Unit
#   Detection*, arXiv:2402.06165, 2024.
