"""Widgets: one question, one picture, one number that moves. Each has a still `.figure()` twin."""

from aunce_lib.widgets.playground import EXPRESSIONS, Look, Playground, look

__all__ = ["EXPRESSIONS", "Look", "Playground", "look"]
