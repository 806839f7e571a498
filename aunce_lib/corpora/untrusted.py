"""Small YAML and JSON files from anybody: plain values come out, or one kind of error.

Their parsers are safe (neither can make anything but plain values), but not sturdy: a file can be
nested until the stack ends, a few aliases can stand for 10¹⁸ values, and a wrong tag gives a
KeyError, an IndexError or an AttributeError. Here all of that is a ValueError.
"""

from __future__ import annotations

import json
from pathlib import Path
from reprlib import repr as shortened

import yaml

MOST_BYTES = 1_000_000  # of a YAML file: settings fill a few kB
MOST_VALUES = 20_000  # in it, each counted as often as aliases repeat it
MOST_LEVELS = 50  # of lists in lists
LONGEST = 10_000  # characters of one value: 1:1:1… is a number, and slow to read when long


def read_yaml(path: str | Path) -> object:
    """What a YAML file holds; its errors name it.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is no YAML, holds other than plain values, or is too large.
    """
    try:
        with Path(path).open("rb") as file:
            return parse_yaml(file.read(MOST_BYTES + 1))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def parse_yaml(content: bytes | str) -> object:
    """Plain values of a YAML text: no tags, and no more of it than settings need.

    Raises:
        ValueError: As `read_yaml`.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"is longer than {MOST_BYTES:,} bytes: no file of settings")
    try:
        if isinstance(content, bytes) and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            content = content.decode("utf-8-sig")
        levels = 0
        for event in yaml.parse(content, yaml.SafeLoader):
            levels += isinstance(event, yaml.CollectionStartEvent)
            levels -= isinstance(event, yaml.CollectionEndEvent)
            if levels > MOST_LEVELS:
                raise ValueError(f"is nested more than {MOST_LEVELS} levels deep")
            if tag := getattr(event, "tag", None):
                raise ValueError(f"has the tag {tag[:100]!r}: write plain values, without tags")
            if len(getattr(event, "value", "")) > LONGEST:
                raise ValueError(f"has a value of more than {LONGEST:,} characters")
        loader = yaml.SafeLoader(content)
        node = loader.get_single_node()
        if _size(node, {}) > MOST_VALUES:
            raise ValueError(f"stands for more than {MOST_VALUES:,} values: write fewer")
        return None if node is None else loader.construct_document(node)
    except RecursionError as error:
        raise ValueError("is nested too deep, or an alias holds itself") from error
    except yaml.YAMLError as error:
        raise ValueError(f"is no YAML: {error}") from error


def read_json(path: str | Path) -> object:
    """What a JSON file holds; its errors name it.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is no JSON.
    """
    try:
        return parse_json(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def parse_json(content: bytes | str) -> object:
    """The values of a JSON text.

    Raises:
        ValueError: If it is none, or nested too deep for Python.
    """
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    except ValueError as error:  # no JSON, no UTF-8, or a number of thousands of digits
        raise ValueError(f"is no JSON: {error}") from error


def action_units(values: object) -> tuple[int, ...]:
    """Action units as a file names them, checked.

    Raises:
        ValueError: If they are no list of different whole numbers from 1.
    """
    if not isinstance(values, list) or not all(type(au) is int and 0 < au < 1000 for au in values):
        raise ValueError(f"must name action units such as [1, 12], got {shortened(values)}")
    if len(set(values)) != len(values) or not values:
        raise ValueError(f"must name each action unit once, got {shortened(values)}")
    return tuple(values)


def _size(node: yaml.Node | None, known: dict[int, int]) -> int:
    """How many values a node stands for when every alias is written out."""
    if not isinstance(node, yaml.CollectionNode):
        if node is not None and node.tag == "tag:yaml.org,2002:int" and len(node.value) > 1000:
            raise ValueError(f"has a number of {len(node.value):,} characters")  # not to be shown
        return 1
    if id(node) not in known:
        pairs = isinstance(node, yaml.MappingNode)
        parts = [part for pair in node.value for part in pair] if pairs else node.value
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]
