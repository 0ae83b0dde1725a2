"""What answers a request when a rule has matched."""

import time
from collections.abc import Callable, Mapping
from inspect import Parameter, isclass, signature
from typing import Any, Protocol

from cyclone_core.httpserver import BodyReceiver, ServerOptions
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.intake import receive_body
from cyclone_core.httpserver.refusal import error_answer
from cyclone_core.httputil import HTTPServerRequest, http_date

__all__ = [
    "Function",
    "HandlerRunner",
    "Match",
    "NotFound",
    "PathArgument",
    "Target",
    "takes_request",
]

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


class HandlerRunner(Protocol):
    """What runs request handlers: an application."""

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


class Function:
    """A function that takes complete requests; a `Target`."""

    __slots__ = ("_clock", "_function")

    def __init__(
        self, function: Callable[[HTTPServerRequest], object], clock: CoarseClock | None = None
    ) -> None:
        """Wrap a function.

        Args:
            function: It answers the request through `request.connection`.
            clock: The clock of the connections; by default one of the global reactor's.
        """
        self._function = function
        self._clock = clock

    def __call__(self, request: HTTPServerRequest) -> object:
        """Answer a complete request, or one whose body is no good."""
        error = request.body_error
        if error is None:
            return self._function(request)
        _answer(request, error.status)
        return None

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Collect the body; see `Target`."""
        options = request.options or ServerOptions()
        return receive_body(request, options, self._clock or CoarseClock(), self)


class NotFound(Function):
    """Answers 404; a `Target`."""

    __slots__ = ()

    def __init__(self) -> None:
        """Make the target."""
        super().__init__(lambda request: _answer(request, 404))


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


def _answer(request: HTTPServerRequest, status: int) -> None:
    if request.connection is not None:
        request.connection.respond(*error_answer(status, "cyclone", http_date(time.time())))
