"""Formulas as MathML, which browsers draw by themselves."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from latex2mathml.converter import convert

SPACE = "{http://www.w3.org/1998/Math/MathML}"
BESIDE = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}  # limits: beside → below
BIG = {"∑", "∏", "max", "min", "sup", "inf", "lim"}
NAMED = {"log", "exp", "max", "min", "sin", "cos", "ln", "arg"}


def mathml(latex: str, display: bool = False) -> str:
    """A formula as MathML.

    Args:
        latex: Between the dollar signs.
        display: On a line of its own.

    Raises:
        ValueError: If the formula cannot be understood; names it.
    """
    latex = re.sub(r"\{(?:aligned|split)\}", "{align*}", latex.strip())
    latex = re.sub(r"\\arg(?![a-z])", r"\\operatorname{arg}\\,", latex)
    try:
        formula = convert(latex, display="block" if display else "inline")
    except Exception as error:  # the parser raises errors of many kinds
        raise ValueError(f"this formula cannot be drawn: {latex} ({error})") from error
    unknown = re.search(r">(\\\w+)<", formula)
    if unknown:
        raise ValueError(f"this formula has the unknown command {unknown[1]}: {latex}")
    Xml.register_namespace("", SPACE.strip("{}"))
    tree = Xml.fromstring(formula)
    _set(tree)
    text = Xml.tostring(tree, encoding="unicode")
    return f'<div class="maths" tabindex="0">{text}</div>' if display else text


def _set(element: Xml.Element) -> None:
    """Limits of sums below them, a little room where letters would touch, bars of equal height."""
    name = element.tag.removeprefix(SPACE)
    if name in BESIDE and element[0].text in BIG:
        element.tag = SPACE + BESIDE[name]
    if name == "msubsup" and element[0].text == "∫":
        limit, row = element[2], Xml.Element(f"{SPACE}mrow")
        row.extend([Xml.Element(f"{SPACE}mspace", width="0.5em"), limit])
        element[2] = row
    if element.text == "‖" and "fence" not in element.attrib:  # with \left it grows as asked
        element.set("stretchy", "false")
    for place, child in reversed(list(enumerate(element))):
        _set(child)
        after = element[place + 1] if place + 1 < len(element) else None
        if child.text in NAMED and name == "mrow" and after is not None and after.text != "(":
            element.insert(place + 1, Xml.Element(f"{SPACE}mspace", width="0.17em"))
