# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The loss: from cross-entropy to AUNCE
#
# **You will**
#
# - walk from cross-entropy to NT-Xent, SupCon and AUNCE, write each, and see where it takes faces;
# - derive the gradient completely, and read it as forces: who pulls, who pushes, how hard;
# - say what β and the temperature do;
# - find two slips in the published code by experiment, and keep your own code from overflowing.
#
# **You need** notebook 02, 60 minutes of reading, and about a minute of computing. You should know
# the chain rule. Every face is **synthetic**.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %%
import math

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from aunce_lib import Positive, Views, aunce_loss, explain, load_pretrained
from aunce_lib.corpora import folds, synthetic

corpus = synthetic.load("synth-bp4d", n_frames=6)
_, faces = folds.published("synth-bp4d", fold=1).split(corpus)  # people the encoder has not seen
faces = faces.take(np.random.default_rng(0).permutation(len(faces))[:64])  # one batch, B = 64
aus = [f"AU{au}" for au in faces.aus]
labels = torch.tensor(faces.labels)  # (B, J)
encoder = load_pretrained("aunce").encoder
views = Views(strength=0.3, hue=False)(faces.images(), torch.Generator().manual_seed(0))
pixels = (255 * torch.cat(views)).byte()  # (2B, 3, 64, 64)
with torch.no_grad():
    z0, z1 = (encoder(view) for view in views)  # (B, J, D) each
print("loaded from data/pretrained; embeddings", tuple(z0.shape))

# %% [markdown]
# ## 1. Cross-entropy: each face by itself
#
# Show a face and ask: "is AU12 active?" Softmax turns a score $s_k$ for each answer into a
# probability. The loss is the surprise at the right one, $k = y$:
#
# $$ L = -\log \frac{e^{s_y}}{\sum_k e^{s_k}} $$
#
# Divide above and below by $e^{s_y}$. What remains compares all wrong answers with the right one:
#
# $$ L = \log\left(1 + e^{d}\right), \qquad d = \log \sum_{k \neq y} e^{s_k} - s_y $$
#
# This function is called **softplus**. **Every loss of this notebook is softplus of some $d$, or a
# mean of such.** They differ only in who is right, and who is wrong.

# %%
from aunce_lib.inspection import plot_softplus

_ = plot_softplus("One curve for all losses")

# %% [markdown]
# *The figure:* the loss (solid) is near 0 where the right answer wins, and a straight line where it
# loses. Its slope (dashed) goes from 0 to 1: what is well answered hardly teaches any more.
#
# For AU12 there are two answers, and a score is $s_k = w_k \cdot z$, with a learned vector for
# each. So a face is compared with two directions, never with another face. In contrastive losses
# **the answers to choose from are the other faces.**
#
# ## 2. NT-Xent: find your other half
#
# Take $2B$ views. Ask each: which of the others shows the same picture as you? The mate is right,
# all others are wrong. The similarities $s_{ab} = z_a \cdot z_b / \tau$ serve as scores:
#
# $$ L_a = -\log \frac{e^{s_{a,\mathrm{mate}}}}{\sum_{b \neq a} e^{s_{ab}}} $$
#
# That is cross-entropy with $2B - 1$ classes, called NT-Xent. It needs no label at all.
#
# ### Exercise 1: NT-Xent (medium, 8 minutes)
#
# Write the mean over all $2B$ anchors. Embeddings may have any length: normalise them first.
#
# <details><summary>Hint 1</summary><code>z = F.normalize(torch.cat([z0, z1]), dim=-1)</code>; then
# <code>z @ z.T</code>, of shape (2B, 2B), holds all cosines.</details>
# <details><summary>Hint 2</summary>A view is always most similar to itself. Put −∞ on the diagonal:
# <code>s.masked_fill(own, -torch.inf)</code>.</details>
# <details><summary>Hint 3</summary><code>F.cross_entropy(s, mates)</code> does the rest, with
# <code>mates</code> the number of each row's right answer.</details>


# %%
def nt_xent(z0: torch.Tensor, z1: torch.Tensor, temperature: float) -> torch.Tensor:
    """Mean NT-Xent over the 2B rows; z0, z1 (B, D)."""
    # SOLUTION
    z = F.normalize(torch.cat([z0, z1]), dim=-1)  # (2B, D)
    rows = torch.arange(len(z))
    s = (z @ z.T / temperature).masked_fill(rows[:, None] == rows, -torch.inf)  # (2B, 2B)
    return F.cross_entropy(s, rows.roll(len(z0)))
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("normalise, compare, leave out yourself, ask for the mate")
    # END EXERCISE


# %%
from aunce_lib.checks import check_nt_xent

check_nt_xent(nt_xent)

# %% [markdown]
# Whom does NT-Xent push away? Each wrong answer $b$ gets its share of softmax. Here is an anchor
# that smiles, and the seven faces with the largest shares.

# %%
from aunce_lib.inspection import plot_roles

j = aus.index("AU12")
anchor = int(faces.frames["AU12_intensity"].argmax())
y = labels[:, j].repeat(2)
z = torch.cat([z0, z1])[:, j]  # (2B, D)
s = (z @ z.T / 0.5).fill_diagonal_(-torch.inf)
share = s[anchor].softmax(0)
share[(anchor + 64) % 128] = 0  # the mate is right: it is not pushed
hardest = share.argsort(descending=True)[:7].tolist()
roles = ["anchor", *np.where(y[hardest] == y[anchor], "same label", "other label")]
titles = ["anchor", *(f"{100 * share[row]:.1f} %" for row in hardest)]
figure, _ = plot_roles(pixels[[anchor, *hardest]], roles, titles)
_ = figure.suptitle("Synthetic faces that NT-Xent pushes hardest from the anchor, for AU12")

# %% [markdown]
# *The figure:* the anchor in black, and the most pushed faces. A solid blue frame means *has the
# anchor's label*. NT-Xent pushes hardest what is most alike, and so it pushes smilers apart. It
# learns to tell pictures, not action units.
#
# ## 3. SupCon: all of your kind are right
#
# Let every face with the anchor's label be a right answer, and average over them. With
# $\mathrm{Same}(a)$ as in notebook 02:
#
# $$ L_a = -\frac{1}{|\mathrm{Same}(a)|} \sum_{p \in \mathrm{Same}(a)}
# \log \frac{e^{s_{ap}}}{\sum_{b \neq a} e^{s_{ab}}} $$
#
# ### Exercise 2: SupCon (medium, 6 minutes)
#
# Write the mean over all $2B$ anchors, for one AU whose labels are all known.
#
# <details><summary>Hint 1</summary>Begin with your NT-Xent. Only the positives change.</details>
# <details><summary>Hint 2</summary><code>s - s.logsumexp(dim=1, keepdim=True)</code> is the
# logarithm of every share at once.</details>
# <details><summary>Hint 3</summary>0 · ∞ is NaN: fill what is no positive with 0
# (<code>masked_fill</code>) before you sum each row, then divide by
# <code>same.sum(dim=1)</code>.</details>


# %%
def sup_con(
    z0: torch.Tensor, z1: torch.Tensor, labels: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Mean SupCon over the 2B rows for one AU; z0, z1 (B, D), labels (B,) of 0 and 1."""
    # SOLUTION
    z, y = F.normalize(torch.cat([z0, z1]), dim=-1), labels.repeat(2)
    own = torch.eye(len(z), dtype=torch.bool)
    s = (z @ z.T / temperature).masked_fill(own, -torch.inf)  # (2B, 2B)
    log_share = s - s.logsumexp(dim=1, keepdim=True)
    same = (y[:, None] == y) & ~own
    return -(log_share.masked_fill(~same, 0).sum(dim=1) / same.sum(dim=1)).mean()
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("as NT-Xent, but with every face of the same label")
    # END EXERCISE


# %%
from aunce_lib.checks import check_sup_con

check_sup_con(sup_con)

# %% [markdown]
# All faces stand below the fraction bar, *also those of the same label*. So positives push each
# other, and the loss never reaches 0: of $n$ positives at one point, each has at most the share
# $1/n$. And the sum trusts every label. In these two points AUNCE differs.
#
# ## 4. AUNCE: one right answer, and weighed wrong ones
#
# 1. **Right** is one positive, $P$. How it is found is drawn anew for each AU and step: *self*,
#    *nearest* or *mean*. You wrote $\log P$ in notebook 02.
# 2. **Wrong** are only faces with the *other* label. All of them together are $N$.
# 3. Each wrong answer is **re-weighted** by an exponent $\beta$: 1.2 if the anchor is active, 0.8
#    if not.
#
# $$ L_a = -\log \frac{P}{P + N} = \log\left(1 + e^{\log N - \log P}\right), \qquad
# N = \sum_{b \in \mathrm{Other}(a)} e^{\beta s_{ab}} $$
#
# Why "re-weighted"? Because $e^{\beta s} = e^{s} \cdot e^{(\beta - 1) s}$: the second factor weighs
# the first. For $\beta > 1$, negatives that look like the anchor count for more.
#
# ### Exercise 3: the re-weighted negatives (medium, 6 minutes)
#
# Write $\log N$ for all anchors of one AU. Labels may be NaN: such rows are nobody's negative and
# have none. Where there is no negative, $N = 0$ and $\log N = -\infty$.
#
# <details><summary>Hint 1</summary>β goes by the label of the <i>anchor</i>, hence by row: a column
# of shape (2B, 1).</details>
# <details><summary>Hint 2</summary>An active and an inactive label add up to 1, and NaN plus
# anything is NaN.</details>
# <details><summary>Hint 3</summary><code>(beta * s).masked_fill(~other,
# -torch.inf).logsumexp(dim=1)</code></details>


# %%
def log_negatives(
    s: torch.Tensor, labels: torch.Tensor, beta_active: float, beta_inactive: float
) -> torch.Tensor:
    """log N (2B,) from similarities s (2B, 2B) and labels (2B,) of 0, 1, NaN."""
    # SOLUTION
    beta = beta_inactive + (beta_active - beta_inactive) * (labels == 1).to(s.dtype)
    other = labels[:, None] + labels[None, :] == 1
    return (beta[:, None] * s).masked_fill(~other, -torch.inf).logsumexp(dim=1)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("a column of β, a mask, a logsumexp")
    # END EXERCISE


# %%
from aunce_lib.checks import check_log_negatives

check_log_negatives(log_negatives)

# %% [markdown]
# Together, for the kind *mean*, beside the library's loss on real embeddings:


# %%
def my_aunce(z0, z1, labels, temperature=0.5, beta_active=1.2, beta_inactive=0.8):
    """AUNCE of one AU with the positive MEAN: the mean over the anchors that have a negative."""
    z, y = F.normalize(torch.cat([z0, z1]), dim=-1), labels.repeat(2)
    s = z @ z.T / temperature  # (2B, 2B)
    same = (y[:, None] == y) & ~torch.eye(len(z), dtype=torch.bool)
    log_p = s.masked_fill(~same, -torch.inf).logsumexp(dim=1) - same.sum(dim=1).log()
    log_n = log_negatives(s, y, beta_active, beta_inactive)
    return F.softplus(log_n - log_p)[log_n > -torch.inf].mean()


mean = torch.full((1,), Positive.MEAN)
pd.DataFrame(
    {
        aus[au]: {
            "yours": my_aunce(z0[:, au], z1[:, au], labels[:, au]).item(),
            "aunce_loss": aunce_loss(z0[:, [au]], z1[:, [au]], labels[:, [au]], mean).item(),
        }
        for au in range(len(aus))
    }
).T.round(4)

# %% [markdown]
# ### Where does each loss take the faces?
#
# Forget pictures and networks. Put 16 "faces" on a circle, two views each, and let each loss move
# them. Predict first: where will the actives end, where the inactives, and what becomes of the two
# views of one face?

# %%
from aunce_lib import baselines
from aunce_lib.inspection import plot_settled, settle

torch.manual_seed(0)  # cross-entropy draws the vectors it begins with
some = torch.tensor([1.0] * 5 + [0.0] * 11)
paths = {
    "cross-entropy": settle(baselines.WeightedBCE(n_aus=1, dim=2), some),
    "NT-Xent": settle(baselines.NTXent(), some),
    "SupCon": settle(baselines.SupCon(), some),
    "AUNCE, mean": settle(lambda z0, z1, y: aunce_loss(z0, z1, y, mean), some),
}
places = {"at the start": paths["NT-Xent"][0], **{name: path[-1] for name, path in paths.items()}}
_ = plot_settled(places, some)

# %% [markdown]
# *The figure:* five circles. Orange-red dots are active faces, blue triangles inactive ones, and a
# line joins the two views of a face.
#
# **Explain this figure** (4 minutes). What has each loss learned, and what has it thrown away?
#
# <details><summary>What a good answer holds</summary>
#
# - *Cross-entropy* has two sides. The side says the label. *Where* on that side a face is, and how
#   far apart its two views are, hardly matters.
# - *NT-Xent* puts the views of a face at one point, and spreads the faces evenly all around. Labels
#   are mixed: it was never told any.
# - *SupCon* and *AUNCE* have two poles, as far apart as a circle allows, each face at one of them.
#   All that tells one face from another with the same label is gone.
# - So on clean labels SupCon and AUNCE want the same. They differ in the forces on the way, and in
#   whom they trust. With wrong labels, a pole for each label is not what one wishes for.
#
# </details>
#
# The same 16 points under AUNCE, as faces: the active ones smile.

# %% tags=["cover"]
smile = faces.frames["AU12_intensity"].to_numpy().argsort()[::-1]
cast = faces.images([*smile[:5], *smile[-11:]])  # five smiles, eleven faces without
path = paths["AUNCE, mean"]
figure, _ = plot_settled({"at the start": path[0], "after 36 steps": path[36]}, some, cast)
_ = figure.suptitle("AUNCE moves synthetic faces on a circle, by AU12")

# %% [markdown]
# *The figure:* two circles. At the start smiling faces, in solid orange-red frames, stand mixed
# with others, in dashed blue ones. After 36 steps most smiles have met at one side, most others
# opposite. (Only the direction from the centre counts.)
#
# ## 5. The gradient: who pulls, who pushes
#
# A loss acts through its gradient and nothing else. The anchor $a$ is fixed, so we write $s_b$ for
# $s_{ab}$, with $b$ one of the $2B$ rows.
#
# **Step 1.** $L = \log(1 + e^d)$ with $d = \log N - \log P$. Its derivative is the **sigmoid**:
#
# $$ \frac{dL}{dd} = \frac{e^d}{1 + e^d} = \sigma(d) = \frac{N}{N + P} $$
#
# the share of the wrong answers. Where all is well, $\sigma$ is near 0, and the anchor rests.
#
# **Step 2.** The negatives. Only one term of the sum $N$ depends on $s_b$:
#
# $$ \frac{\partial \log N}{\partial s_b} = \frac{1}{N}\,\beta\, e^{\beta s_b} = \beta\, q_b,
# \qquad q_b = \frac{e^{\beta s_b}}{\sum_{c \in \mathrm{Other}(a)} e^{\beta s_c}} $$
#
# The $q_b$ are the *shares* of the negatives: positive, with the sum 1. Elsewhere $q_b = 0$.
#
# **Step 3.** The positive. For *self* and *nearest*, $\log P$ is one similarity: its derivative is
# 1 at that face, else 0 (ties aside). For *mean* it is the softmax of notebook 02. In all cases
#
# $$ \frac{\partial \log P}{\partial s_b} = \pi_b, \qquad \sum_b \pi_b = 1 $$
#
# and $\pi_b = 0$ outside of $\mathrm{Same}(a)$.
#
# **Step 4.** Chain rule:
#
# $$ \frac{\partial L}{\partial s_b} = \sigma(d)\left(\frac{\partial \log N}{\partial s_b} -
# \frac{\partial \log P}{\partial s_b}\right) = \sigma(d)\,\left(\beta\, q_b - \pi_b\right) $$
#
# Negatives get a positive entry, a **push**: the loss falls if they become *less* similar.
# Positives get a negative one, a **pull**. No face is both. Sum over the faces:
#
# $$ \mathrm{push} = \sum_b \sigma \beta\, q_b = \sigma\beta, \qquad
# \mathrm{pull} = \sum_b \sigma\, \pi_b = \sigma $$
#
# **So β is the ratio of push to pull.**
#
# ### Exercise 4: the gradient (hard, 8 minutes)
#
# Write it for one anchor and the kind *mean*. Do not use autograd: it is your judge, below.
#
# <details><summary>Hint 1</summary>You need σ(d), q and π. Each is one line.</details>
# <details><summary>Hint 2</summary><code>(beta * s).masked_fill(~negative, -torch.inf)</code> is
# good for both <code>.softmax(0)</code> and <code>.logsumexp(0)</code>.</details>
# <details><summary>Hint 3</summary>log P is a logsumexp minus the logarithm of a count. Then
# <code>torch.sigmoid(log_n - log_p) * (beta * q - pi)</code>.</details>


# %%
def loss_gradient(
    s: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, beta: float
) -> torch.Tensor:
    """dL/ds (n,) of one anchor; s (n,), positive and negative (n,) bool."""
    # SOLUTION
    mine = s.masked_fill(~positive, -torch.inf)
    theirs = (beta * s).masked_fill(~negative, -torch.inf)
    d = theirs.logsumexp(0) - (mine.logsumexp(0) - math.log(positive.sum()))
    return torch.sigmoid(d) * (beta * theirs.softmax(0) - mine.softmax(0))
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("σ(d) · (β q − π)")
    # END EXERCISE


# %%
from aunce_lib.checks import check_loss_gradient

check_loss_gradient(loss_gradient)

# %% [markdown]
# Now against autograd, with our smiling anchor.

# %%
positive, negative = (y == y[anchor]), (y != y[anchor])
positive[anchor] = False
beta = 1.2  # the anchor is active
row = s[anchor].nan_to_num(neginf=0.0).double().requires_grad_()
log_p = row[positive].logsumexp(0) - math.log(positive.sum())
F.softplus((beta * row[negative]).logsumexp(0) - log_p).backward()
yours = loss_gradient(row.detach(), positive, negative, beta)
print(f"largest difference from autograd: {(yours - row.grad).abs().max():.1e}")
push, pull = yours.clamp(min=0).sum(), -yours.clamp(max=0).sum()
print(f"push {push:.4f}, pull {pull:.4f}, ratio {push / pull:.4f}")

# %%
from aunce_lib.inspection import plot_forces

figure, _ = plot_forces(z0, z1, labels, pixels, anchor, j)
_ = figure.suptitle("AU12: who pulls the anchor, and who pushes it (|dL/ds| · 100)")

# %% [markdown]
# *The figure:* above, the synthetic faces that pull the anchor hardest; below, those that push it
# hardest. The latter do not smile by their label, but to the encoder they look most as if. These
# are the **hard negatives**.
#
# ### From similarities to embeddings
#
# Two more links reach the network. Let $L$ be the mean over $2B$ anchors and $G$ of shape $(2B,
# 2B)$ the table of its derivatives, $G_{ab} = \partial L / \partial s_{ab} = \sigma_a (\beta_a
# q_{ab} - \pi_{ab}) / 2B$.
#
# **Similarities.** In $s_{ab} = z_a \cdot z_b / \tau$ both faces move. The anchor feels
# $\frac{1}{\tau} \sum_b G_{ab}\, z_b$, and each other face $b$ feels $\frac{1}{\tau} G_{ab}\, z_a$:
# forces come in pairs. Every row is an anchor once and a partner many times. So with $Z$ of shape
# $(2B, D)$:
#
# $$ \frac{\partial L}{\partial Z} = \frac{1}{\tau}\left(G + G^{T}\right) Z $$
#
# **Length.** The network's output $x$ is normalised, $z = x / \left|x\right|$. Quotient rule, with
# $\partial \left|x\right| / \partial x = z$:
#
# $$ \frac{\partial z}{\partial x} = \frac{1}{|x|}\left(I - z z^{T}\right) $$
#
# An embedding can't change its length, so what points along $z$ is lost. Hence a face at the
# anchor's own place, or right opposite, has a similarity but no leverage. The whole chain against
# autograd:

# %%
x = (3 * torch.cat([z0, z1])[:, [j]]).double().requires_grad_()  # (2B, 1, D), not of length 1
au12 = labels[:, [j]]
aunce_loss(*x.chunk(2), au12, mean).backward()

z = F.normalize(x.detach()[:, 0], dim=-1)  # (2B, D)
forces = explain(*z[:, None].chunk(2), au12, mean)
by_face = forces.beta.T[..., None] * forces.negative - forces.positive  # β q − π: (1, 2B, 2B)
G = (forces.strength.T[..., None] * by_face)[0] / len(z)  # (2B, 2B)
to_z = (G + G.T) @ z / 0.5  # (2B, D)
to_x = (to_z - z * (z * to_z).sum(dim=1, keepdim=True)) / x.detach()[:, 0].norm(dim=1)[:, None]
print(f"largest entry {x.grad.abs().max():.1e}, difference {(to_x - x.grad[:, 0]).abs().max():.1e}")

# %% [markdown]
# See it on the ring: drag the faces. Which negative pushes hardest?

# %% tags=["widget"]
from aunce_lib.widgets import EmbeddingRing

EmbeddingRing()

# %% [markdown]
# ## 6. What β and τ do
#
# In $\sigma\,(\beta q_b - \pi_b)$ β stands twice: before $q$, as the ratio of push to pull, and
# *inside* $q$, in the exponent, as if negatives had a temperature of their own, $\tau / \beta$.
#
# How many negatives does an anchor mind? We take e to the entropy of the shares, $e^{-\sum_b q_b
# \log q_b}$: if $n$ faces had the share $1/n$ and the rest 0, it would be $n$.
#
# Predict: of the 128 rows, how many does an anchor mind at τ = 0.5? And at τ = 0.05?

# %%
from aunce_lib.inspection import effective_negatives

temperatures, betas = (1.0, 0.5, 0.2, 0.1, 0.05), (0.8, 1.0, 1.2)
effective_negatives(z0, z1, labels, temperatures, betas).round(1)

# %% [markdown]
# Read down a column: temperature decides between "push everybody a little" and "push the hardest
# few". Read along a row: β does the same, more gently. A sharp loss hangs on few faces, and *the
# hardest negative of all may be a face with a wrong label*.
#
# What is β for, then? The authors aim at imbalance. With β an active anchor is pushed harder than
# it is pulled, an inactive one less hard. Here are the forces, on average over the anchors of this
# batch.

# %%
from aunce_lib.inspection import push_and_pull

plain = push_and_pull(z0, z1, labels, beta_active=1.0, beta_inactive=1.0).push.unstack()
weighed = push_and_pull(z0, z1, labels).push.unstack()
forces = pd.DataFrame({"rate": labels.mean(dim=0)})
for label, name in ((1, "active"), (0, "inactive")):
    forces[f"{name}, β = 1"] = plain[label]
    forces[f"{name}, with β"] = weighed[label]
forces.set_axis(aus).sort_values("rate").round(2).rename_axis(columns="push on anchors")

# %% [markdown]
# For β = 1 push and pull are alike: both are the mean σ. Where negatives are many, $N$ is large,
# and so is σ. So what β is meant to do for rare AUs, the numbers of faces do in part already. And β
# is the same for every AU.

# %% tags=["widget"]
from aunce_lib.widgets import ReweightingCurves

ReweightingCurves()

# %% [markdown]
# Does it help? A study trained a grid of both β on the clean labels of synth-disfa, whose action
# units are rare. Loaded from `data/results/beta.csv`:

# %%
import matplotlib.pyplot as plt

from aunce_lib.inspection import add_rare, plot_grid, read_study

study = add_rare(read_study("beta"))
_, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
titles = {"macro_f1": "all action units", "rare_f1": "active in under 10 % of frames"}
for ax, (value, title) in zip(axes, titles.items(), strict=True):
    plot_grid(study, value=value, title=title, ax=ax)

# %%
fields = study.groupby(["beta_active", "beta_inactive"])[[*titles]]
between, luck = fields.mean().std(), fields.sem().mean()  # luck: of a field's mean, over its seeds
print("seeds of each field:", study.seed.nunique())
pd.DataFrame({"spread of the fields": between, "by luck alone": luck}).round(4)

# %% [markdown]
# *The figure:* F1 for each pair of β, one field a pair; left over all action units of this
# synthetic corpus, right over the rare ones. The middle field is β = 1: no re-weighting.
#
# A mean over a few seeds is in part luck. If the fields differ hardly more than luck would make
# them, the best field is luck too. What does the small table say?
#
# The same question for the temperature, `data/results/temperature.csv`:

# %%
from aunce_lib.inspection import plot_curves

study = read_study("temperature")
temperatures = sorted(study.temperature.unique())
_, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for ax, value in zip(axes, ("macro_f1", "macro_auc"), strict=True):
    plot_curves(study, along="temperature", value=value, ax=ax).set_xscale("log")
    ax.set_xticks(temperatures, temperatures, minor=False)
    ax.minorticks_off()

# %% [markdown]
# *The figure:* macro F1 (left) and AUC (right; notebook 07) over τ on clean labels, a line for each
# loss with its 95 % interval as a band. Cross-entropy has no τ and stands as a single point.
#
# **Explain this figure** (3 minutes). Which losses mind the temperature most? Does AUNCE differ
# from cross-entropy anywhere by more than its band is wide?
#
# <details><summary>What a good answer holds</summary>
#
# - It names a loss whose line bends, and the end at which it falls.
# - It compares bands, not lines: two bands that overlap have not been told apart by this figure.
# - It says so if cross-entropy is on top. That would be no accident: on clean labels, cross-entropy
#   asks exactly the question the probe will be asked.
# - It does not carry the result over to real faces.
#
# </details>
#
# ## 7. Two slips in the published code
#
# The authors' program does not quite do what the formulas say. Our loss can behave likewise, with
# `variant="official"`. Treat that as a black box. From a loss we get back $\log P$, since $L =
# \log(1 + N/P)$ means $\log P = \log N - \log(e^L - 1)$.
#
# Four images, only the first of them active. Each line is one of the eight rows.

# %%
generator = torch.Generator().manual_seed(4)
tiny = [F.normalize(torch.randn(4, 1, 6, generator=generator).double(), dim=-1) for _ in "01"]
tiny_labels = torch.tensor([[1.0], [0.0], [0.0], [0.0]])
tiny_s = torch.cat(tiny)[:, 0] @ torch.cat(tiny)[:, 0].T / 0.5
tiny_y = tiny_labels[:, 0].repeat(2)


def log_positive_of(kind: str, variant: str) -> torch.Tensor:
    """log P (8,) of the black box, from its losses."""
    kinds = torch.tensor([Positive[kind.upper()]])
    losses = aunce_loss(*tiny, tiny_labels, kinds, variant=variant, reduction="none")[:, 0]
    return log_negatives(tiny_s, tiny_y, 1.2, 0.8) - torch.expm1(losses).log()


box = {"label": tiny_y, "s with the mate": tiny_s.roll(4, dims=1).diagonal()}
for kind in ("nearest", "mean"):
    box |= {f"{kind}, {v}": log_positive_of(kind, v) for v in ("corrected", "official")}
pd.DataFrame(box).round(3)

# %% [markdown]
# *Corrected* is what you wrote in notebook 02. Now look at *official*. For nearest: which
# similarity has that value, in every row? For mean: who else must be in the sum, and by which
# number has it been divided?
#
# ### Exercise 5: find the slips (hard, 10 minutes)
#
# Write $\log P$ of one anchor so that it gives the official columns.
#
# <details><summary>Hint 1</summary>τ is 0.5. Whose cosine is 1?</details>
# <details><summary>Hint 2</summary>The same face is in the sum of the mean as well. Put it in, and
# compare e<sup>log P</sup> with your sum: their ratio is a whole number.</details>
# <details><summary>Hint 3</summary>It is the same number for active and inactive anchors, so it
# does not count the faces that share the label. It counts all rows.</details>


# %%
def official_log_positive(
    s: torch.Tensor, labels: torch.Tensor, anchor: int, kind: str
) -> torch.Tensor:
    """log P of one anchor as published; s (2B,) with itself, labels (2B,), "nearest" or "mean"."""
    # SOLUTION
    same = labels == labels[anchor]  # slip 1: the anchor is among them
    if kind == "nearest":
        return s[same].max()
    return s[same].logsumexp(0) - math.log(len(s))  # slip 2: divided by 2B
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("who is in, and divided by what?")
    # END EXERCISE


# %%
from aunce_lib.checks import check_official_positive

check_official_positive(official_log_positive)

# %%
found = {
    kind: torch.stack([official_log_positive(tiny_s[a], tiny_y, a, kind) for a in range(8)])
    for kind in ("nearest", "mean")
}
for kind, values in found.items():
    gap = (values - log_positive_of(kind, "official")).abs().max()
    print(f"{kind}: largest difference from the black box {gap:.1e}")

# %% [markdown]
# ### What the first slip does
#
# The anchor is among "the faces with the same label", and no cosine exceeds 1. So the nearest face
# is the anchor itself: $\log P = s_{aa} = z_a \cdot z_a / \tau$. Its gradient with respect to $z_a$
# is $2 z_a / \tau$. That is not zero! But it points *along* $z_a$, and the normalisation takes away
# what points along $z_a$:
#
# $$ \left(I - z_a z_a^{T}\right) z_a = z_a - z_a \left(z_a^{T} z_a\right) = z_a - z_a = 0 $$
#
# Behind a normalisation, as in the encoder, $\log P = 1/\tau$ is a constant: **official nearest has
# no pull at all**. A fifth of all AU steps, those that draw *nearest*, only push.

# %%
x = torch.randn(8, 6, generator=generator).double().requires_grad_()  # before normalisation
for name, leave_out_self in (("official", False), ("corrected", True)):
    z = F.normalize(x, dim=-1)
    products = z @ z.T / 0.5
    same = tiny_y[:, None] == tiny_y
    if leave_out_self:
        same = same & ~torch.eye(8, dtype=torch.bool)
    nearest = products.masked_fill(~same, -torch.inf).amax(dim=1)  # log P of all anchors
    (gradient,) = torch.autograd.grad(nearest.sum(), x)
    print(f"nearest, {name}: length of the pull {gradient.norm():.1e}")

# %% [markdown]
# Pushing alone also parts two groups (see "try this"). So the program trains, and nothing looks
# wrong. **A loss that falls is no proof that it is the loss you meant.** Test it against a second
# form, as you have just done.
#
# ### What the second slip does
#
# Dividing by $2B$ instead of $|\mathrm{Same}(a)|$ lowers $\log P$ by $\log\left(2B /
# \left|\mathrm{Same}(a)\right|\right)$: about minus the logarithm of the label's rate. Where a
# label is rare this makes $\sigma$ larger: a second re-weighting, in the guise of a mistake.
# Besides, the anchor takes a share $\pi$ of its own pull, and that share is lost:

# %%
official_mean = explain(
    z0, z1, labels, torch.full((len(aus),), Positive.MEAN), variant="official"
).positive  # π (J, 2B, 2B)
wasted = official_mean.diagonal(dim1=1, dim2=2).T  # (2B, J): π of the anchor itself
both = labels.repeat(2, 1)
table = {"rate": labels.mean(dim=0), "log P of actives lowered by": -labels.mean(dim=0).log()}
for label, name in ((1, "active"), (0, "inactive")):
    of_these = wasted.where(both == label, torch.nan)
    table[f"pull lost, {name} anchors (%)"] = 100 * of_these.nanmean(dim=0)
pd.DataFrame(table, aus).sort_values("rate").round(2)

# %% [markdown]
# (A third, smaller difference: an anchor without negatives counts as 0 in the official mean.)
#
# Do the slips matter for the detector? The main study, `data/results/main.csv`, compares both on
# the same people and seeds:

# %%
from aunce_lib.inspection import paired_differences

slips = paired_differences(read_study("main"), "AUNCE official", "AUNCE corrected")
slips.reset_index()[["corpus", "noise", "difference", "low", "high", "n"]].round(3)

# %% [markdown]
# `difference` is the macro F1 of the official loss less that of the corrected one; `noise` is the
# share of flipped labels. Where 0 lies between `low` and `high`, the study has not told them apart.
#
# ## 8. Numbers that do not overflow
#
# In a computer $e^{s}$ has limits. Cosines reach 1, so $s$ reaches $1/\tau$. In float32 the largest
# number is about $3 \cdot 10^{38}$, or $e^{88.7}$; in float16 it is 65,504, about $e^{11}$.
# Predict: at which τ does the plain formula break in each?


# %%
def plain(s_positive, s_negatives):
    """−log(P / (P + N)) as it stands on paper."""
    p, n = s_positive.exp(), s_negatives.exp().sum()
    return -torch.log(p / (p + n))


def careful(s_positive, s_negatives):
    """The same by logsumexp and softplus, in float32 at least."""
    return F.softplus(s_negatives.float().logsumexp(0) - s_positive.float())


cosine, others = torch.tensor(0.98), torch.tensor([0.97, 0.9, 0.3, -0.5])
table = {}
for tau in (0.5, 0.1, 0.05, 0.01):
    table[tau] = {
        f"plain, {str(dtype)[6:]}": plain((cosine / tau).to(dtype), (others / tau).to(dtype)).item()
        for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16)
    }
    table[tau]["careful, float32"] = careful(cosine / tau, others / tau).item()
    rounded = cosine.bfloat16().float(), others.bfloat16().float()
    table[tau]["careful, cosines in bfloat16"] = careful(*(c / tau for c in rounded)).item()
pd.DataFrame(table).rename_axis(columns="τ").round(4)

# %% [markdown]
# Three lessons:
#
# - **Subtract before you exponentiate.** $\log \sum e^{s} = m + \log \sum e^{s - m}$ with $m$ the
#   largest $s$: no term exceeds 1. `logsumexp` does that, and `softplus` the rest.
# - **bfloat16 reaches as far as float32, but it rounds.** Between .5 and 1 its steps are 1/256: .97
#   and .98 are three steps apart. At τ = .01 that error is multiplied by 100, inside an
#   exponential: see the last line. So `aunce_loss` computes in float32.
# - **Never NaN.** One in one batch kills a run of days.
#
# ## What you have seen
#
# - All four losses are **softplus of log wrong minus log right**. They differ in who is right and
#   who is wrong.
# - The gradient is $\sigma(\beta q - \pi)$: shares of negatives push, shares of positives pull.
# - **β** is the ratio of push to pull, and a temperature of the negatives. **τ** decides how many
#   faces count.
# - The published code compares each face with itself, and divides by the wrong number.
# - Whether any of it helps is a question for **experiments with intervals**.
#
# ## Try this
#
# - Start `settle` with other seeds. On a circle nobody can step aside: with an unlucky start,
#   actives and inactives can block each other's way for ever.
# - Let the official *nearest* settle, which only pushes: `lambda z0, z1, y: aunce_loss(z0, z1, y,
#   torch.tensor([1]), variant="official")`. Where does it end?
# - Flip one label of `some`, and let SupCon and AUNCE settle. Where does the wrong face go?
# - Separate the two roles of β: write a gradient with one number for the ratio and another for the
#   exponent.
#
# ## How far you have come

# %%
from aunce_lib.checks import progress

progress()

# %% [markdown]
# ## References
#
# - T. Chen et al.: *A Simple Framework for Contrastive Learning of Visual Representations*, ICML
#   2020. NT-Xent.
# - P. Khosla et al.: *Supervised Contrastive Learning*, NeurIPS 2020. SupCon, and why the sum is
#   outside of the logarithm.
# - Z. Shang et al.: *Learning Contrastive Feature Representations for Facial Action Unit
#   Detection*, arXiv:2402.06165, 2024. AUNCE.
# - J. Robinson et al.: *Contrastive Learning with Hard Negative Samples*, ICLR 2021.
# - T. Wang, P. Isola: *Understanding Contrastive Representation Learning through Alignment and
#   Uniformity on the Hypersphere*, ICML 2020.
