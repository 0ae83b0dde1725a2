"""`Option`: the definition of one option, and its value."""

import reprlib
from collections.abc import Callable
from typing import Any, Final

from cyclone_core.options.errors import Error
from cyclone_core.options.values import ValueType, accepts, describe, parse_each, parse_one

__all__ = ["Option"]

_UNSET: Final = object()

# A message shows what was given, but not pages of it.
_show = reprlib.Repr()
_show.maxstring = _show.maxother = 80


class Option:
    """One option.

    Attributes:
        name: As it was defined.
        default: What holds until a value is given.
        type: The class of its values, or a function that makes one of a `str`.
        help: What it is for, or None.
        metavar: How `print_help` calls its value, or None.
        multiple: Whether its value is a list.
        group: The name of its group.
        callback: Is called with each new value, or None.
        env: The environment variable that may give its value, or None.
        file: The file that defines it.
        environment_read: Whether that variable was looked at.
    """

    __slots__ = (
        "_value",
        "callback",
        "default",
        "env",
        "environment_read",
        "file",
        "group",
        "help",
        "metavar",
        "multiple",
        "name",
        "type",
    )

    def __init__(
        self,
        name: str,
        *,
        default: Any = None,  # noqa: ANN401 -- of any type
        type: ValueType = str,  # noqa: A002 -- Tornado's name
        help: str | None = None,  # noqa: A002 -- Tornado's name
        metavar: str | None = None,
        multiple: bool = False,
        group: str = "",
        callback: Callable[[Any], object] | None = None,
        env: str | None = None,
        file: str = "",
    ) -> None:
        """Define it; see the attributes."""
        self.name = name
        self.default = [] if default is None and multiple else default
        self.type = type
        self.help = help
        self.metavar = metavar
        self.multiple = multiple
        self.group = group
        self.callback = callback
        self.env = env
        self.file = file
        self.environment_read = False
        self._value: Any = _UNSET

    def value(self) -> Any:  # noqa: ANN401 -- of any type
        """Give the value that holds now.

        Returns:
            What was given last, or the default.
        """
        return self.default if self._value is _UNSET else self._value

    def parse(self, text: str, source: str | None = None) -> None:
        """Take a text that somebody has written for it.

        Args:
            text: The text.
            source: Where it stands, for the message.

        Raises:
            Error: The type does not understand it.
        """
        try:
            value = parse_each(self.type, text) if self.multiple else parse_one(self.type, text)
        except Exception as error:  # the type may be any function, and raise anything
            raise self._refuse(text, source, error) from error
        self._change(value)

    def assign(self, value: object, source: str | None = None) -> None:
        """Take a value that is one already.

        Args:
            value: The value, or None; a list of values if the option is `multiple`.
            source: Where it stands, for the message.

        Raises:
            Error: It has another type.
        """
        if self.multiple:
            if not isinstance(value, list):
                raise self._refuse(value, source)
            for item in value:
                if not accepts(self.type, item):
                    raise self._refuse(item, source)
            value = [self._convert(item) for item in value]
        elif not accepts(self.type, value):
            raise self._refuse(value, source)
        else:
            value = self._convert(value)
        self._change(value)

    def _convert(self, value: Any) -> Any:  # noqa: ANN401 -- of any type
        return float(value) if self.type is float and isinstance(value, int) else value

    def _change(self, value: object) -> None:
        self._value = value
        if self.callback is not None:
            self.callback(value)

    def _refuse(self, value: object, source: str | None, reason: Exception | None = None) -> Error:
        takes = describe(self.type, multiple=self.multiple)
        why = "" if reason is None or not str(reason) else f" ({_short(str(reason))})"
        kind = "" if isinstance(value, str) and reason is not None else f", a {_kind(value)}"
        return Error(
            f"option {self.name!r} takes {takes}, not {_show.repr(value)}{kind}{why}",
            option=self.name,
            source=source,
        )


def _kind(value: object) -> str:
    return type(value).__name__


def _short(text: str, longest: int = 200) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."
