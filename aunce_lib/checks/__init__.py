"""Checks: what an exercise answers to the learner, one file a notebook."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "result": ["CheckFailed", "CheckResult", "Row", "check"],
    },
)
