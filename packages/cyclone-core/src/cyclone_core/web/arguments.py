"""Reading a request's arguments."""

import re
from typing import Final, TypeVar, overload

from cyclone_core.httputil.arguments import Arguments
from cyclone_core.web.base import HandlerBase
from cyclone_core.web.errors import HTTPError, MissingArgumentError

__all__ = ["ArgumentMethods"]

_T = TypeVar("_T")

_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")


class _Required:
    """The type of the default that says there is none."""


_REQUIRED: Final = _Required()


class ArgumentMethods(HandlerBase):
    """The `get_…argument…` methods of `RequestHandler`."""

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Decode an argument; override it for an encoding other than UTF-8.

        Args:
            value: The percent-decoded value of an argument or of a group in the path. What a program has
                put into `request.arguments` as text stays as it is.
            name: The argument's name, None for a group without one.

        Returns:
            Text.

        Raises:
            HTTPError: The value is no UTF-8: status 400.
        """
        if isinstance(value, str):
            return value
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise HTTPError(
                400, "Invalid unicode in %s: %r", name or "the path", value[:40]
            ) from None

    @overload
    def get_argument(self, name: str, *, strip: bool = True) -> str: ...

    @overload
    def get_argument(self, name: str, default: _T, strip: bool = True) -> str | _T: ...

    def get_argument(self, name: str, default: object = _REQUIRED, strip: bool = True) -> object:
        """Return the last value of an argument of the query string or of the form.

        Args:
            name: The argument's name.
            default: What a missing argument gives.
            strip: Remove white space at both ends.

        Returns:
            The value as text, or the default.

        Raises:
            MissingArgumentError: The argument is missing and there is no default: status 400.
            HTTPError: A value is no UTF-8: status 400.
        """
        return self._last(name, default, self.request.arguments, strip)

    def get_arguments(self, name: str, strip: bool = True) -> list[str]:
        """List the values of an argument of the query string, then of the form.

        Args:
            name: The argument's name.
            strip: Remove white space at both ends.

        Returns:
            The values as text; empty if it is missing.

        Raises:
            HTTPError: A value is no UTF-8: status 400.
        """
        return self._all(name, self.request.arguments, strip)

    @overload
    def get_query_argument(self, name: str, *, strip: bool = True) -> str: ...

    @overload
    def get_query_argument(self, name: str, default: _T, strip: bool = True) -> str | _T: ...

    def get_query_argument(
        self, name: str, default: object = _REQUIRED, strip: bool = True
    ) -> object:
        """Return the last value of an argument of the query string; see `get_argument`."""
        return self._last(name, default, self.request.query_arguments, strip)

    def get_query_arguments(self, name: str, strip: bool = True) -> list[str]:
        """List the values of an argument of the query string; see `get_arguments`."""
        return self._all(name, self.request.query_arguments, strip)

    @overload
    def get_body_argument(self, name: str, *, strip: bool = True) -> str: ...

    @overload
    def get_body_argument(self, name: str, default: _T, strip: bool = True) -> str | _T: ...

    def get_body_argument(
        self, name: str, default: object = _REQUIRED, strip: bool = True
    ) -> object:
        """Return the last value of an argument of the form; see `get_argument`."""
        return self._last(name, default, self.request.body_arguments, strip)

    def get_body_arguments(self, name: str, strip: bool = True) -> list[str]:
        """List the values of an argument of the form; see `get_arguments`."""
        return self._all(name, self.request.body_arguments, strip)

    def _last(self, name: str, default: object, arguments: Arguments, strip: bool) -> object:
        values = self._all(name, arguments, strip)
        if values:
            return values[-1]
        if default is _REQUIRED:
            raise MissingArgumentError(name)
        return default

    def _all(self, name: str, arguments: Arguments, strip: bool) -> list[str]:
        values = []
        for value in arguments.get(name, ()):
            text = self.decode_argument(value, name)
            if isinstance(text, str):  # an override may leave the bytes as they are
                text = _CONTROL_CHARACTERS.sub(" ", text)
            values.append(text.strip() if strip else text)
        return values
