"""Routes of an application."""

import re
from collections.abc import Callable, Iterable, Mapping
from inspect import isclass
from typing import Any

from cyclone_core.httpserver.functions import FunctionServer
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.routing import ReversibleRuleRouter, Router, Rule, Target, URLSpec
from cyclone_core.routing.rules import RuleLike
from cyclone_core.routing.targets import HandlerRunner, Match, takes_request

__all__ = ["ApplicationRouter", "match_of", "static_routes", "url"]

url = URLSpec
"""A route under its short name (Tornado and cyclone: `web.url`)."""


def static_routes(settings: Mapping[str, Any]) -> list[URLSpec]:
    """Make the routes of an application's static files.

    Args:
        settings: Its settings, of which these have a meaning here: `static_path`, the directory;
            `static_url_prefix`, by default `/static/`; `static_handler_class` and
            `static_handler_args`, which is a dict.

    Returns:
        The routes of the prefix, `/favicon.ico` and `/robots.txt`; none without `static_path`.

    Raises:
        ValueError: A setting has the wrong type; the message names it.
    """
    path = settings.get("static_path")
    if not path:
        return []
    from cyclone_core.web.staticfiles import StaticFileHandler

    handler = settings.get("static_handler_class") or StaticFileHandler
    prefix = settings.get("static_url_prefix", "/static/")
    arguments = settings.get("static_handler_args") or {}
    if not isinstance(prefix, str):
        raise ValueError(f"setting 'static_url_prefix' must be a path, not {prefix!r}")  # noqa: TRY004 -- as all settings
    if not isinstance(arguments, Mapping):
        raise ValueError(f"setting 'static_handler_args' must be a dict, not {arguments!r}")  # noqa: TRY004
    patterns = (re.escape(prefix) + "(.*)", r"/(favicon\.ico)", r"/(robots\.txt)")
    return [URLSpec(pattern, handler, {**arguments, "path": path}) for pattern in patterns]


class ApplicationRouter(ReversibleRuleRouter):
    """A router whose rules may lead to the request handlers of an application."""

    def __init__(self, application: HandlerRunner, rules: Iterable[RuleLike] | None = None) -> None:
        """Make a router.

        Args:
            application: What runs the handlers.
            rules: As for `RuleRouter`.
        """
        self.application = application
        super().__init__(rules)

    def make_nested(self, rules: Iterable[RuleLike]) -> "ApplicationRouter":
        """Make the router of a list of rules that is the target of a rule."""
        return ApplicationRouter(self.application, rules)

    def make_target(self, function: Callable[[HTTPServerRequest], Any]) -> Target:
        """Make what answers with a function, as the application says."""
        return FunctionServer(function, self.application)

    def get_target_delegate(
        self,
        target: Any,  # noqa: ANN401 -- a rule may lead to anything
        request: HTTPServerRequest,
        **target_params: Any,  # noqa: ANN401 -- what a matcher gives
    ) -> Target | None:
        """Find what answers a request whose rule leads to a target; see `RuleRouter`.

        A class is a handler class; so is what takes the arguments of its constructor, as in cyclone 1.x.
        """
        # To ask a function for its arguments costs more than all the rest of the search.
        key = id(target)
        if key in self._makers or (key not in self._functions and is_handler(target)):
            return match_of(self.application, target, **target_params)
        return super().get_target_delegate(target, request, **target_params)

    def certain_target(self, rule: Rule) -> Target | None:
        """Give the match or the function of every request that a rule without groups matches."""
        if is_handler(rule.target):
            return Match(self.application, rule.target, rule.target_kwargs)
        return self._functions.get(id(rule.target))

    def forget_index(self) -> None:
        """Take note that the rules have changed."""
        super().forget_index()
        # By `id`, as the functions are, and kept alive: no other target may get the `id` of one.
        self._makers: dict[int, object] = {}

    def _make_index(self) -> None:
        self._makers = {
            id(rule.target): rule.target for rule in self.rules if is_handler(rule.target)
        }
        super()._make_index()


def is_handler(target: object) -> bool:
    """Tell whether the target of a rule makes request handlers.

    Args:
        target: The target of a rule.

    Returns:
        True for a class, and for a function that takes an application and a request.
    """
    if isinstance(target, Router):
        return False
    return isclass(target) or (callable(target) and not takes_request(target))


def match_of(
    application: HandlerRunner,
    handler_class: Any,  # noqa: ANN401 -- whatever makes a handler
    target_kwargs: Mapping[str, Any] | None = None,
    path_args: Iterable[str | bytes | None] | None = None,
    path_kwargs: Mapping[str, str | bytes | None] | None = None,
) -> Match:
    """Make a match.

    Args:
        application: What runs the handler.
        handler_class: What to call for it.
        target_kwargs: Keyword arguments for its `initialize`.
        path_args: Arguments for its method: bytes are decoded.
        path_kwargs: Keyword arguments for its method, likewise.

    Returns:
        The match.
    """
    return Match(
        application, handler_class, target_kwargs or {}, tuple(path_args or ()), path_kwargs
    )
