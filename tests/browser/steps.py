"""What is done to a widget in the browser: each step names a control, and what holds after it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """Something done to a control, or to a part of it; afterwards the state must hold `then`.

    Values of `then` are compared with those of the state; functions are asked about them.
    """

    control: str
    then: dict
    part: str = ""

    def find(self, page, root: str):
        return page.find(f".{root}-{self.control} {self.part}")


@dataclass(frozen=True)
class Press(Step):
    """Keys, one after the other, on a control that has the focus."""

    keys: str = ""

    def do(self, page, root: str) -> None:
        page.press(f".{root}-{self.control} {self.part}", self.keys)


@dataclass(frozen=True)
class Click(Step):
    """A click of the mouse."""

    def do(self, page, root: str) -> None:
        self.find(page, root).click()


@dataclass(frozen=True)
class Choose(Step):
    """An option of a dropdown."""

    option: str = ""

    def do(self, page, root: str) -> None:
        name = f"{root}-{self.control}"
        page.find(f".{name} select, select.{name}").select_option(self.option)


@dataclass(frozen=True)
class Drag(Step):
    """The handle of a slider, by a share of its width to the right."""

    by: float = 0.0

    def do(self, page, root: str) -> None:
        page.drag(f".{root}-{self.control}", self.by)


@dataclass(frozen=True)
class Pull(Step):
    """A part of a picture, by the mouse, to a place in shares of the picture's width and height."""

    to: tuple[float, float] = (0.5, 0.5)

    def do(self, page, root: str) -> None:
        part, mouse = self.find(page, root).bounding_box(), page.tab.mouse
        box = page.find(f".{root}-{self.control} svg").bounding_box()
        mouse.move(part["x"] + part["width"] / 2, part["y"] + part["height"] / 2)
        mouse.down()
        x, y = box["x"] + self.to[0] * box["width"], box["y"] + self.to[1] * box["height"]
        mouse.move(x, y, steps=6)
        mouse.up()


@dataclass(frozen=True)
class Lasso(Step):
    """A loop around the middle of a map, of a radius in shares of its height."""

    radius: float = 0.25

    def do(self, page, root: str) -> None:
        box, mouse = self.find(page, root).bounding_box(), page.tab.mouse
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        r = self.radius * box["height"]
        mouse.move(x + r, y)
        mouse.down()
        for step in range(1, 25):
            mouse.move(x + r * math.cos(step / 4), y + r * math.sin(step / 4))
        mouse.up()


@dataclass(frozen=True)
class Driven:
    """A widget in the browser. Each step changes the picture, and what is told is the kernel's.

    Attributes:
        root: Class of the widget; those of its controls begin with it.
        code: Makes `widget`.
        steps: What is done to it.
        told: State → words that the page must show then.
        picture: Which of its parts is the picture.
    """

    root: str
    code: str
    steps: tuple[Step, ...]
    told: Callable[[dict], str]
    picture: str = "picture"
