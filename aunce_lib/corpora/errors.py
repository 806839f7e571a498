"""The one exception for corpora that cannot be trusted."""

from __future__ import annotations


class CorpusError(ValueError):
    """A file or table of a corpus is not what it should be.

    The message names the file or the column and row, what was expected, what was found, and what
    to do next. Trouble of the operating system (no such file, no permission, a full disk) stays an
    `OSError`; a program that wants to answer its user calmly catches both.
    """
