"""A tiny study of real trials."""

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


@pytest.fixture(scope="module", autouse=True)
def _cache(tiny):
    """The faces that are drawn already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUNCE_CACHE", str(tiny.store.path.parent))
        yield
