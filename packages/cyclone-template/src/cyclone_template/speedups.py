"""Escaping in C, where it is at hand.

MarkupSafe (the extra ``speedups``) holds a C function that does most of what ``xhtml_escape`` does.
It is taken where it is importable and proves that it does what is expected of it; the output is the
same to the byte with and without it. Its name is private to MarkupSafe, hence the proof.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

from cyclone_escape import xhtml_escape

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EscapeEngine", "current_escape", "use_escape"]

EscapeEngine: TypeAlias = Literal["auto", "c", "python"]
"""``"auto"``: C if it is there. ``"c"``: C, or an error. ``"python"``: the standard library."""

_SPECIAL = "&<>\"'"
_PROOF = f"plain{_SPECIAL}\xe9\u2028\U0001f300{_SPECIAL}&#39;&#34;"


def _load() -> Callable[[str], str] | None:
    """Return a C function that escapes a ``str`` as ``xhtml_escape`` does, or None."""
    try:
        # The module has no types, and its name is not promised.
        module = import_module("markupsafe._speedups")
        inner: Callable[[str], str] = module._escape_inner  # noqa: SLF001
    except (ImportError, AttributeError):
        return None

    def escape(text: str) -> str:
        escaped = inner(text)
        if escaped is text or "&#3" not in escaped:
            return escaped
        # The same characters, written as Tornado and Python's html write them.
        return escaped.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")

    clean = "nothing to escape"
    if escape(_PROOF) == xhtml_escape(_PROOF) and escape(clean) == clean:
        return escape
    return None


class _Choice:
    """Which function is in use."""

    def __init__(self) -> None:
        self.engine: EscapeEngine = "auto"
        # Looked for when first needed: importing this package imports nothing optional.
        self.function: Callable[[str], str] | None = None


_choice = _Choice()


def current_escape() -> Callable[[str], str]:
    """Return the function that escapes a ``str`` in the place of ``xhtml_escape``."""
    function = _choice.function
    if function is None:
        function = _choice.function = _load() or xhtml_escape
    return function


def use_escape(engine: EscapeEngine) -> EscapeEngine:
    """Choose what escapes text in templates; the output is the same to the byte.

    Args:
        engine: ``"auto"`` (the default) takes MarkupSafe's C function if it is there. ``"c"`` is
            an error if it is not. ``"python"`` takes ``cyclone_escape.xhtml_escape``.

    Returns:
        What was chosen before.

    Raises:
        RuntimeError: There is no C function that does what is needed.
        ValueError: There is no such engine.
    """
    before = _choice.engine
    if engine == "python":
        function: Callable[[str], str] | None = xhtml_escape
    elif engine in {"auto", "c"}:
        function = _load()
    else:
        raise ValueError(f"{engine!r} is no escape engine: write 'auto', 'c' or 'python'")
    if engine == "c" and function is None:
        raise RuntimeError(
            "MarkupSafe with its C extension is not installed: "
            'pip install "cyclone-template[speedups]"'
        )
    _choice.engine, _choice.function = engine, function or xhtml_escape
    return before
