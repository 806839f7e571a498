"""The files that say what is installed agree with each other, and so do the version numbers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import aunce_lib

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA_NAMES = {"torch": "pytorch"}  # where conda-forge calls a package by another name

DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {
    extra: [Requirement(line) for line in lines]
    for extra, lines in PROJECT["optional-dependencies"].items()
}
RUNTIME = DEPENDENCIES + [r for extra, group in EXTRAS.items() if extra != "dev" for r in group]


def ids(requirements):
    return [requirement.name for requirement in requirements]


@pytest.fixture(scope="module")
def lock():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pins}


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def environment_requirements(environment):
    """Name to specifier, of conda's packages and of those left to pip."""
    *conda, pip = environment["dependencies"]
    lines = conda + [line for line in pip["pip"] if not line.startswith("-e")]
    # `python=3.11` is conda's way to say "any 3.11"
    requirements = [Requirement(re.sub(r"^(\w+)=([\d.]+)$", r"\1==\2.*", line)) for line in lines]
    return {r.name: r.specifier for r in requirements}


ALL = DEPENDENCIES + [requirement for group in EXTRAS.values() for requirement in group]


@pytest.mark.parametrize("requirement", ALL, ids=ids(ALL))
def test_the_lock_has_a_version_of_each_dependency_within_its_range(requirement, lock):
    assert lock[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_lock_is_sorted_and_pins_no_local_version():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins == sorted(pins, key=str.upper)
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)


@pytest.mark.parametrize("requirement", RUNTIME, ids=ids(RUNTIME))
def test_environment_yml_asks_for_the_same_range(requirement, environment_requirements):
    name = CONDA_NAMES.get(requirement.name, requirement.name)
    assert environment_requirements[name] == requirement.specifier


def test_environment_yml_has_nothing_that_pyproject_does_not_ask_for(environment_requirements):
    known = {CONDA_NAMES.get(r.name, r.name) for r in RUNTIME}
    assert environment_requirements.keys() - known == {"python", "pip"}


def test_environment_yml_uses_conda_forge_and_installs_this_package(environment):
    assert environment["channels"] == ["conda-forge"]
    assert "-e ." in environment["dependencies"][-1]["pip"]


def test_environment_yml_says_what_each_package_is_for():
    lines = (ROOT / "environment.yml").read_text().splitlines()
    packages = [line for line in lines if re.match(r"\s+- \w[\w-]+>=", line)]
    assert len(packages) == len(RUNTIME)
    assert [line for line in packages if " # " not in line] == []


def test_python_versions_agree(environment_requirements):
    required = SpecifierSet(PROJECT["requires-python"])
    (python,) = environment_requirements["python"]
    assert python.version.removesuffix(".*") in required
    target = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["target-version"]
    assert f">={target[2]}.{target[3:]}" == str(required)


def test_one_version_number_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest = re.search(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE).group(1)
    assert citation["version"] == newest == aunce_lib.__version__ == PROJECT["version"]


def test_make_setup_installs_every_extra():
    makefile = (ROOT / "Makefile").read_text()
    extras = re.search(r"^EXTRAS := (.+)$", makefile, flags=re.MULTILINE).group(1)
    assert set(extras.split(",")) == EXTRAS.keys()
