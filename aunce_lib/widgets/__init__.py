"""Widgets: one question, one picture, one number that moves. Each has a still `.figure()` twin."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "curves": ["Curves", "ReweightingCurves", "push_curves"],
        "explorer": ["Explorer"],
        "forces": ["Ring", "ring_forces"],
        "movie": ["TrainingMovie", "film"],
        "noise_lab": ["NoiseLab"],
        "pairs": ["PairSampler", "Pairs", "positive_pairs"],
        "playground": ["EXPRESSIONS", "Playground"],
        "portrait": ["Look", "look"],
        "quiz": ["Question", "Quiz", "question"],
        "ring": ["EmbeddingRing"],
        "thresholds": ["ThresholdExplorer"],
    },
)
