"""Widgets: one question, one picture, one number that moves. Each has a still `.figure()` twin."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "explorer": ["Explorer"],
        "movie": ["TrainingMovie", "film"],
        "noise_lab": ["NoiseLab"],
        "playground": ["EXPRESSIONS", "Look", "Playground", "look"],
        "thresholds": ["ThresholdExplorer"],
    },
)
