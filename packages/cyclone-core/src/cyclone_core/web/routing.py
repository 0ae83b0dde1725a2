"""From a request's path to the handler class that answers it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from cyclone_escape import import_object

__all__ = ["Match", "RoutingTable", "URLSpec", "url"]

Route = Sequence[Any]
"""`(pattern, handler)`, and optionally keyword arguments and a name."""

_LONGEST_ROUTE: Final = 4

# What a pattern without these matches is one path, which a dict finds. An escaped mark is literal.
_SPECIAL: Final = re.compile(r"(?<!\\)(?:\\\\)*[.^$*+?{}\[\]|()]|\\[A-Za-z0-9]")
_ESCAPED: Final = re.compile(r"\\(.)")

# A `$` at the end, unless it is escaped itself.
_END: Final = re.compile(r"(?<!\\)((?:\\\\)*)\$$")


class URLSpec:
    """A route: which paths go to which handler (Tornado and cyclone: `web.URLSpec`, `web.url`).

    Attributes:
        regex: The compiled pattern; it matches whole paths.
        handler_class: The handler class, or whatever is called with application and request.
        kwargs: Keyword arguments for the handler's `initialize`.
        name: The route's name, or None.
    """

    def __init__(
        self,
        pattern: str,
        handler: Callable[..., Any] | str,
        kwargs: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        """Make a route.

        Args:
            pattern: A regular expression for the whole path, still percent-encoded. Its groups become
                arguments of the handler's method: all named, or all unnamed.
            handler: The handler class, or its dotted name.
            kwargs: Keyword arguments for the handler's `initialize`.
            name: A name for the route.

        Raises:
            ValueError: The pattern is no regular expression, or mixes named and unnamed groups.
            TypeError: The pattern is no text, the handler cannot be called, or `kwargs` is no mapping.
            ImportError: The dotted name leads nowhere.
        """
        if not isinstance(pattern, str):
            raise TypeError(f"the pattern of a route is a str, not {pattern!r}")
        try:
            self.regex = re.compile(pattern if pattern.endswith("$") else pattern + "$")
        except re.error as error:
            raise ValueError(f"the pattern {pattern!r} of a route is malformed: {error}") from None
        if len(self.regex.groupindex) not in (0, self.regex.groups):
            raise ValueError(f"groups must be all named or all unnamed in the route {pattern!r}")
        if isinstance(handler, str):
            handler = import_object(handler)
        if not callable(handler):
            raise TypeError(f"the handler of the route {pattern!r} is no class: {handler!r}")
        if kwargs is not None and not isinstance(kwargs, Mapping):
            raise TypeError(f"the arguments of the route {pattern!r} are no mapping: {kwargs!r}")
        self.handler_class: Callable[..., Any] = handler
        self.kwargs = dict(kwargs or {})
        self.name = name

    @property
    def literal(self) -> str | None:
        """The one path that the pattern matches, or None if it may match others."""
        pattern = _END.sub(r"\1", self.regex.pattern).removeprefix("^")
        return None if _SPECIAL.search(pattern) else _ESCAPED.sub(r"\1", pattern)

    def __repr__(self) -> str:
        """Show pattern, handler, arguments and name."""
        return (
            f"{type(self).__name__}({self.regex.pattern!r}, {self.handler_class!r},"
            f" kwargs={self.kwargs!r}, name={self.name!r})"
        )


url = URLSpec


class Match:
    """A route that was found for a path.

    Attributes:
        handler_class: What to call for a handler.
        kwargs: Its keyword arguments.
        args: The values of unnamed groups, percent-encoded; None for one that took no part.
        named: The values of named groups, likewise.
    """

    __slots__ = ("args", "handler_class", "kwargs", "named")

    def __init__(
        self,
        handler_class: Callable[..., Any],
        kwargs: Mapping[str, Any],
        args: tuple[str | None, ...] = (),
        named: Mapping[str, str | None] | None = None,
    ) -> None:
        """Make a match."""
        self.handler_class = handler_class
        self.kwargs = kwargs
        self.args = args
        self.named: Mapping[str, str | None] = named or {}


class RoutingTable:
    """Finds the first route that matches a path.

    Patterns that can match one path only are found in a dict, whatever their number.
    """

    def __init__(self, routes: Iterable[URLSpec | Route]) -> None:
        """Make a table.

        Args:
            routes: Routes in the order in which they are tried.

        Raises:
            ValueError: A route is malformed; the message shows it.
            TypeError: A part of a route has the wrong type; the message shows it.
            ImportError: A handler's dotted name leads nowhere.
        """
        self._specs = [_as_spec(route) for route in routes]
        self._literal: dict[str, Match] = {}
        self._scanned: list[URLSpec] = []
        for spec in self._specs:
            path = spec.literal
            if path is None:
                self._scanned.append(spec)
            elif path not in self._literal:
                # An earlier pattern may match the same path, and then it wins.
                found = _scan(self._scanned, path)
                self._literal[path] = found or Match(spec.handler_class, spec.kwargs)

    @property
    def specs(self) -> list[URLSpec]:
        """The routes in their order."""
        return list(self._specs)

    def find(self, path: str) -> Match | None:
        """Find the route of a path.

        Args:
            path: The path of a request, percent-encoded.

        Returns:
            The match, or None.
        """
        found = self._literal.get(path)
        return found if found is not None else _scan(self._scanned, path)


def _scan(specs: list[URLSpec], path: str) -> Match | None:
    for spec in specs:
        match = spec.regex.fullmatch(path)
        if match is not None:
            if spec.regex.groupindex:
                return Match(spec.handler_class, spec.kwargs, (), match.groupdict())
            return Match(spec.handler_class, spec.kwargs, match.groups())
    return None


def _as_spec(route: URLSpec | Route) -> URLSpec:
    if isinstance(route, URLSpec):
        return route
    if not isinstance(route, (tuple, list)) or not 1 < len(route) <= _LONGEST_ROUTE:
        raise ValueError(
            f"a route is (pattern, handler), (pattern, handler, kwargs),"
            f" (pattern, handler, kwargs, name) or a URLSpec, not {route!r}"
        )
    return URLSpec(*route)
