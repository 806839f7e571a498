"""A small study of real trials, and tidy tables of invented numbers."""

from __future__ import annotations

import pytest

STUDY = """
split: test
size: tiny
noise: [0, 0.3]
seed: 100
loss:
  cross-entropy: {loss: bce}
  AUNCE: {loss: aunce}
train: {epochs: 1, batch_size: 32, dim: 8}
"""


@pytest.fixture
def written(tmp_path):
    """Writes a study, by default a tiny one of four cells, with changes to its text."""

    def write(*changes: tuple[str, str], text: str = STUDY):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory, monkeypatch):
    """One cache of drawn faces for all studies here."""
    folder = tmp_path_factory.getbasetemp() / "studies_cache"
    monkeypatch.setenv("AUNCE_CACHE", str(folder))
