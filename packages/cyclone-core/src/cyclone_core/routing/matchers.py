"""What a rule asks of a request."""

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.routing.reversing import PathTemplate, URLReverseError
from cyclone_escape import url_unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["AnyMatches", "DefaultHostMatches", "HostMatches", "Matcher", "PathMatches"]

Parameters = dict[str, Any]

# What a pattern without these matches is one path, which a dict finds. An escaped mark is literal.
_SPECIAL: Final = re.compile(r"(?<!\\)(?:\\\\)*[.^$*+?{}\[\]|()]|\\[A-Za-z0-9]")
_ESCAPED: Final = re.compile(r"\\(.)")

# A `$` at the end, unless it is escaped itself.
_END: Final = re.compile(r"(?<!\\)((?:\\\\)*)\$$")


class Matcher:
    """Decides about a request (Tornado: `routing.Matcher`); derive from it for rules of your own."""

    def match(self, request: HTTPServerRequest) -> Parameters | None:
        """Look at a request.

        Args:
            request: The request, without its body.

        Returns:
            None if it does not match. Else keyword arguments for the target: `path_args`, a list, and
            `path_kwargs`, a dict, are passed to the handler's method (bytes are decoded first); an
            empty dict if there are none.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define match()")

    def reverse(self, *args: object) -> str | None:
        """Make a path that matches.

        Args:
            args: Values for the pattern's groups.

        Returns:
            The path, or None: this matcher does not look at paths.
        """
        del args
        return None


class AnyMatches(Matcher):
    """Matches every request (Tornado: `routing.AnyMatches`)."""

    def match(self, request: HTTPServerRequest) -> Parameters:
        """Match."""
        del request
        return {}


class _HasDefaultHost(Protocol):
    @property
    def default_host(self) -> str | None: ...


class HostMatches(Matcher):
    """Matches requests to some hosts (Tornado: `routing.HostMatches`).

    Attributes:
        host_pattern: The compiled pattern, for names without port and in lower case.
    """

    def __init__(self, host_pattern: str | re.Pattern[str]) -> None:
        """Make a matcher.

        Args:
            host_pattern: A regular expression for the whole name of the host; a compiled one needs
                to match only its beginning, as in Tornado.

        Raises:
            ValueError: It is no regular expression.
        """
        self.host_pattern = _compiled(host_pattern, "host")
        self._match = _matching(host_pattern, self.host_pattern)

    def match(self, request: HTTPServerRequest) -> Parameters | None:
        """Match the host of the request."""
        return {} if self._match(request.host_name) else None


class DefaultHostMatches(Matcher):
    """Matches every request if a pattern matches the default host of an application (Tornado).

    Behind a proxy, that is with `X-Real-Ip`, it matches nothing: the proxy knows its hosts.
    """

    def __init__(self, application: _HasDefaultHost, host_pattern: re.Pattern[str]) -> None:
        """Make a matcher.

        Args:
            application: Has the attribute `default_host`.
            host_pattern: The compiled pattern.
        """
        self.application = application
        self.host_pattern = host_pattern

    def match(self, request: HTTPServerRequest) -> Parameters | None:
        """Match the default host."""
        default = self.application.default_host
        if default and "X-Real-Ip" not in request.headers and self.host_pattern.fullmatch(default):
            return {}
        return None


class PathMatches(Matcher):
    """Matches requests by their path (Tornado: `routing.PathMatches`).

    Attributes:
        regex: The compiled pattern, for paths that are still percent-encoded, without query.
    """

    def __init__(self, path_pattern: str | re.Pattern[str]) -> None:
        """Make a matcher.

        Args:
            path_pattern: A regular expression for the whole path; a compiled one needs to match only
                its beginning, as in Tornado. Its groups become arguments: all named, or all unnamed.

        Raises:
            TypeError: It is neither text nor a compiled pattern.
            ValueError: It is no regular expression, or mixes named and unnamed groups.
        """
        self.regex = _compiled(path_pattern, "path")
        self._match = _matching(path_pattern, self.regex)
        if len(self.regex.groupindex) not in (0, self.regex.groups):
            raise ValueError(
                f"groups must be all named or all unnamed in the pattern {self.regex.pattern!r}"
            )

    @property
    def literal(self) -> str | None:
        """The one path that the pattern matches, or None if it may match others."""
        if self._match != self.regex.fullmatch or self.regex.flags & ~re.UNICODE:
            return None
        pattern = _END.sub(r"\1", self.regex.pattern).removeprefix("^")
        return None if _SPECIAL.search(pattern) else _ESCAPED.sub(r"\1", pattern)

    def match(self, request: HTTPServerRequest) -> Parameters | None:
        """Match the path, and give the values of its groups as bytes, percent-decoded."""
        match = self._match(request.path)
        if match is None:
            return None
        if not self.regex.groups:
            return {}
        if self.regex.groupindex:
            named = match.groupdict()
            return {"path_kwargs": {name: _decoded(value) for name, value in named.items()}}
        return {"path_args": [_decoded(value) for value in match.groups()]}

    def may_match(self, path: str) -> bool:
        """Tell whether the pattern matches a path.

        Args:
            path: The path, percent-encoded.
        """
        return self._match(path) is not None

    def reverse(self, *args: object) -> str:
        """Make a path that matches.

        Args:
            args: A value for each group, in their order; they are percent-encoded.

        Returns:
            The path.

        Raises:
            URLReverseError: There are more or fewer groups, or the pattern is more than text with
                groups in it.
        """
        template = PathTemplate.of(self.regex)
        if template is None:
            raise URLReverseError(f"no path can be made of the pattern {self.regex.pattern!r}")
        try:
            return template.fill(args)
        except URLReverseError as error:
            raise URLReverseError(f"{error}; its pattern is {self.regex.pattern!r}") from None

    def group_values(self, values: "Mapping[str, object]") -> tuple[object, ...] | None:
        """Choose the values of named groups.

        Args:
            values: Values by name, perhaps others among them.

        Returns:
            The values in the order of the groups; None unless each group is named and has one.
        """
        names = self.regex.groupindex
        if not names or not names.keys() <= values.keys():
            return None
        return tuple([values[name] for name in names])


def _compiled(pattern: object, what: str) -> re.Pattern[str]:
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        return pattern
    if not isinstance(pattern, str):
        raise TypeError(f"the pattern of a {what} is a str, not {pattern!r}")
    try:
        return re.compile(pattern if pattern.endswith("$") else pattern + "$")
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} of a {what} is malformed: {error}") from None


def _matching(given: object, pattern: re.Pattern[str]) -> "Callable[[str], re.Match[str] | None]":
    """Choose how a pattern matches: a text as a whole, what is compiled says itself where it ends."""
    return pattern.match if isinstance(given, re.Pattern) else pattern.fullmatch


def _decoded(value: str | None) -> bytes | None:
    return None if value is None else url_unescape(value, encoding=None, plus=False)
