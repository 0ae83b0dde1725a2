"""Routers: which rule answers a request.

Rules are tried in their order, but patterns that match one path only are found in a dict, whatever their
number. For each such path a dict holds the rules that have to be tried for it: that one, and others that
may match, too. So the order counts as if all were tried. Where the first of them leads to a handler
class, nothing has to be tried at all.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, MutableSequence
from typing import Any, overload

from twisted.logger import Logger

from cyclone_core.httpserver import BodyReceiver
from cyclone_core.httpserver.functions import FunctionServer
from cyclone_core.httpserver.intake import DiscardedBody
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPServerRequest, http_date
from cyclone_core.routing.matchers import PathMatches
from cyclone_core.routing.reversing import URLReverseError
from cyclone_core.routing.rules import Rule, RuleLike, as_rule
from cyclone_core.routing.targets import Target, takes_request

__all__ = ["ReversibleRouter", "ReversibleRuleRouter", "Router", "RuleRouter"]

_log = Logger(namespace="cyclone.routing")


class Router:
    """Finds what answers a request (Tornado: `routing.Router`); derive from it for one of your own.

    A router can be the target of a rule, and can be served: `HTTPServer(router)`.
    """

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Target | None:  # noqa: ANN401
        """Find what answers a request; override it.

        Args:
            request: The request, without its body.
            kwargs: What the matcher of the rule that leads here has found.

        Returns:
            For example what `Application.get_handler_delegate` returns, or what the `find_handler` of
            another router does. None if there is nothing here.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define find_handler()")

    def __call__(self, request: HTTPServerRequest) -> Any:  # noqa: ANN401 -- for subclasses
        """Answer a complete request; with 404 if nothing is found.

        Args:
            request: The request.
        """
        return (self.find_handler(request) or _not_found)(request)

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Look at a request whose body is still to come.

        Args:
            request: The request, without its body.

        Returns:
            Who takes the body, or None if the request has been answered without it.
        """
        found = self.find_handler(request)
        if found is None:
            return DiscardedBody(request, _not_found)
        return found.start_request(request)


def _not_found(request: HTTPServerRequest) -> None:
    if request.connection is not None:
        request.connection.respond(*error_answer(404, "cyclone", http_date(time.time())))


class ReversibleRouter(Router):
    """A router that makes URLs from names, too (Tornado: `routing.ReversibleRouter`)."""

    def reverse_url(self, name: str, *args: object, **kwargs: object) -> str | None:
        """Make the URL of a named rule; override it.

        Args:
            name: The rule's name.
            args: Values for the groups of its pattern.
            kwargs: Values of its named groups; others become a query string.

        Returns:
            The URL, or None if no rule has the name.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define reverse_url()")


class _Rules(MutableSequence[Rule]):
    """The rules of a router, which learns of each change."""

    def __init__(self, router: "RuleRouter") -> None:
        self._router = router
        self._rules: list[Rule] = []

    def __len__(self) -> int:
        return len(self._rules)

    @overload
    def __getitem__(self, index: int) -> Rule: ...

    @overload
    def __getitem__(self, index: slice) -> list[Rule]: ...

    def __getitem__(self, index: int | slice) -> Rule | list[Rule]:
        return self._rules[index]

    def __setitem__(self, index: int | slice, rule: RuleLike) -> None:
        if isinstance(index, slice):
            self._rules[index] = [self._router.process_rule(as_rule(each)) for each in rule]
        else:
            self._rules[index] = self._router.process_rule(as_rule(rule))
        self._router.forget_index()

    def __delitem__(self, index: int | slice) -> None:
        del self._rules[index]
        self._router.forget_index()

    def insert(self, index: int, rule: RuleLike) -> None:
        self._rules.insert(index, self._router.process_rule(as_rule(rule)))
        self._router.forget_index()

    def __repr__(self) -> str:
        return repr(self._rules)


class RuleRouter(Router):
    """Tries rules in their order (Tornado: `routing.RuleRouter`).

    Attributes:
        rules: The rules, a mutable sequence.
        changes: How often the rules have changed.
    """

    changes = 0

    def __init__(self, rules: Iterable[RuleLike] | None = None) -> None:
        """Make a router.

        Args:
            rules: `Rule` objects, or tuples `(pattern, target)` with keyword arguments and a name if
                wanted; a `Matcher` may take the place of the pattern.

        Raises:
            ValueError: A rule is malformed; the message shows it.
            TypeError: A part of a rule has the wrong type; the message shows it.
            ImportError: A dotted name leads nowhere.
        """
        self.rules: MutableSequence[Rule] = _Rules(self)
        self.forget_index()
        self.add_rules(rules or ())

    def add_rules(self, rules: Iterable[RuleLike]) -> None:
        """Add rules behind those that are there.

        Args:
            rules: As for the constructor, which raises the same.
        """
        for rule in rules:
            self.rules.append(rule)

    def process_rule(self, rule: Rule) -> Rule:
        """Prepare a rule that is added; a list of rules becomes a router like this one.

        Args:
            rule: The rule.

        Returns:
            The rule to add.
        """
        if isinstance(rule.target, (list, tuple)):
            rule.target = self.make_nested(rule.target)
        return rule

    def make_nested(self, rules: Iterable[RuleLike]) -> "RuleRouter":
        """Make the router of a list of rules that is the target of a rule."""
        return type(self)(rules)

    def make_target(self, function: Callable[[HTTPServerRequest], Any]) -> Target:
        """Make what answers with a function that is the target of a rule.

        Args:
            function: It answers through `request.connection`, now or later.

        Returns:
            The same for each request.
        """
        return FunctionServer(function)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Target | None:  # noqa: ANN401, ARG002
        """Find what answers a request; see `Router.find_handler`.

        If a rule leads to another router that finds nothing, the next rules are tried.
        """
        found = self._certain.get(request.path)
        if found is not None:
            return found
        if not self._indexed:
            self._make_index()
            return self.find_handler(request)
        return self._try(self._literal.get(request.path, self._scanned), request)

    def get_target_delegate(
        self,
        target: Any,  # noqa: ANN401 -- a rule may lead to anything
        request: HTTPServerRequest,
        **target_params: Any,  # noqa: ANN401 -- see Router.find_handler
    ) -> Target | None:
        """Find what answers a request whose rule leads to a target; override it for other targets.

        Args:
            target: The target of a rule.
            request: The request.
            target_params: What the rule's matcher has found, and its `target_kwargs`.

        Returns:
            What answers, or None to go on with the next rule.

        Raises:
            TypeError: The target is nothing that can answer here.
        """
        if target is None:
            return None
        if isinstance(target, Router):
            return target.find_handler(request, **target_params)
        found = self._functions.get(id(target))
        if found is not None:
            return found
        if takes_request(target):
            return self.make_target(target)
        raise TypeError(
            f"a rule leads to {target!r}, which is neither a router nor a function of a request;"
            " handler classes need an Application around them"
        )

    def certain_target(self, rule: Rule) -> Target | None:
        """Give what answers every request that a rule without groups matches, if that is known.

        Args:
            rule: A rule that looks at the path only.

        Returns:
            The same for each request; or None if it has to be asked for each time.
        """
        del rule
        return None

    def forget_index(self) -> None:
        """Take note that the rules have changed."""
        self.changes += 1
        self._indexed = False
        self._certain: dict[str, Target] = {}
        self._literal: dict[str, tuple[Rule, ...]] = {}
        self._scanned: tuple[Rule, ...] = ()
        # By `id`, as targets need not be hashable; each is kept alive by what answers with it.
        self._functions: dict[int, Target] = {}

    def _make_index(self) -> None:
        literal: dict[str, tuple[Rule, ...]] = {}
        scanned: list[Rule] = []
        for rule in self.rules:
            path = rule.matcher.literal if isinstance(rule.matcher, PathMatches) else None
            if path is None:
                scanned.append(rule)
                # Is tried if what comes before it leads to a router that finds nothing.
                for each in literal:
                    if _may_match(rule, each):
                        literal[each] += (rule,)
            elif path in literal:
                literal[path] += (rule,)
            else:
                literal[path] = (*[each for each in scanned if _may_match(each, path)], rule)
        self._literal = literal
        self._scanned = tuple(scanned)
        self._functions = {
            id(rule.target): self.make_target(rule.target)
            for rule in self.rules
            if not isinstance(rule.target, Router) and takes_request(rule.target)
        }
        for path, rules in literal.items():
            matcher = rules[0].matcher
            if isinstance(matcher, PathMatches) and matcher.literal is not None:
                found = self.certain_target(rules[0])
                if found is not None:
                    self._certain[path] = found
        self._indexed = True

    def _try(self, rules: Iterable[Rule], request: HTTPServerRequest) -> Target | None:
        for rule in rules:
            params = rule.matcher.match(request)
            if params is not None:
                if rule.target_kwargs:
                    params["target_kwargs"] = rule.target_kwargs
                found = self.get_target_delegate(rule.target, request, **params)
                if found is not None:
                    return found
        return None


def _may_match(rule: Rule, path: str) -> bool:
    matcher = rule.matcher
    # A subclass may decide otherwise.
    return type(matcher) is not PathMatches or matcher.may_match(path)


class ReversibleRuleRouter(ReversibleRouter, RuleRouter):
    """A `RuleRouter` whose rules may have names (Tornado: `routing.ReversibleRuleRouter`).

    Attributes:
        named_rules: The rules by name.
    """

    def __init__(self, rules: Iterable[RuleLike] | None = None) -> None:
        """Make a router; see `RuleRouter`."""
        self.named_rules: dict[str, Rule] = {}
        super().__init__(rules)

    def process_rule(self, rule: Rule) -> Rule:
        """Prepare a rule that is added, and take note of its name."""
        rule = super().process_rule(rule)
        if rule.name:
            if rule.name in self.named_rules:
                _log.warn(
                    "Multiple handlers named {name}; replacing previous value", name=rule.name
                )
            self.named_rules[rule.name] = rule
        return rule

    def reverse_url(self, name: str, *args: object, **kwargs: object) -> str | None:
        """Make the URL of a named rule, here or in a router to which a rule leads.

        Args:
            name: The rule's name.
            args: Values for the groups of its pattern, percent-encoded.
            kwargs: Values of its named groups; others become a query string, sorted by name.

        Returns:
            The URL, or None if no rule has the name.

        Raises:
            URLReverseError: No path can be made of the rule's pattern and these values.
        """
        if name in self.named_rules:
            reversed_path = self.named_rules[name].reverse(*args, **kwargs)
            if reversed_path is None:
                raise URLReverseError(f"the rule {name!r} does not look at paths, so it has no URL")
            return reversed_path
        for rule in self.rules:
            if isinstance(rule.target, ReversibleRouter):
                # An application raises KeyError, which says that it does not know the name.
                with contextlib.suppress(KeyError):
                    found = rule.target.reverse_url(name, *args, **kwargs)
                    if found is not None:
                        return found
        return None
