"""aunce_lib: learn, teach and research contrastive learning of facial action units.

Names are looked up when they are first used, so that `import aunce_lib` takes no time.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["baselines", "corpora", "evaluation", "faces", "facs", "inspection", "widgets"],
    submod_attrs={
        "facs": ["ACTION_UNITS", "AU_SETS", "ActionUnit", "describe"],
        "corpora.frames": ["CorpusError", "FrameTable"],
        "corpora.store": ["FrameStore"],
        "corpora.folds": ["Fold", "holdout", "published", "subject_folds"],
        "views": ["Views"],
        "sampler": ["BalancedBatchSampler", "Positive", "PositiveSampler"],
        "loss": ["AUNCELoss", "aunce_loss", "explain"],
        "encoder": ["Encoder"],
        "evaluation.embed": ["embed"],
        "evaluation.fairness": ["by_group"],
        "evaluation.metrics": ["Evaluation", "evaluate"],
        "evaluation.probe": ["Probe", "fit_probe", "knn_scores"],
        "config": ["TrainConfig"],
        "load_or_train": ["load_or_train"],
        "pretrained": ["load_pretrained", "save_pretrained"],
        "training": ["Run", "fit"],
        "epochs": ["load_epochs", "save_epochs"],
        "trial": ["run_trial"],
        "study": ["StudyConfig", "run_study"],
        "inspection.projection": ["project"],
    },
)
