"""Rules: what is asked of a request, and what it leads to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import urlencode

from cyclone_core.routing.matchers import Matcher, PathMatches
from cyclone_escape import import_object

__all__ = ["Rule", "RuleLike", "URLSpec", "as_rule"]

RuleLike = Any
"""A `Rule`, or a sequence `(pattern or matcher, target)` with keyword arguments and a name if wanted."""

_LONGEST: Final = 4


class Rule:
    """A matcher and its target (Tornado: `routing.Rule`).

    Attributes:
        matcher: What is asked of a request.
        target: What answers it.
        target_kwargs: Keyword arguments for a handler's `initialize`.
        name: The rule's name, or None.
    """

    def __init__(
        self,
        matcher: Matcher,
        target: object,
        target_kwargs: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        """Make a rule.

        Args:
            matcher: A `Matcher`.
            target: A handler class, the dotted name of one, another router or an application, a list
                of rules, or a function that takes the request. None answers nothing: the rule is there
                for its name.
            target_kwargs: Keyword arguments for the handler's `initialize`.
            name: A name for `reverse_url`.

        Raises:
            TypeError: The matcher is none, the target is none of these, or `target_kwargs` is no mapping.
            ImportError: The dotted name leads nowhere.
        """
        checked: object = matcher
        if not callable(getattr(checked, "match", None)):
            raise TypeError(f"the matcher of a rule has a method match(), unlike {matcher!r}")
        if isinstance(target, str):
            target = import_object(target)
        if not (target is None or callable(target) or isinstance(target, (list, tuple))):
            raise TypeError(f"the handler of {matcher_name(matcher)} is no class: {target!r}")
        if target_kwargs is not None and not isinstance(target_kwargs, Mapping):
            raise TypeError(
                f"the arguments of {matcher_name(matcher)} are no mapping: {target_kwargs!r}"
            )
        self.matcher = matcher
        self.target: Any = target
        self.target_kwargs = dict(target_kwargs or {})
        self.name = name

    def reverse(self, *args: object, **kwargs: object) -> str | None:
        """Make a path that the rule matches.

        Args:
            args: Values for the groups of its pattern.
            kwargs: A query string of these is added, see `URLSpec.reverse`.

        Returns:
            The path, or None if the rule does not look at paths.

        Raises:
            URLReverseError: No path can be made of the pattern and these values.
        """
        matcher = self.matcher
        if isinstance(matcher, PathMatches) and not args:
            values = matcher.group_values(kwargs)
            if values is not None:
                args = values
                kwargs = {k: v for k, v in kwargs.items() if k not in matcher.regex.groupindex}
        path = matcher.reverse(*args)
        if path is None or not kwargs:
            return path
        pairs = [(name, _text(value)) for name, value in sorted(kwargs.items())]
        return f"{path}?{urlencode(pairs)}"

    def __repr__(self) -> str:
        """Show matcher, target, arguments and name."""
        return (
            f"{type(self).__name__}({self.matcher!r}, {self.target!r},"
            f" kwargs={self.target_kwargs!r}, name={self.name!r})"
        )


class URLSpec(Rule):
    """A rule that looks at the path only (Tornado and cyclone: `web.URLSpec`, `web.url`).

    Attributes:
        regex: The compiled pattern; it matches whole paths.
        handler_class: The handler class, or whatever else is the target.
        kwargs: Keyword arguments for the handler's `initialize`.
        name: The route's name, or None.
    """

    matcher: PathMatches

    def __init__(
        self,
        pattern: str,
        handler: Callable[..., Any] | str | Sequence[RuleLike] | None,
        kwargs: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        """Make a route.

        Args:
            pattern: A regular expression for the whole path, still percent-encoded. Its groups become
                arguments of the handler's method: all named, or all unnamed.
            handler: The handler class or its dotted name, or another target of a `Rule`.
            kwargs: Keyword arguments for the handler's `initialize`.
            name: A name for `reverse_url`.

        Raises:
            ValueError: The pattern is no regular expression, or mixes named and unnamed groups.
            TypeError: The pattern is no text, the handler cannot be called, or `kwargs` is no mapping.
            ImportError: The dotted name leads nowhere.
        """
        super().__init__(PathMatches(pattern), handler, kwargs, name)
        self.regex = self.matcher.regex
        self.kwargs = self.target_kwargs

    @property
    def handler_class(self) -> Any:  # noqa: ANN401 -- a rule may lead to anything
        """The handler class, or whatever else is the target."""
        return self.target

    @property
    def literal(self) -> str | None:
        """The one path that the pattern matches, or None if it may match others."""
        return self.matcher.literal

    def reverse(self, *args: object, **kwargs: object) -> str:
        """Make the route's path: `url("/a/([0-9]+)", Handler).reverse(1, q=2)` is `/a/1?q=2`.

        Args:
            args: A value for each group of the pattern, percent-encoded.
            kwargs: Values of the named groups, if `args` has none; all others become a query string,
                sorted by name.

        Returns:
            The path.

        Raises:
            URLReverseError: There are more or fewer groups, or the pattern is more than text with
                groups in it.
        """
        return cast("str", super().reverse(*args, **kwargs))

    def __repr__(self) -> str:
        """Show pattern, handler, arguments and name."""
        return (
            f"{type(self).__name__}({self.regex.pattern!r}, {self.handler_class!r},"
            f" kwargs={self.kwargs!r}, name={self.name!r})"
        )


def as_rule(rule: RuleLike) -> Rule:
    """Make a rule of what stands in a list of routes.

    Args:
        rule: A `Rule`, or a tuple or list of two to four items, of which the first is a pattern for the
            path or a `Matcher`.

    Returns:
        The rule.

    Raises:
        ValueError: It is neither; the message shows it.
        TypeError: A part of it has the wrong type; the message shows it.
        ImportError: A dotted name leads nowhere.
    """
    if isinstance(rule, Rule):
        return rule
    if not isinstance(rule, (tuple, list)) or not 1 < len(rule) <= _LONGEST:
        raise ValueError(
            f"a route is (pattern, handler), (pattern, handler, kwargs),"
            f" (pattern, handler, kwargs, name) or a URLSpec, not {rule!r}"
        )
    return Rule(*rule) if isinstance(rule[0], Matcher) else URLSpec(*rule)


def matcher_name(matcher: Matcher) -> str:
    """Name a rule by what it asks.

    Args:
        matcher: Its matcher.

    Returns:
        For a message: the pattern of a route, or the matcher.
    """
    if isinstance(matcher, PathMatches):
        return f"the route {matcher.regex.pattern!r}"
    return f"the rule of {matcher!r}"


def _text(value: object) -> str | bytes:
    return value if isinstance(value, (str, bytes)) else str(value)
