"""Checks: what an exercise answers to the learner, one file a notebook."""

import lazy_loader

_attached, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "exercises": ["Exercise", "Progress", "progress"],
        "plot": ["Curve", "Plot"],
        "losses": [
            "check_log_negatives",
            "check_loss_gradient",
            "check_nt_xent",
            "check_official_positive",
            "check_sup_con",
        ],
        "start": ["check_duchenne_smile", "check_f1_of_a_parrot"],
        "own_data": ["check_find_image", "check_image_of_row", "check_person_of"],
        "positive_pairs": [
            "check_allowed_changes",
            "check_log_positive",
            "check_no_lesson",
            "check_same_and_other",
            "check_true_share",
        ],
        "result": ["CheckFailed", "CheckResult", "Row", "check"],
        "data": [
            "check_class_weights",
            "check_codes_to_labels",
            "check_fold_of_frame",
            "check_guess",
            "check_phi",
        ],
        "encoder": [
            "check_nearest",
            "check_normalise",
            "check_per_au_features",
            "check_to_sphere",
            "check_to_tokens",
        ],
        "training": [
            "check_alignment",
            "check_collapsed_loss",
            "check_learning_rate",
            "check_training_step",
            "check_uniformity",
        ],
        "inspection": [
            "check_integrated_gradients",
            "check_pca",
            "check_procrustes",
            "check_purity",
        ],
        "evaluation": [
            "check_bootstrap",
            "check_f1",
            "check_paired_interval",
            "check_test_f1",
        ],
    },
)


def __getattr__(name: str):
    found = _attached(name)
    if name.startswith("check_"):
        from .record import noted

        found = globals()[name] = noted(found)  # what passes in a notebook is remembered
    return found
