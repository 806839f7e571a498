"""Inspection: projections of embeddings, and the figures of reports and notebooks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attribution": ["agreement", "attribute", "plot_maps"],
        "content": ["content", "plot_content", "readable"],
        "evaluation_plots": [
            "f1_curve",
            "plot_all_active",
            "plot_draws",
            "plot_people",
            "plot_published",
            "plot_thresholds",
        ],
        "neighbours": ["nearest", "plot_neighbours", "plot_purity", "purity", "purity_table"],
        "projection": ["project"],
        "studies": [
            "add_rare",
            "paired_differences",
            "published",
            "read_study",
            "summarise",
            "transfer",
        ],
        "twins": ["Twins", "draw_twins"],
        "study_plots": ["plot_curves", "plot_differences", "plot_grid", "plot_per_au"],
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
