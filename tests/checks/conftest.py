"""Hands the exercises of a module to the tests that it imports from `contract`."""

import inspect

import pytest

pytest.register_assert_rewrite("contract")


def cases(module) -> dict[str, list[tuple]]:
    """Arguments of a test → what it is called with, for one module."""
    if hasattr(module, "EXERCISES"):
        exercises = module.EXERCISES.items()
        solutions = [(check, solution) for check, (solution, _) in exercises]
        counts = [(check, len(wrong)) for check, (_, wrong) in exercises]
    else:
        solutions = list(module.SOLUTIONS.items())
        counts = [(check, sum(w[0] is check for w in module.WRONG)) for check, _ in solutions]
    return {
        "check, solution": solutions,
        "check, n_wrong": counts,
        "check, message, answer": getattr(module, "WRONG", []),
        "check, cause, answer": [
            (check, cause, answer)
            for check, (_, wrong) in getattr(module, "EXERCISES", {}).items()
            for cause, answer in wrong.items()
        ],
        "check, words, answer": getattr(module, "OWN", []),
    }


def pytest_generate_tests(metafunc):
    if metafunc.function.__module__ == "contract":
        wanted = ", ".join(inspect.signature(metafunc.function).parameters)
        values = cases(metafunc.module)[wanted]
        names = [", ".join(map(_named, row)).rstrip(", ") for row in values]
        metafunc.parametrize(wanted.split(", "), values, ids=names)


def _named(value) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", "")
