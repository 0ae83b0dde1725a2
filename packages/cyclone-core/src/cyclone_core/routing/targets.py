"""What answers a request when a rule has matched."""

from collections.abc import Callable, Mapping
from inspect import Parameter, isclass, signature
from typing import Any, Protocol

from cyclone_core.httpserver import BodyReceiver
from cyclone_core.httpserver.functions import Serving
from cyclone_core.httputil import HTTPServerRequest

__all__ = ["HandlerRunner", "Match", "PathArgument", "Target", "takes_request"]

PathArgument = str | bytes | None


class Target(Protocol):
    """What `Router.find_handler` returns: it answers one request, or is asked for who takes its body."""

    def __call__(self, request: HTTPServerRequest) -> object:
        """Answer a complete request."""
        ...

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Look at a request whose body is still to come.

        Returns:
            Who takes the body, or None if the request has been answered without it.
        """
        ...


class HandlerRunner(Serving, Protocol):
    """What runs request handlers, and says how functions are served: an application."""

    def run_handler(self, request: HTTPServerRequest, match: "Match") -> None:
        """Answer a complete request."""
        ...

    def start_handler(self, request: HTTPServerRequest, match: "Match") -> BodyReceiver | None:
        """Look at a request whose body is still to come."""
        ...


class Match:
    """A handler class that was found for a request, and the application that runs it; a `Target`.

    Attributes:
        application: The application.
        handler_class: What to call for a handler.
        kwargs: Keyword arguments for its `initialize`.
        args: The values of unnamed groups: bytes, percent-decoded, or text, or None for a group that
            took no part.
        named: The values of named groups, likewise.
    """

    __slots__ = ("application", "args", "handler_class", "kwargs", "named")

    def __init__(
        self,
        application: HandlerRunner,
        handler_class: Callable[..., Any],
        kwargs: Mapping[str, Any],
        args: tuple[PathArgument, ...] = (),
        named: Mapping[str, PathArgument] | None = None,
    ) -> None:
        """Make a match."""
        self.application = application
        self.handler_class = handler_class
        self.kwargs = kwargs
        self.args = args
        self.named: Mapping[str, PathArgument] = named or {}

    def __call__(self, request: HTTPServerRequest) -> None:
        """Answer a complete request."""
        self.application.run_handler(request, self)

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Look at a request whose body is still to come; see `Target`."""
        return self.application.start_handler(request, self)


def takes_request(target: object) -> bool:
    """Tell a function that answers a request from one that makes a handler.

    Args:
        target: Any callable.

    Returns:
        True unless it is a class, or takes the two arguments of a handler's constructor.
    """
    if isclass(target) or not callable(target):
        return False
    try:
        parameters = signature(target).parameters.values()
    except ValueError:  # of a function that tells nothing of its arguments
        return True
    positional = [
        each
        for each in parameters
        if each.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    ]
    several = any(each.kind is Parameter.VAR_POSITIONAL for each in parameters)
    return len(positional) == 1 and not several
