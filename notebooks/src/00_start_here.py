# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Start here: what a face does, and how a computer learns to see it
#
# **You will**
#
# - name what a face does in *action units*, and move them yourself on a synthetic face;
# - run a whole method, from pictures to a score, in five calls;
# - learn why a score of 0.5 can be worth nothing;
# - look at an *embedding*, and say what it has learned and what it has ignored.
#
# **You need** 10 minutes of reading, and about a minute of computing on any laptop: no graphics
# card, no network, no photographs. Every face here is **synthetic**: drawn by this library,
# nobody's picture. What we find on drawn faces says nothing yet about real ones.
#
# Run the cells from top to bottom with **Shift + Enter**.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %% [markdown]
# ## Before you start
#
# You should have met Python, arrays, and the idea of training a network by gradient descent.
# Five questions to test yourself. If three or more are easy, go on.
#
# 1. A tensor has the shape (32, 12, 64). How many numbers does it hold?
# 2. What does softmax do to the list (2, 1, 0)?
# 3. What happens, in which order, in one step of a training loop?
# 4. Two vectors have length 1 and point the same way. What is their dot product?
# 5. Why do we test a model on data it was not trained on?
#
# <details><summary><b>Answers</b></summary>
#
# 1. 32 · 12 · 64 = 24,576.
# 2. It makes them positive and lets them sum to 1, and keeps their order: about (0.67, 0.24, 0.09).
# 3. Compute the loss on a batch, compute its gradients, take a step against them, forget the
#    gradients.
# 4. 1, the largest that vectors of length 1 can have.
# 5. Because a model can learn its training data by heart, and would look better than it is.
#
# </details>

# %% [markdown]
# ## 1. Action units: an alphabet of the face
#
# Words like "happy" or "cross" say what we *think* a face means. The Facial Action Coding System
# (FACS) says what the face *does*. It splits every expression into **action units**, AUs for
# short. An AU is one visible movement, named after the muscle that makes it. AU12 pulls the corners
# of the lips up. AU4 draws the brows down. Some forty of them spell everything a face can do.
#
# Trained people code AUs from video, frame by frame. A minute of video takes them an hour or more,
# and two coders do not always agree. So labels are dear, and some of them are wrong. Both facts
# shaped the method of this course.

# %%
import pandas as pd

from aunce_lib.facs import ACTION_UNITS, AU_SETS

pd.DataFrame([ACTION_UNITS[number] for number in AU_SETS["bp4d"]]).set_index("number")

# %% [markdown]
# These are the twelve that the corpus BP4D is coded for. Here they are on one synthetic person,
# each alone and at full strength.

# %%
from aunce_lib.inspection import face_grid
from aunce_lib.widgets import look

aus = AU_SETS["bp4d"]
figure, _ = face_grid(
    [look({au: 1.0}, person=6).face for au in aus],
    titles=[f"AU{au}\n{ACTION_UNITS[au].name}" for au in aus],
    columns=6,
    scale=1.6,
)
_ = figure.suptitle("One synthetic person")

# %% [markdown]
# ## 2. Move the muscles yourself
#
# Each slider below is one muscle. The left picture is the face. The right one shows which pixels
# differ from the same person at rest. Under them stands what a corpus would store: a 1 for each AU
# that moves strongly enough to be labelled, else a 0. That short list of ones and zeros is all a
# computer is told about a face. Try:
#
# - AU12 alone, then AU6 with it. What makes a smile look real?
# - one AU on several people. Whose forehead wrinkles most?
# - AU23, then AU24. Could *you* tell them apart in a small, blurred picture?
#
# Drawn faces do not train a human coder: real skin folds in ways that these do not.

# %% tags=["widget", "cover"]
from aunce_lib.widgets import Playground

playground = Playground({1: 0.8, 2: 0.8, 5: 0.6})
playground

# %% [markdown]
# ### Exercise 1: a smile that reaches the eyes (easy, 2 minutes)
#
# Guillaume Duchenne noticed in 1862 that people can smile with the mouth at will, but that a smile
# of joy moves a second muscle too. Return the two AUs of such a smile with their intensities.
#
# <details><summary>Hint</summary>Play with the sliders: one AU is at the mouth.</details>


# %%
def duchenne_smile() -> dict[int, float]:
    """Action units and their intensities, 0 to 1, of a smile that reaches the eyes."""
    # SOLUTION
    return {6: 0.8, 12: 1.0}
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("return a dictionary such as {4: 1.0, 23: 0.5}")
    # END EXERCISE


# %%
from aunce_lib.checks import check_duchenne_smile

check_duchenne_smile(duchenne_smile)

# %% [markdown]
# A check names the likely mistake, and has hints: add `.hint(1)`, `.hint(2)` or `.hint(3)`. Here is
# your smile, with the pixels that it moves.

# %%
playground.show(duchenne_smile())
playground.figure()

# %% [markdown]
# ## 3. The whole method in five calls
#
# ### Call 1: load a corpus
#
# `synth-bp4d` copies the make-up of BP4D: 41 people, 8 tasks, the same twelve AUs, as often and as
# often together as there. It is drawn when it is first asked for, which takes some seconds, and
# kept in a cache. We take the easier of its two difficulties.
#
# Then we part the *people*: some to learn from, others to test on. Nobody is in both. Else the
# network could remember faces instead of learning what moves on them.

# %%
from aunce_lib.corpora import folds, synthetic

corpus = synthetic.load("synth-bp4d", size="small", difficulty="tutorial")
train, test = folds.published("synth-bp4d", fold=2).split(corpus)
train, test = train.take(slice(0, None, 4)), test.take(slice(0, None, 4))  # a quarter: it is quick
train

# %% [markdown]
# ### Call 2: train the encoder
#
# The encoder turns a picture into twelve **embeddings**, one for each AU. An embedding is a point
# on a sphere, in some dozens of dimensions. The loss, AUNCE, asks of every AU by itself:
#
# - two views of one face, and faces with the *same* label of this AU: **come closer**;
# - faces with *different* labels: **move apart**.
#
# That is contrastive learning. Notebook 03 derives the loss and its two refinements: several kinds
# of partner to pull at, since labels can be wrong, and a stronger push where an AU is rare.
#
# The network does not begin from nothing. It starts from small weights of ours that have seen many
# drawn faces, but no label: they know where brows, lids and lips are, and no more.
#
# Watch `alignment`: it says how far apart the two views of a face are. It should fall.

# %% tags=["slow"]
import tempfile

from aunce_lib import TrainConfig, fit

run = fit(train, TrainConfig.quick(epochs=4, batch_size=32), tempfile.mkdtemp())

# %% [markdown]
# ### Calls 3, 4 and 5: embed, probe, evaluate
#
# The encoder is now frozen. We embed all faces, and on the embeddings of the training people we fit
# a **linear probe**: the simplest classifier there is, one weight for each dimension. If so simple
# a thing can tell the AU, the embedding has done the work. Then we test on people that neither
# encoder nor probe has seen.

# %%
from aunce_lib import embed, evaluate, fit_probe

train_embeddings, embeddings = embed(run.encoder, train), embed(run.encoder, test)
probe = fit_probe(train_embeddings, train.labels, train.subjects, train.aus)
scores, predictions = probe.scores(embeddings), probe.predict(embeddings)
result = evaluate(
    test.labels, scores, predictions, test.subjects, test.aus, train_labels=train.labels
)
result

# %% [markdown]
# Read the table with care. **F1** weighs two mistakes against each other: calling an AU that is not
# there, and missing one that is. 1 is perfect. The line across each bar is a 95 % interval: with
# other people in the test, the score could well have come out anywhere on it. *Macro* is the mean
# over the AUs. And the orange marks are where it gets interesting.
#
# ### Exercise 2: how good is a parrot? (easy, 3 minutes)
#
# Somebody sells you a detector that answers "active!" to every face, without looking. Say the AU is
# active in a share $r$ of all faces. What is its F1? With $TP$ true positives, $FP$ false positives
# and $FN$ false negatives:
#
# $$ F_1 = \frac{2\,TP}{2\,TP + FP + FN} $$
#
# Predict first: what does the parrot reach for an AU that is active in half of all faces? 0.5, or
# more, or less?
#
# <details><summary>Hint 1</summary>Of 100 faces 100 r are active. What are TP, FP, FN?</details>
# <details><summary>Hint 2</summary>TP = r, FP = 1 − r, FN = 0: the parrot misses nothing.</details>


# %%
def f1_of_a_parrot(rate: float) -> float:
    """F1 of calling every face active, for an AU that is active in a share `rate` of them."""
    # SOLUTION
    return 2 * rate / (1 + rate)
    # END SOLUTION
    # EXERCISE
    # raise NotImplementedError("write F1 in terms of the rate")
    # END EXERCISE


# %%
from aunce_lib.checks import check_f1_of_a_parrot

check_f1_of_a_parrot(f1_of_a_parrot)

# %% [markdown]
# Your formula beside what the parrot reached on our test faces, and beside AUNCE:

# %%
parrot = result.baselines["all_active"].drop("macro")
table = pd.DataFrame({"rate": parrot.rate, "your formula": parrot.rate.map(f1_of_a_parrot)})
table["the parrot"], table["AUNCE"] = parrot.f1, result.table.f1
table.round(2)

# %% [markdown]
# At a rate of one half the parrot reaches two thirds. So a common AU flatters everybody, and a
# score alone means little. Always ask what the parrot reaches. Where AUNCE stays below the parrot,
# this short training has gained nothing for that AU.
#
# ## 4. See the embedding
#
# No eye can see dozens of dimensions. UMAP flattens those of AU12 to two, in a way that keeps
# neighbours together. Each dot is one face from the test. Both pictures show the same dots: on the
# left they are coloured by whether AU12 is active, on the right by the person.

# %%
import matplotlib.pyplot as plt

from aunce_lib.inspection import plot_projection, project

au12 = test.aus.index(12)
xy = project(embeddings[:, au12], method="umap")
_, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
plot_projection(xy, test.labels[:, au12], "dots coloured by AU12", name="AU12", ax=left)
_ = plot_projection(xy, test.subjects, "the same dots, by person", name="person", ax=right)

# %% [markdown]
# ### Exercise 3: explain this figure (medium, 3 minutes)
#
# 1. In which picture do the colours separate, and in which do they mix?
# 2. What would it mean if it were the other way round?
# 3. Some dots lie in the wrong colour's land. Name two possible reasons.
#
# <details><summary>What a good answer holds</summary>
#
# 1. They separate by AU12. By person they mix, though not fully: where one person forms an island,
#    the encoder still sees who it is. Nobody told it to forget people. Faces with one label were
#    pulled together, whoever they belonged to.
# 2. The encoder would have learned identities. It could shine on people it knows and fail on
#    strangers. That is why we test on other people.
# 3. The smile is weak and lies near the threshold of the label; another movement looks like it; the
#    head is turned. In a real corpus also: the label is wrong.
#
# And a warning: in a UMAP only neighbourhoods mean something. The size of a cloud and the gap
# between two clouds mean nothing. Notebook 06 shows how such pictures mislead.
#
# </details>

# %% [markdown]
# ## What you have seen
#
# - **Action units** say what a face does. What it means, or what the person feels, they do not say.
# - **Contrastive learning** arranges faces by their labels on a sphere: same label, near; other
#   label, far.
# - A **linear probe** on the frozen embedding, tested on **other people**, measures what it has
#   learned.
# - A score means something only **beside a trivial answer** and with an interval.
#
# ## Try this
#
# - Set `epochs=2` in call 2. Which AUs are learned first?
# - Change `au12` to another AU and draw the map again. Compare an easy AU with a hard one.
# - Train with `loss="bce"`, plain cross-entropy. Do not be surprised if it wins: on clean labels it
#   is hard to beat, and this course will not hide it.
#
# ## Where to go next
#
# `make demo` trains on all faces, compares AUNCE with cross-entropy at equal compute and writes a
# report. `aunce predict photo.jpg` then runs the result on a photograph: an illustration, no
# measurement. The course goes on in these notebooks:
#
# | | | minutes |
# | --- | --- | ---: |
# | 01 | [data: labels, thresholds, people, folds](01_data.ipynb) | 40 |
# | 02 | [positive pairs, and what wrong labels do to them](02_positive_pairs.ipynb) | 40 |
# | 03 | [the loss, derived, coded and drawn](03_the_loss.ipynb) | 60 |
# | 04 | [the encoder, shape by shape](04_the_encoder.ipynb) | 30 |
# | 05 | [training, live, beside cross-entropy](05_training.ipynb) | 40 |
# | 06 | [looking into features, and how maps mislead](06_feature_inspection.ipynb) | 50 |
# | 07 | [evaluation, noise and imbalance](07_evaluation.ipynb) | 50 |
# | 08 | [your own data, and what a licence allows](08_your_own_data.ipynb) | 30 |
#
# ## How far you have come
#
# A check that passes is noted in `progress.json` beside the notebooks, by its name and without your
# answer. Delete the file to begin anew.

# %%
from aunce_lib.checks import progress

progress()

# %% [markdown]
# ## References
#
# - P. Ekman, W. V. Friesen, J. C. Hager: *Facial Action Coding System*, 2002.
# - X. Zhang et al.: *BP4D-Spontaneous*, Image and Vision Computing 32, 2014.
# - Z. Shang et al.: *Learning Contrastive Feature Representations for Facial Action Unit
#   Detection*, arXiv:2402.06165, 2024. The method of this course.
# - L. McInnes, J. Healy, J. Melville: *UMAP*, arXiv:1802.03426, 2018.
