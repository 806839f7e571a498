"""Evaluation: probes of frozen encoders; metrics beside trivial baselines and intervals."""

from __future__ import annotations

import importlib

_HOME = {
    "Evaluation": "metrics",
    "evaluate": "metrics",
    "per_au": "metrics",
    "trivial_baselines": "metrics",
    "as_dict": "metrics",
    "paired_difference": "bootstrap",
    "alignment": "geometry",
    "uniformity": "geometry",
    "collapse": "geometry",
    "dimensions_used": "geometry",
    "Probe": "probe",
    "fit_probe": "probe",
    "knn_scores": "probe",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Import a public name when it is first used."""
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
