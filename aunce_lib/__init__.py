"""aunce_lib: learn, teach and research contrastive learning of facial action units.

Names are looked up when they are first used, so that `import aunce_lib` takes no time.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "facs": ("ACTION_UNITS", "AU_SETS", "ActionUnit", "describe"),
    "faces": ("Population", "draw_action_units", "draw_scenes", "render"),
    "corpora.frames": ("CorpusError", "FrameTable"),
    "corpora.store": ("FrameStore",),
    "corpora.folds": ("Fold", "holdout", "published", "subject_folds"),
    "views": ("Views",),
    "sampler": ("BalancedBatchSampler", "Positive", "PositiveSampler"),
    "loss": ("AUNCELoss", "aunce_loss", "explain"),
    "baselines": ("HCL", "NTXent", "SupCon", "WeightedBCE", "class_weights"),
    "encoder": ("Encoder",),
    "evaluation.embed": ("embed",),
    "evaluation.metrics": ("Evaluation", "evaluate"),
    "evaluation.probe": ("Probe", "fit_probe", "knn_scores"),
    "config": ("TrainConfig",),
    "training": ("Run", "fit"),
    "inspection.projection": ("project",),
    "predict": ("Prediction",),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}
_MODULES = (
    "baselines",
    "config",
    "corpora",
    "encoder",
    "evaluation",
    "faces",
    "facs",
    "inspection",
)
_MODULES += ("loss", "sampler", "training", "views", "widgets")

__all__ = sorted([*_MODULE_OF, *_MODULES])
__version__ = "0.1.0"


def __getattr__(name: str):
    if name in _MODULE_OF:
        return getattr(import_module(f"aunce_lib.{_MODULE_OF[name]}"), name)
    if name in _MODULES:
        return import_module(f"aunce_lib.{name}")
    raise AttributeError(f"module 'aunce_lib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
