"""Settings and fixtures that all tests share."""

from __future__ import annotations

import contextlib
import io
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest
import torch

pytest.register_assert_rewrite("contract")  # of the exercises: its tests are imported
torch.set_num_threads(1)  # two shared cores: more threads slow a step tenfold when others work


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The embedded corpus in its smallest size: 240 synthetic faces of 12 people."""
    from aunce_lib.corpora import synthetic

    return synthetic.load(size="tiny", cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory):
    """The demo on the tiny corpus, one epoch: its folder and what it printed."""
    from aunce_lib.demo import demo

    folder, printed = tmp_path_factory.mktemp("demo"), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setenv("AUNCE_CACHE", str(tmp_path_factory.mktemp("demo_cache")))
        demo(folder, size="tiny", epochs=1, batch_size=32)
    return folder, printed.getvalue()


@pytest.fixture(scope="session")
def demo_folder(demo_run):
    """Folder of a finished demo: aunce/, bce/, metrics.json, figures/, report.html."""
    return demo_run[0]


@pytest.fixture(scope="session")
def demo_output(demo_run):
    """What that demo printed."""
    return demo_run[1]
