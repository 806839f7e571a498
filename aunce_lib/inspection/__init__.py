"""Inspection: projections of embeddings, and the figures of reports and notebooks."""

from __future__ import annotations

import importlib

_HOME = {
    "project": "projection",
    "plot_projection": "plots",
    "plot_f1_bars": "plots",
    "plot_history": "plots",
    "face_grid": "plots",
    "plot_cooccurrence": "plots",
    "plot_rates": "plots",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Import a public name when it is first used."""
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
