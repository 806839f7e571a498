"""List files: written and read again, and the traps of the published ones named."""

from __future__ import annotations

import numpy as np
import pytest
from trees import bp4d, disfa
from trees import lists as list_tree

from aunce_lib.corpora import CorpusError, published
from aunce_lib.corpora import bp4d as bp4d_reader
from aunce_lib.corpora import disfa as disfa_reader
from aunce_lib.corpora.aggregates import counts
from aunce_lib.corpora.lists import au_weights, read, write
from aunce_lib.facs import AU_SETS

#: BP4D_weight_fold1.txt … and DISFA_weight_fold1.txt … as Ziqiao-Shang/AUNCE publishes them.
WEIGHTS = {
    ("bp4d", 1): "1.342985 1.689665 1.248091 0.561356 0.433044 0.435894 0.457287 0.541004 1.408054 "
    "0.722762 1.493145 1.666711",
    ("bp4d", 2): "1.191051 1.337315 1.246995 0.558933 0.468168 0.418041 0.440099 0.581900 1.670360 "
    "0.774237 1.586367 1.726535",
    ("bp4d", 3): "1.132895 1.519623 1.308560 0.552098 0.507140 0.443118 0.474432 0.535111 1.496040 "
    "0.749851 1.582501 1.698632",
    ("disfa", 1): "1.422290 2.347771 0.399672 0.795021 1.878217 0.440125 0.195583 0.521322",
    ("disfa", 2): "1.390215 1.469573 0.527298 1.034498 1.672842 0.656650 0.303915 0.945009",
    ("disfa", 3): "1.510590 1.560063 0.475896 0.884891 1.656857 0.570937 0.277589 1.063177",
}


@pytest.mark.parametrize(("corpus", "fold"), WEIGHTS)
def test_the_published_weights_follow_from_the_published_counts_to_six_digits(corpus, fold):
    frames, active = counts(corpus, fold, "train")
    weights = au_weights(active, frames)
    assert " ".join(f"{weight:.6f}" for weight in weights) == WEIGHTS[corpus, fold]


def test_an_au_that_is_never_active_weighs_nothing():
    np.testing.assert_allclose(au_weights([0, 5, 10], 20), [0, 2, 1])


def all_known(tmp_path, people=("F001", "M007", "F007")):
    tree = bp4d(people=people, intensity=False)
    table = bp4d_reader.read(tree.write(tmp_path))
    return table.where(~np.isnan(table.labels).any(axis=1))


@pytest.mark.parametrize("style", ["aunce", "mdhr", "jaa"])
def test_lists_that_are_written_read_back_the_same(style, tmp_path):
    table = all_known(tmp_path)
    files = write(table, tmp_path / "list", published("bp4d", 1), 1, style=style)
    assert [file.parent for file in files] == [tmp_path / "list"] * 5
    options = {"train": "BP4D_train_fold1", "test": "BP4D_test_fold1"} if style == "jaa" else {}
    again = read(tmp_path, images=".", **options)
    order = [table.frames["path"].tolist().index(path) for path in again.frames["path"]]
    np.testing.assert_array_equal(again.labels, table.labels[order])
    np.testing.assert_array_equal(again.frames["frame"], table.frames["frame"].iloc[order])
    np.testing.assert_array_equal(again.subjects, table.subjects[order])
    test = again.frames["split"] == "test"
    assert set(again.subjects[test]) == {"bp4d/F007"}


def test_written_files_are_as_the_published_code_loads_them(tmp_path):
    table = all_known(tmp_path, ("F001", "F003", "F007"))
    write(table, tmp_path, published("bp4d", 2), 2)
    train = np.loadtxt(tmp_path / "BP4D_train_label_fold2.txt")
    paths = (tmp_path / "BP4D_train_img_path_fold2.txt").read_text().splitlines()
    weights = np.loadtxt(tmp_path / "BP4D_weight_fold2.txt")
    assert train.shape == (len(paths), 12)
    rates = train.mean(axis=0)
    inverse = np.divide(1, rates, out=np.zeros(12), where=rates > 0)
    np.testing.assert_allclose(weights, inverse / inverse.sum() * 12, atol=1e-6)


def test_mdhr_names_disfas_lists_in_its_own_way(tmp_path):
    table = disfa_reader.read(disfa(prefix="{}_").write(tmp_path))
    files = write(table, tmp_path / "list", published("disfa", 1), style="mdhr")
    assert "DISFA_train_path_fold1.txt" in {file.name for file in files}
    assert read(tmp_path, images=".").aus == AU_SETS["disfa"]


def test_unknown_labels_are_9_for_jaanet_and_refused_for_the_others(tmp_path):
    table = bp4d_reader.read(bp4d(intensity=False).write(tmp_path))
    with pytest.raises(CorpusError, match="have an unknown label"):
        write(table, tmp_path, published("bp4d", 1))
    write(table, tmp_path, published("bp4d", 1), style="jaa")
    assert "9" in (tmp_path / "BP4D_train_fold1_AUoccur.txt").read_text()


def test_the_published_sample_of_labels_is_named_as_what_it_is(tmp_path):
    """Whole lists of paths beside five lines of labels: what a newcomer downloads."""
    tree = list_tree(n=30)
    name = "list/BP4D_train_label_fold1.txt"
    sample = b"\n".join(tree.files[name].splitlines()[:5])
    with pytest.raises(CorpusError, match=r"has 5 lines.*has 120;.*sample.*under licence.*prepare"):
        read(tree.changed({name: sample}).write(tmp_path))


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        ("path", lambda lines: lines[:-1], "cut off, or they are of different folds"),
        ("label", lambda lines: lines[:-1], "cut off, or they are of different folds"),
        ("path", lambda lines: [*lines[:-1], lines[0]], "is also on line 1"),
        ("path", lambda lines: ["../" + lines[0], *lines[1:]], "within the corpus"),
        ("path", lambda lines: ["/etc/1.jpg", *lines[1:]], "within the corpus"),
        ("path", lambda lines: ["C:\\F001\\1.jpg", *lines[1:]], "within the corpus"),
        ("path", lambda lines: ["F001/T1/99999.jpg", *lines[1:]], "is not there"),
        ("path", lambda lines: [lines[0], "", *lines[2:]], "line 2: .*blank line"),
        ("label", lambda lines: [lines[0][:-2], *lines[1:]], "a label for each of the 12"),
        ("label", lambda lines: [lines[0], lines[1] + " 0", *lines[2:]], "line 2: expected 12"),
        ("label", lambda lines: ["2" + lines[0][1:], *lines[1:]], "line 1, .*got '2'"),
    ],
)
def test_lists_that_do_not_belong_together_are_refused(name, edit, message, tmp_path):
    tree = list_tree()
    file = f"list/BP4D_train_{'img_path' if name == 'path' else 'label'}_fold1.txt"
    lines = edit(tree.files[file].decode().splitlines())
    with pytest.raises(CorpusError, match=message):
        read(tree.changed({file: "\n".join(lines).encode()}).write(tmp_path))


def test_listed_images_are_found_by_number_or_counted(tmp_path):
    tree = list_tree()
    changes = {name: None for name in tree.files if name.endswith(".jpg")}
    for name in list(changes)[3:]:
        folder, _, frame = name.rpartition("/")
        changes[f"{folder}/{frame[:-4]:0>5}.png"] = b"padded, and in another format"
    source = tree.changed(changes).write(tmp_path)
    with pytest.raises(CorpusError, match="is not there"):
        read(source)
    table = read(source, missing="skip")
    assert table.frames["path"].str.fullmatch(r"img/[FM]\d+/T\d/\d{5}\.png").all()
    assert 1 <= table.metadata["skipped"]["listed image that is not there"] <= 3


def test_lists_of_several_corpora_in_a_folder_need_a_choice(tmp_path):
    tree = list_tree()
    others = {
        name.replace("BP4D", "DISFA"): content
        for name, content in tree.files.items()
        if name.startswith("list/")
    }
    source = tree.changed(others).write(tmp_path)
    with pytest.raises(CorpusError, match="corpus="):
        read(source)
    assert len(read(source, corpus="bp4d")) == len(tree.truth)


def test_columns_of_other_action_units_are_said(tmp_path):
    tree = list_tree()
    aus = tuple(range(1, 13))
    assert read(tree.write(tmp_path), aus=aus).aus == aus
    with pytest.raises(CorpusError, match="aus="):
        read(tmp_path, aus=(1, 2))
