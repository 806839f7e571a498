"""Settings and fixtures that all tests share."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest
import torch

torch.set_num_threads(1)  # two shared cores: more threads slow a step tenfold when others work


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The embedded corpus in its smallest size: 240 synthetic faces of 12 people."""
    from aunce_lib.corpora import synthetic

    return synthetic.load(size="tiny", cache=tmp_path_factory.mktemp("cache"))
