"""Whitespace: how much of it a template's text keeps."""

from __future__ import annotations

import re

__all__ = ["filter_whitespace"]

_BLANKS = re.compile(r"[\t ]+")
# The look-behind makes it linear: a run without a newline is tried once, not once per character.
_LINE_BREAK = re.compile(r"(?<!\s)[^\S\n]*+\n\s*")
_RUN = re.compile(r"\s+")


def filter_whitespace(mode: str, text: str) -> str:
    """Return the text with less whitespace.

    Source: ``filter_whitespace`` of ``tornado.template``.

    Args:
        mode: ``"all"`` keeps everything. ``"single"`` makes one space of a run of blanks and tabs,
            and one newline of a run that holds a newline. ``"oneline"`` makes one space of every
            run, newlines included.
        text: The text.

    Returns:
        The filtered text.

    Raises:
        ValueError: There is no such mode.
    """
    if mode == "all":
        return text
    if mode == "single":
        return _LINE_BREAK.sub("\n", _BLANKS.sub(" ", text))
    if mode == "oneline":
        return _RUN.sub(" ", text)
    raise ValueError(
        f"{mode!r} is no whitespace mode: write 'all', 'single' or 'oneline'",
    )
