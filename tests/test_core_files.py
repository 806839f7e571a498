"""The house rules that a reader relies on: small files, few imports, one direction of flow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "aunce_lib"
FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
CORE = ("batch", "sampler", "loss", "encoder")
FLOW = (
    "facs", "tensors", "faces", "corpora", "views", "distributed", *CORE[:3], "baselines",
    "centroids", "encoder", "evaluation", "config", "protocols", "checkpoint", "pretrained",
    "batches", "interruption", "devices", "optimisation", "micro_batch", "run", "watching",
    "training", "pretraining", "epochs", "load_or_train", "trial", "study", "experiment",
    "footprint", "dry_run", "inspection", "widgets", "checks", "predict", "timeline", "report",
    "preparation", "demo", "explore", "cli",
)  # fmt: skip


def imports(tree, package="aunce_lib"):
    """Modules that are imported anywhere in the tree, `from a import b` as a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def inside_functions(tree):
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [node for node in ast.walk(tree) if isinstance(node, functions)]
    return {name for body in bodies for name in imports(body)}


def part(module):
    """The line of the flow that a module belongs to, None outside of the package."""
    names = module.split(".")
    return names[1] if names[0] == "aunce_lib" and len(names) > 1 else None


@pytest.mark.parametrize("name", CORE)
def test_core_files_import_only_torch_and_each_other(name):
    tree = parse(FILES[f"{name}.py"])
    allowed = {"torch", "aunce_lib", *sys.stdlib_module_names}
    foreign = {module for module in imports(tree) if module.split(".")[0] not in allowed}
    assert {module.split(".")[0] for module in foreign} <= {"transformers"}
    assert foreign <= inside_functions(tree)
    assert {part(module) for module in imports(tree)} <= {*CORE, "distributed", None}


@pytest.mark.parametrize("name", CORE)
def test_core_files_fit_on_a_few_screens(name):
    assert len(FILES[f"{name}.py"].read_text().splitlines()) <= 250


@pytest.mark.parametrize("name", FILES)
def test_files_hold_one_idea(name):
    assert len(FILES[name].read_text().splitlines()) <= 400


@pytest.mark.parametrize("name", [name for name in FILES if name != "__init__.py"])
def test_imports_point_back_in_the_flow_of_data(name):
    here = name.removesuffix(".py").split("/")[0]
    package = ".".join(["aunce_lib", *name.split("/")[:-1]])
    targets = {part(module) for module in imports(parse(FILES[name]), package)} - {None}
    assert {here, *targets} <= set(FLOW)
    later = {target for target in targets if FLOW.index(target) > FLOW.index(here)}
    assert later == set()


def test_the_import_rule_sees_every_form_of_import():
    tree = ast.parse("def f():\n    from aunce_lib import loss\nimport aunce_lib.cli as c, os")
    assert {part(module) for module in imports(tree)} == {"loss", "cli", None}
    assert inside_functions(tree) == {"aunce_lib", "aunce_lib.loss"}
    tree = ast.parse("from ..facs import column\nfrom .store import FrameStore\nfrom . import tidy")
    assert {part(module) for module in imports(tree, "aunce_lib.corpora")} == {"facs", "corpora"}


def test_importing_the_package_loads_nothing_heavy():
    heavy = "{'torch', 'umap', 'transformers', 'sklearn', 'matplotlib', 'pandas', 'numpy'}"
    code = f"import sys, aunce_lib; print(sorted({heavy} & sys.modules.keys()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_public_names_are_found_where_the_package_says():
    import aunce_lib

    for name in aunce_lib.__all__:
        assert getattr(aunce_lib, name) is not None
    with pytest.raises(AttributeError, match="aunce"):
        aunce_lib.aunce  # noqa: B018
