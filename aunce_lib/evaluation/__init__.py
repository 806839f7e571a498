"""Evaluation: probes of frozen encoders; metrics beside trivial baselines and intervals."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "metrics": ["Evaluation", "as_dict", "evaluate", "per_au", "trivial_baselines"],
        "bootstrap": ["paired_difference"],
        "fairness": ["by_group"],
        "geometry": ["alignment", "collapse", "dimensions_used", "uniformity"],
        "probe": ["Probe", "fit_probe", "knn_scores"],
    },
)
