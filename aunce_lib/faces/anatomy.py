"""What each action unit does to a face: the muscle table, as data.

This is the one place where an action unit (AU) gets its looks: `upper_face.py` and
`lower_face.py` hold an entry for each, in the vocabulary of `muscles.py`. `fields.py` turns the
table into pictures of displacement, `render.py` into pixels.
"""

from __future__ import annotations

from aunce_lib.faces.lower_face import LOWER_FACE
from aunce_lib.faces.muscles import Action
from aunce_lib.faces.upper_face import UPPER_FACE

ACTIONS: dict[int, Action] = UPPER_FACE | LOWER_FACE

#: The drawn action units, in the order of axis 1 of every intensity tensor of this package.
AUS: tuple[int, ...] = tuple(sorted(ACTIONS))

#: (AU, stronger AU, share): where the stronger acts fully, the AU loses this share of its effect.
GIVES_WAY: tuple[tuple[int, int, float], ...] = (
    (26, 27, 1.0),  # the jaw has one hinge: pulled down, letting go of it adds nothing
    (7, 5, 0.7),  # a lid that is drawn up is not drawn shut at the same time
)
