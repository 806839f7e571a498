"""Inspection: projections of embeddings, and the figures of reports and notebooks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "projection": ["project"],
        "corpus_statistics": ["compare_statistics", "label_statistics", "plot_statistics"],
        "plots": [
            "face_grid",
            "plot_cooccurrence",
            "plot_f1_bars",
            "plot_groups",
            "plot_history",
            "plot_projection",
            "plot_rates",
        ],
    },
)
