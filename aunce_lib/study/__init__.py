"""Studies: many trials, told apart by what is varied, as one tidy table."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"config": ["Cell", "StudyConfig"], "run": ["results", "run_study"]},
)
