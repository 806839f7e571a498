"""Inspection: projections of embeddings, and the figures of reports and notebooks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "loss_plots": [
            "effective_negatives",
            "plot_forces",
            "plot_settled",
            "plot_softplus",
            "push_and_pull",
            "settle",
        ],
        "pair_plots": [
            "false_positives",
            "mate_shares",
            "plot_batches",
            "plot_false_positives",
            "plot_positives",
            "plot_roles",
            "plot_truth",
        ],
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
        "encoder_plots": ["plot_au_graph", "plot_tokens"],
        "encoder_steps": [
            "as_images",
            "describe_encoder",
            "encoder_steps",
            "listening",
            "seen_pixels",
            "token_changes",
        ],
        "live": ["LiveHistory"],
        "training_plots": ["plot_plane", "plot_sphere"],
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
