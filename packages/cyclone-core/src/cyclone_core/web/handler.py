"""`RequestHandler`: the class that an application's handlers derive from."""

import sys
from collections.abc import Callable, Mapping
from contextvars import Context
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from twisted.internet.interfaces import IProtocol, ITransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from cyclone_core.coroutines import CANCELLATIONS, FAILURES, run_in, settle
from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.routing.targets import PathArgument
from cyclone_core.web.failures import FailureMethods
from cyclone_core.web.methods import MethodDispatch
from cyclone_core.web.redirects import RedirectMethods
from cyclone_core.web.rendering import RenderMethods
from cyclone_core.web.unfinished import watch_unfinished

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_core.web.application import Application

__all__ = ["RequestHandler"]

# Methods that change nothing (RFC 9110 section 9.2.1), so nobody gains by forging such a request.
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

# As nginx logs it; nobody is left to whom it could be sent.
_CLIENT_CLOSED_REQUEST: Final = (499, "Client Closed Request")


class RequestHandler(RenderMethods, RedirectMethods, MethodDispatch, FailureMethods):
    """Handles one request (Tornado and cyclone: `web.RequestHandler`).

    Derive from it and define `get`, `post` or whatever methods the resource has. A method may be a
    plain function, `async def`, an `inlineCallbacks` function, or return a Deferred; the answer is
    finished when it is done, unless it is decorated with `asynchronous`.

    Attributes:
        max_body_size: Bytes that the body of a request may have; None for the application's limit.
        body_timeout: Seconds that the body of a request may take; None for the application's limit.
        cancel_on_disconnect: Whether what runs is cancelled when the client goes before the answer is
            finished, be it the coroutine or the Deferred of `prepare`, of the method or of
            `data_received`: `CancelledError` is raised where it waits, behind `on_connection_close`.
            The access log shows 499 then. Off, as a request may have begun what must not stay half done.
    """

    max_body_size: ClassVar[int | None] = None
    body_timeout: ClassVar[float | None] = None
    cancel_on_disconnect: ClassVar[bool] = False

    # Both only with `cancel_on_disconnect`.
    _running: "Deferred[Any] | None" = None
    _abandoned = False

    def __init__(
        self,
        application: "Application",
        request: HTTPServerRequest,
        **kwargs: Any,  # noqa: ANN401 -- what a route passes is the application's business
    ) -> None:
        """Make the handler of a request; the application does.

        Args:
            application: The application.
            request: The request.
            kwargs: The route's keyword arguments, for `initialize`.
        """
        self.application = application
        self.request = request
        self.clear()
        self.initialize(**kwargs)

    # Hooks.

    def initialize(self, **kwargs: Any) -> None:  # noqa: ANN401 -- overridden with the real ones
        """Override to take the route's keyword arguments.

        Args:
            kwargs: The third item of the route.
        """
        if kwargs:
            names = ", ".join(sorted(kwargs))
            raise TypeError(f"{type(self).__name__} has no initialize() that takes {names}")

    def prepare(self) -> Any:  # noqa: ANN401 -- None, a Deferred or a coroutine
        """Override to do something before the method; what it returns is waited for.

        If it finishes the request, the method is not called.
        """

    def data_received(self, chunk: bytes) -> Any:  # noqa: ANN401 -- None, a Deferred or a coroutine
        """Override to take a piece of the request's body, in a class with `stream_request_body`.

        What it returns is waited for: the next piece comes, and is read from the client, after that.

        Args:
            chunk: The next bytes of the body, as many as have come.

        Raises:
            NotImplementedError: The class does not override it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has stream_request_body and no data_received() to take the"
            f" {len(chunk)} bytes that have come"
        )

    def on_finish(self) -> None:
        """Override to do something after the answer was handed to the transport."""

    def on_connection_close(self) -> None:
        """Override to learn that the client has gone before the answer was finished.

        It is called only then. A signature with one argument gets the reason, as in cyclone 1.x.
        """

    def notifyFinish(self) -> "Deferred[str | None]":
        """Wait for the end of the answer (twisted.web: `Request.notifyFinish`).

        Returns:
            A Deferred that fires with None when the answer is finished, or with a message if the
            client goes before. It never fails.
        """
        return self._exchange.notifyFinish()

    def detach(self, protocol: IProtocol | None = None) -> ITransport:
        """Take the connection away from HTTP, with nothing answered (Tornado: `RequestHandler.detach`).

        What the client sends from now on goes to another protocol. An answer of its own, `101` for
        example, is written to the transport.

        Args:
            protocol: It is connected to the transport, and gets what was read already. Without one,
                what the client sends is ignored.

        Returns:
            The Twisted transport of the connection. (Tornado gives its `IOStream`.)

        Raises:
            NotUpgradable: The answer has begun, the client has gone, or there is no connection of the
                request's own, as on HTTP/2 and in a test client.
        """
        exchange = self._exchange
        protocol = protocol or Protocol()
        transport = exchange.transport
        rest = exchange.upgrade(protocol)
        self._finished = True
        if rest:
            protocol.dataReceived(rest)
        return cast("ITransport", transport)

    # Execution.

    def _execute(
        self,
        context: Context,
        path_args: tuple[PathArgument, ...],
        path_kwargs: Mapping[str, PathArgument],
    ) -> None:
        """Handle the request; the application calls it within the request's context.

        Args:
            context: That context.
            path_args: Values of the route's unnamed groups: bytes, which are decoded, or text.
            path_kwargs: Values of the route's named groups, likewise.
        """
        self._context = context
        if self.request.body_error is not None:
            self._refuse_body(self.request.body_error)
            return
        try:
            if self.request.method not in self.SUPPORTED_METHODS:
                raise self._unsupported()
            if path_args:
                self.path_args = tuple([self._decode_path(value) for value in path_args])
            self.path_kwargs = {}
            for name, value in path_kwargs.items() if path_kwargs else ():
                self.path_kwargs[name] = self._decode_path(value, name)
            if self.request.method not in _SAFE:
                self._check_forgery()
            result = self.prepare()
            if result is None:
                self._prepared()
            else:
                self._proceed(result, self._prepared)
        except FAILURES:  # all that a handler raises becomes an error page
            self._handle_failure(*sys.exc_info())
        if not self._finished or self._rendering or self._held is not None:
            self._late = True
            self._watch_connection()

    def _decode_path(self, value: PathArgument, name: str | None = None) -> str | None:
        return self.decode_argument(value, name) if isinstance(value, bytes) else value

    def _proceed(self, result: object, then: Callable[[], None]) -> None:
        """Call `then` when what a method has returned is done: at once, if nothing waits."""
        waiting = settle(result, self._context)
        if waiting is None:
            then()
        else:
            self._wait_for(waiting, self._resume, then)

    def _wait_for(
        self, waiting: "Deferred[Any]", resume: Callable[..., None], *args: object
    ) -> None:
        """Go on when what runs is done; if the client goes before, it may be cancelled."""
        if self.cancel_on_disconnect:
            self._running = waiting
        waiting.addCallbacks(resume, self._fail, callbackArgs=args)
        if self._abandoned:  # while what was called began to run
            waiting.cancel()

    def _resume(self, _: object, then: Callable[[], None]) -> None:
        self._running = None
        run_in(self._context, self._guard, then)

    def _guard(self, then: Callable[[], None]) -> None:
        try:
            then()
        except FAILURES:  # as in _execute()
            self._handle_failure(*sys.exc_info())

    def _fail(self, failure: Failure) -> None:
        self._running = None
        if self._abandoned and failure.check(*CANCELLATIONS):
            run_in(self._context, self._end_abandoned)
            failure.cleanFailure()
            return
        raised = (failure.type, failure.value, failure.getTracebackObject())
        run_in(self._context, self._handle_failure, *raised)
        if self._finished:
            # Through the traceback the exception refers to frames that refer to the exception; only
            # the garbage collector would find out. Twisted does the same with handled failures.
            failure.cleanFailure()

    def _prepared(self) -> None:
        if self._finished or self._error_pending:
            return
        if self._body_held:
            self._take_body()
            return
        result = self._find_method()(*self.path_args, **self.path_kwargs)
        if result is not None:
            self._proceed(result, self._done)
        elif self._auto_finish and not self._finished:
            self._finish()

    def _done(self) -> None:
        if self._auto_finish and not self._finished:
            self._finish()

    # A body that is malformed, or comes in pieces.

    def _refuse_body(self, error: HTTPInputError) -> None:
        # Not raised: the traceback would lead to this frame, and from here through the request to the
        # error and the traceback.
        self._handle_failure(type(error), error, None)
        if not self._finished or self._rendering:
            self._late = True
            self._watch_connection()

    def _take_body(self) -> None:
        """Let the body come, now that `prepare` is done."""
        self._find_method()  # nobody need send a body for a method that is not allowed
        self._body_held = False
        self._receiving = True
        if self._late:
            self._exchange.resume_body()

    def _receive(self, chunk: bytes) -> "Deferred[Any] | None":
        """Pass a piece of the body to `data_received`."""
        if self._finished or self._error_pending:
            return None
        try:
            result = self.data_received(chunk)
            waiting = None if result is None else settle(result, self._context)
        except FAILURES:  # as in _execute()
            self._handle_failure(*sys.exc_info())
            return None
        if waiting is not None:
            self._wait_for(waiting, self._taken)
        return waiting

    def _taken(self, _: object) -> None:
        self._running = None

    def _received(self) -> None:
        """Go on behind the last piece of the body."""
        self._receiving = False
        self._guard(self._prepared)

    def _answered(self) -> None:
        """Do what comes after the answer; a mistake there is logged, and nobody else's trouble."""
        self.request.mark_finished()
        try:
            self.application.log_request(self)
        except Exception:  # noqa: BLE001 -- see above
            self._report(*sys.exc_info())
        # Behind the log line, which costs more for an answer that came in pieces. Programs for Tornado
        # and cyclone 1.x look at it.
        self._headers_written = True
        try:
            self.on_finish()
        except Exception:  # noqa: BLE001 -- see above
            self._report(*sys.exc_info())

    def _watch_connection(self) -> None:
        watch_unfinished(self)
        watched = type(self).on_connection_close is not RequestHandler.on_connection_close
        if watched or self.cancel_on_disconnect or self._stream_request_body:
            self.notifyFinish().addCallback(self._ended)

    def _ended(self, message: str | None) -> None:
        # If we cut the connection ourselves, the answer counts as finished.
        if message is not None and (
            not self._finished or self._rendering or self._held is not None
        ):
            run_in(self._context, self._connection_closed, message)
            if self._receiving and self._running is None:  # what has come will never be complete
                run_in(self._context, self._end_abandoned)
            if self.cancel_on_disconnect:
                self._abandoned = True
                if self._running is not None:
                    self._running.cancel()
                if self._rendering is not None:  # and nobody waits for it
                    self._rendering.cancel()

    def _end_abandoned(self) -> None:
        """Make an end of what was cancelled because its client has gone."""
        if not self._finished:
            self._finished = True
            if not self._headers_written:
                self._status_code, self._reason = _CLIENT_CLOSED_REQUEST
            self._answered()

    def _connection_closed(self, message: str) -> None:
        try:
            arguments = (message,) if _takes_argument(self.on_connection_close) else ()
            self.on_connection_close(*arguments)
        except Exception:  # noqa: BLE001 -- there is no answer any more that could tell
            self._report(*sys.exc_info())


def _takes_argument(method: Callable[..., object]) -> bool:
    positional = (
        Parameter.POSITIONAL_ONLY,
        Parameter.POSITIONAL_OR_KEYWORD,
        Parameter.VAR_POSITIONAL,
    )
    return any(each.kind in positional for each in signature(method).parameters.values())
