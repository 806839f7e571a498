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
# - name what a face does in *action units*, and move them yourself;
# - run a whole method, from pictures to a score, in five calls;
# - learn why a score of 0.5 can be worth nothing;
# - read a map of an *embedding*: what it has learned, and what it has ignored.
#
# **You need** 10 minutes of reading and about a minute of computing: no graphics card, no network,
# no photographs. Every face is **synthetic**, drawn by this library; it shows nobody. What we find
# on drawn faces says nothing yet about real ones.
#
# Run the cells from top to bottom with **Shift + Enter**.

# %%
import aunce_lib

print("aunce_lib", aunce_lib.__version__)

# %% [markdown]
# ## Before you start
#
# You should know Python, arrays and gradient descent. If three or more of these questions are easy,
# go on.
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
# 2. It makes them positive with the sum 1, in the same order: about (0.67, 0.24, 0.09).
# 3. Compute the loss on a batch, compute its gradients, step against them, forget them.
# 4. 1, the largest that vectors of length 1 can have.
# 5. A model can learn its training data by heart, and would look better than it is.
#
# </details>

# %% [markdown]
# ## 1. Action units: an alphabet of the face
#
# "Happy" says what we *think* a face means. The Facial Action Coding System (FACS) says what the
# face *does*. Its letters are **action units**, AUs for short: some forty visible movements, named
# after the muscles that make them. AU12 pulls the corners of the lips up. AU4 draws the brows down.
#
# Trained people, the **coders**, note AUs frame by frame. A minute of video takes an hour or more,
# and two coders do not always agree. So labels are dear, and some are wrong. Both facts shaped the
# method of this course.

# %%
import pandas as pd

from aunce_lib.facs import ACTION_UNITS, AU_SETS

pd.DataFrame([ACTION_UNITS[number] for number in AU_SETS["bp4d"]]).set_index("number")

# %% [markdown]
# In the videos called BP4D, coders noted these twelve. Here they are on one synthetic person, each
# alone and at full strength.

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
# Each slider is one AU. The left picture is the face. The right one shows which pixels differ from
# the same person at rest. Below stands the label: 1 for each AU that moves strongly enough, else 0.
# Try:
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
# Guillaume Duchenne wrote in 1862 that we can smile with the mouth at will, but that a smile of joy
# moves a second muscle too. Return the two AUs of such a smile with their intensities: 0.3 is just
# enough for a label, 1 is the strongest.
#
# <details><summary>Hint 1</summary>Play with the sliders: one AU is at the mouth.</details>
# <details><summary>Hint 2</summary>The other raises the cheek. Look at the names in the
# table.</details>
# <details><summary>Hint 3</summary><code>{6: …, 12: …}</code></details>


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
# A check names the likely mistake, and knows the hints as well: add `.hint(1)`. Here is your smile,
# with the pixels that it moves.

# %%
playground.show(duchenne_smile())
playground.figure()

# %% [markdown]
# ## 3. The whole method in five calls
#
# ### Call 1: load a corpus
#
# A **corpus** is a collection of recordings with the coders' labels. `synth-bp4d` imitates BP4D: 41
# people, the same twelve AUs, as often and as often together. It is drawn on first use, in some
# seconds.
#
# Then we part the *people*: some to learn from, others to test on. Else the network could remember
# faces.

# %%
from aunce_lib.corpora import folds, synthetic

corpus = synthetic.load("synth-bp4d", size="small", difficulty="tutorial")
train, test = folds.published("synth-bp4d", fold=2).split(corpus)
train, test = train.take(slice(0, None, 4)), test.take(slice(0, None, 4))  # a quarter: it is quick
train

# %% [markdown]
# ### Call 2: train the encoder
#
# The **encoder** is the network. It turns a picture into twelve **embeddings**, one for each AU. An
# embedding is a point on a sphere, in some dozens of dimensions.
#
# Each picture is shown as two **views**: copies that differ a little, for instance in light. For
# each AU by itself, the loss, AUNCE, then asks:
#
# - two views of one picture, and faces with the *same* label of this AU: **come closer**;
# - faces with *different* labels: **move apart**.
#
# That is **contrastive learning**. Notebook 03 derives it, with two refinements: several kinds of
# partner, since labels can be wrong, and a stronger push on active faces, since many AUs are rare.
#
# Training starts from small weights of ours, which have seen many drawn faces but no label. Watch
# `alignment`: how far apart the two views are. It should fall.

# %% tags=["slow"]
import tempfile

from aunce_lib import TrainConfig, fit

run = fit(train, TrainConfig.quick(epochs=4, batch_size=32), tempfile.mkdtemp())

# %% [markdown]
# ### Calls 3, 4 and 5: embed, probe, evaluate
#
# The encoder is now **frozen**: not trained any further. We embed all faces. On those of the
# training people we fit a **linear probe**, with one weight for each dimension. If so simple a
# classifier can tell the AU, the embedding has done the work. We test on the other people.

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
# **F1** weighs two mistakes against each other: calling an AU that is not there, and missing one
# that is. 1 is perfect. The line across each bar is a 95 % **confidence interval**: with other
# people in the test, the score could well have come out anywhere on it. *Macro* is the mean over
# the AUs. The orange marks come next.
#
# ### Exercise 2: how good is a parrot? (easy, 3 minutes)
#
# A detector answers "active!" to every face, without looking. The AU is active in a share $r$ of
# all faces, its **rate**. What is the parrot's F1? With $TP$ true positives (called active, and
# active), $FP$ false positives (called active, but not) and $FN$ false negatives (active, but
# missed):
#
# $$ F_1 = \frac{2\,TP}{2\,TP + FP + FN} $$
#
# Predict first: at a rate of one half, does the parrot reach 0.5, or more, or less?
#
# <details><summary>Hint 1</summary>Of 100 faces 100 r are active. What are TP, FP, FN?</details>
# <details><summary>Hint 2</summary>The parrot misses nothing. As shares of all faces: TP = r, FP =
# 1 − r, FN = 0.</details>
# <details><summary>Hint 3</summary>2 r / (2 r + 1 − r), and the denominator can be
# shortened.</details>


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
# At a rate of one half the parrot reaches two thirds. So always ask what it reaches. Where AUNCE
# stays below it, this short training has gained nothing.
#
# ## 4. See the embedding
#
# UMAP flattens the dozens of dimensions to two, and tries to keep neighbours together. Each dot is
# a test face. Both maps show the same dots, coloured by AU12 and by person.

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
# 1. In which map do the colours separate, and in which do they mix?
# 2. What would it mean if it were the other way round?
# 3. Some dots lie among the other colour. Name two possible reasons.
#
# <details><summary>What a good answer holds</summary>
#
# 1. They separate by AU12. By person they mix, though not fully: where one person forms an island,
#    the encoder still sees who it is. Nobody told it to forget people. Faces with one label were
#    pulled together, whoever they belonged to.
# 2. The encoder would have learned identities. It could shine on people it knows and fail on
#    strangers.
# 3. The smile is weak; another movement looks like it; the head is turned. In a real corpus also:
#    the label is wrong.
#
# A warning: in a UMAP only neighbourhoods mean something, and neither the size of a cloud nor the
# gap between two. Notebook 06 shows how such maps mislead.
#
# </details>

# %% [markdown]
# ## What you have seen
#
# - **Action units** say what a face does, and not what the person feels.
# - **Contrastive learning** arranges faces on a sphere: same label, near; other label, far.
# - A **linear probe** on the frozen embedding, tested on **other people**, measures what was
#   learned.
# - A score means something only **beside a trivial answer** and with an interval.
#
# ## Try this
#
# - Set `epochs=2` in call 2: half as many passes over the faces. Which AUs are learned first?
# - Change `au12` to another AU and draw the map again. Compare an easy AU with a hard one.
# - Train with `loss="bce"`: cross-entropy, the usual loss for labels. If it wins, do not be
#   surprised: on clean labels it is hard to beat.
#
# ## Where to go next
#
# `make demo` trains on all faces and writes a report. `aunce predict photo.jpg` runs the result on
# a photograph: an illustration, no measurement. The course goes on here:
#
# | | | minutes |
# | --- | --- | ---: |
# | 01 | [data: labels, people, folds](01_data.ipynb) | 40 |
# | 02 | [positive pairs and wrong labels](02_positive_pairs.ipynb) | 40 |
# | 03 | [the loss, derived, coded and drawn](03_the_loss.ipynb) | 60 |
# | 04 | [the encoder, shape by shape](04_the_encoder.ipynb) | 30 |
# | 05 | [training, beside cross-entropy](05_training.ipynb) | 40 |
# | 06 | [looking into features](06_feature_inspection.ipynb) | 50 |
# | 07 | [evaluation: skill or luck](07_evaluation.ipynb) | 50 |
# | 08 | [your own data](08_your_own_data.ipynb) | 30 |
#
# ## How far you have come
#
# A check that passes is noted in `progress.json` beside the notebooks, without your answer. Delete
# the file to begin anew.

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
