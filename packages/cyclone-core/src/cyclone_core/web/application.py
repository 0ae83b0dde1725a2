"""`Application`: routes and settings, and the Twisted factory that serves them."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context, copy_context
from socket import AF_UNSPEC
from typing import Any, Final, Self, cast, overload

from twisted.internet.interfaces import IReactorTime

from cyclone_core.coroutines import FAILURES
from cyclone_core.httpserver import BodyReceiver, HTTPServer, ServerOptions
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.connections import Connections
from cyclone_core.httpserver.factory import HTTPFactory
from cyclone_core.httpserver.intake import DiscardedBody, receive_body, receive_stream
from cyclone_core.httpserver.listening import listen
from cyclone_core.httpserver.sockets import BACKLOG
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits
from cyclone_core.routing import (
    AnyMatches,
    DefaultHostMatches,
    HostMatches,
    Match,
    ReversibleRouter,
    Rule,
    Target,
)
from cyclone_core.routing.rules import RuleLike
from cyclone_core.web.access import log_function, mask_function
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.plain_cookies import cookie_defaults
from cyclone_core.web.routing import ApplicationRouter, match_of, static_routes
from cyclone_core.web.stock import ErrorHandler, ServerOptionsHandler
from cyclone_core.web.streaming import StreamedBody, is_streaming
from cyclone_core.web.transforms import OutputTransform, adapt_transform, default_transforms
from cyclone_core.web.uinames import load_ui_methods, load_ui_modules
from cyclone_escape import ObjectDict

__all__ = ["Application"]

_CLASSIC_NAME: Final = "cyclone.web.Application"

_ANY_HOST: Final = re.compile(".*$")

# What `debug` means, unless a setting says otherwise (Tornado has the same).
_DEBUG: Final = {
    "autoreload": True,
    "compiled_template_cache": False,
    "static_hash_cache": False,
    "serve_traceback": True,
}


class Application(HTTPFactory, ReversibleRouter):
    """A web application (Tornado and cyclone: `web.Application`).

    It is a Twisted factory: `reactor.listenTCP(8888, application)` serves it, and one application may
    serve several ports, with TLS on some. Derive from it to set it up in `__init__`. It is also a router,
    so it may be the target of a rule of another one.

    Attributes:
        settings: The settings, by item and by attribute. Any name may be used; those of `Limits` and
            of `ServerOptions`, and those that `docs/reference/settings.md` lists, have a meaning.
        default_host: The host whose rules are tried for a host that has none; None or empty for none.
        transforms: The classes that change each answer on its way out.
        error_handler: The handler class that answers where no route matches; it is made with
            `status_code=404`.
        ui_modules: The classes of the UI modules by name.
        ui_methods: The UI methods by name.
        secret_is_checked: Whether somebody has looked if `cookie_secret` is long enough.
        default_router: The rules of all hosts; the last one leads to `wildcard_router`.
        wildcard_router: The rules for hosts without any of their own.
    """

    secret_is_checked = False

    def __init__(
        self,
        handlers: Iterable[RuleLike] | None = None,
        default_host: str | None = None,
        transforms: Iterable[type[OutputTransform]] | None = None,
        error_handler: Callable[..., Any] | None = None,
        *,
        reactor: IReactorTime | None = None,
        **settings: Any,  # noqa: ANN401 -- an application's settings are its own
    ) -> None:
        """Make an application.

        Args:
            handlers: Routes in the order in which they are tried: `(pattern, handler)`, optionally
                with keyword arguments for `initialize` and a name, or `Rule` and `URLSpec` objects.
            default_host: The host whose rules are tried for a host that has none.
            transforms: What changes each answer; by default what the settings ask for.
            error_handler: What answers where no route matches; by default an error page.
            reactor: What tells the time; by default the global reactor.
            settings: The settings.

        Raises:
            ValueError: A route or a setting is malformed; the message says which.
            TypeError: A part of a route has the wrong type.
            ImportError: A handler's dotted name leads nowhere.
        """
        # Requests copy this context and not the one they arrive in: the asyncio reactor calls in the
        # context of whoever asked for the call, and that may have been another request.
        self._context = copy_context()
        self.settings: ObjectDict[Any] = ObjectDict(settings)
        if self.settings.get("debug"):
            for name, value in _DEBUG.items():
                self.settings.setdefault(name, value)
        super().__init__(
            Limits.from_settings(settings),
            ServerOptions.from_settings(settings),
            Connections(CoarseClock(reactor)),
            _server_header(settings.get("server_header", "cyclone")),
        )
        self.default_host = default_host
        self.transforms: list[type[OutputTransform]] = []
        for kind in default_transforms(settings) if transforms is None else transforms:
            self.add_transform(kind)
        cookie_defaults(settings)  # a mistake in them shows here, and not with the first cookie
        self.error_handler = error_handler or ErrorHandler
        self.ui_modules = load_ui_modules(self.settings.get("ui_modules"))
        self.ui_methods = load_ui_methods(self.settings.get("ui_methods"))
        self.wildcard_router = ApplicationRouter(
            self, [*static_routes(settings), *(handlers or ())]
        )
        self.default_router = ApplicationRouter(self, [Rule(AnyMatches(), self.wildcard_router)])
        self._router = self.wildcard_router  # as long as no host has rules of its own
        self._routed = self.default_router.changes
        self._log_function = log_function(settings, self.clock)
        self._mask = mask_function(settings)
        self._not_found = self._default_match(settings)
        # An application may have a route of its own for this.
        self._server_options = Match(self, ServerOptionsHandler, {})

    @overload
    def __call__(self) -> Self: ...

    @overload
    def __call__(self, request: HTTPServerRequest) -> None: ...

    def __call__(self, request: HTTPServerRequest | None = None) -> Self | None:
        """Answer a complete request; without one, return the application itself.

        The second form is for documented code such as `TCPServer(8888, application())`.

        Args:
            request: The request.

        Returns:
            The application, if there was no request.
        """
        if request is None:
            return self
        self.find_handler(request)(request)
        return None

    def start_request(self, request: HTTPServerRequest) -> BodyReceiver | None:
        """Choose the handler of a request whose body is still to come, and so its limits.

        Args:
            request: The request, without its body.

        Returns:
            Who takes the body, or None if the request is answered without it.
        """
        return self.find_handler(request).start_request(request)

    def listen(
        self,
        port: int | str,
        address: str | None = None,
        *,
        family: int = AF_UNSPEC,
        backlog: int = BACKLOG,
        flags: int | None = None,
        reuse_port: bool = False,
        **server_options: Any,  # noqa: ANN401 -- those of `HTTPServer`
    ) -> HTTPServer:
        """Serve the application on a port (Tornado has the same name).

        The reactor is not run; where an asyncio loop runs and there is no reactor yet, it gets one. With
        the setting `autoreload` the source is watched.

        Args:
            port: The port number, also as text; 0 for any that is free.
            address: An IP address, or a host name for all of its addresses. By default every address of
                this machine, as in Tornado: `"127.0.0.1"` is for this machine only.
            family: See `bind_sockets`, as for the next three.
            backlog: How many clients may wait to be accepted.
            flags: Bits of `socket.AI_*`.
            reuse_port: Whether other processes may listen there, too.
            server_options: See `HTTPServer`.

        Returns:
            The server, which can be stopped.

        Raises:
            TypeError: An option is unknown.
            ValueError: An option has a wrong type or value, or the port is none.
            TLSError: A file that `ssl_options` names cannot be used.
            OSError: The port cannot be had; its `errno` tells why, the message what to do.
            WrongReactor: The reactor does not run on the asyncio loop that runs here.
        """
        return listen(
            self,
            port,
            address,
            family=family,
            backlog=backlog,
            flags=flags,
            reuse_port=reuse_port,
            **server_options,
        )

    # Routes.

    def add_handlers(self, host_pattern: str, host_handlers: Iterable[RuleLike]) -> None:
        """Add routes for some hosts; they are tried before those of all hosts (Tornado and cyclone).

        Args:
            host_pattern: A regular expression for the whole name of a host, without port and in lower
                case.
            host_handlers: Routes, as for the constructor, which raises the same.
        """
        matcher = HostMatches(host_pattern)
        rules = list(host_handlers)
        self.default_router.rules.insert(-1, Rule(matcher, ApplicationRouter(self, rules)))
        if self.default_host:
            by_default = DefaultHostMatches(self, matcher.host_pattern)
            self.wildcard_router.add_rules([Rule(by_default, rules)])

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Target:  # noqa: ANN401, ARG002
        """Find what answers a request (Tornado has the same name).

        Args:
            request: The request, without its body.
            kwargs: What the matcher of a rule that leads here has found.

        Returns:
            A `Match` with a handler class, or what a rule leads to else; the error handler if no rule
            matches.
        """
        if self._routed != self.default_router.changes:
            self._routed = self.default_router.changes
            self._router = self.default_router
        found = self._router.find_handler(request)
        if found is not None:
            return found
        return self._server_options if request.path == "*" else self._not_found

    def get_handler_delegate(
        self,
        request: HTTPServerRequest,
        target_class: Callable[..., Any],
        target_kwargs: Mapping[str, Any] | None = None,
        path_args: Iterable[str | bytes | None] | None = None,
        path_kwargs: Mapping[str, str | bytes | None] | None = None,
    ) -> Match:
        """Say that a handler class of this application answers a request, for routers of your own.

        Args:
            request: The request.
            target_class: The handler class.
            target_kwargs: Keyword arguments for its `initialize`.
            path_args: Arguments for its method; bytes are decoded.
            path_kwargs: Keyword arguments for its method, likewise.

        Returns:
            What `Router.find_handler` may return.
        """
        del request
        return match_of(self, target_class, target_kwargs, path_args, path_kwargs)

    def reverse_url(self, name: str, *args: object, **kwargs: object) -> str:
        """Make the URL of a named route, with path and query.

        Args:
            name: The route's name.
            args: Values for the groups of its pattern, percent-encoded.
            kwargs: Values of its named groups; others become a query string, sorted by name.

        Returns:
            The URL.

        Raises:
            KeyError: No route has the name.
            URLReverseError: No path can be made of its pattern and these values.
        """
        found = self.default_router.reverse_url(name, *args, **kwargs)
        if found is None:
            raise KeyError(f"no route has the name {name!r}")
        return found

    @property
    def handlers(self) -> list[tuple[re.Pattern[str], list[Rule]]]:
        """The routes of each host: its pattern and their rules (cyclone has the same name)."""
        return [
            (getattr(rule.matcher, "host_pattern", _ANY_HOST), list(rule.target.rules))
            for rule in self.default_router.rules
            if isinstance(rule.target, ApplicationRouter)
        ]

    @property
    def named_handlers(self) -> dict[str, Rule]:
        """The routes that have a name, by name (cyclone has the same name)."""
        return {rule.name: rule for _, rules in self.handlers for rule in rules if rule.name}

    def add_transform(self, transform_class: type[OutputTransform]) -> None:
        """Change each answer on its way out, behind the transforms that are there (cyclone).

        Args:
            transform_class: See `OutputTransform`.

        Raises:
            TypeError: It is no such class.
        """
        adapt_transform(transform_class)
        self.transforms.append(transform_class)

    # What a `Match` calls.

    def run_handler(self, request: HTTPServerRequest, match: Match) -> None:
        """Answer a complete request with a handler of this application.

        Args:
            request: The request.
            match: Its handler class.
        """
        context = self._context.copy()
        context.run(self._handle, request, match, context)

    def start_handler(self, request: HTTPServerRequest, match: Match) -> BodyReceiver | None:
        """Choose who takes the body of a request that a handler of this application answers.

        Args:
            request: The request, without its body.
            match: Its handler class.

        Returns:
            Who takes the body, or None if the request has been answered without it.
        """
        if "Expect" in request.headers and not self._wants_body(match, request.method):
            self.run_handler(request, match)
            return None
        exchange = request.connection
        size = getattr(match.handler_class, "max_body_size", None)
        timeout = getattr(match.handler_class, "body_timeout", None)
        if exchange is not None and size is not None:
            exchange.set_max_body_size(size)
        if exchange is not None and timeout is not None:
            exchange.set_body_timeout(timeout)
        options = request.options or self.options
        if is_streaming(match.handler_class):
            return receive_stream(
                request, options, self.clock, lambda begun: self._stream(begun, match)
            )

        def run(complete: HTTPServerRequest) -> None:
            self.run_handler(complete, match)

        if match.handler_class is ErrorHandler:
            return DiscardedBody(request, run)
        return receive_body(request, options, self.clock, run)

    def log_request(self, handler: RequestHandler) -> None:
        """Write the access log's line of an answered request; `log_function` replaces it.

        Args:
            handler: The handler that has answered.
        """
        self._log_function(handler)

    def logPrefix(self) -> str:
        """Name the application in Twisted's log: `cyclone.web.Application starting on 8888`."""
        kind = type(self)
        return _CLASSIC_NAME if kind is Application else f"{kind.__module__}.{kind.__qualname__}"

    def _wants_body(self, match: Match, method: str) -> bool:
        """Tell whether a body can change the answer (RFC 9110 section 10.1.1)."""
        answers = getattr(match.handler_class, "_answers_method", None)
        return match.handler_class is not ErrorHandler and (answers is None or answers(method))

    def _default_match(self, settings: Mapping[str, Any]) -> Match:
        """Choose what answers where no route matches."""
        kind = settings.get("default_handler_class")
        if kind is None:
            return Match(self, self.error_handler, {"status_code": 404})
        if not callable(kind):
            raise ValueError(  # noqa: TRY004 -- what every bad setting raises
                f"setting 'default_handler_class' must be a handler class, not {kind!r}"
            )
        return Match(self, kind, settings.get("default_handler_args") or {})

    def _stream(self, request: HTTPServerRequest, match: Match) -> StreamedBody | None:
        context = self._context.copy()
        return context.run(self._begin_stream, request, match, context)

    def _begin_stream(
        self, request: HTTPServerRequest, match: Match, context: Context
    ) -> StreamedBody | None:
        """Make the handler of a body that comes in pieces; returns who takes it, if somebody does."""
        handler = self._make(request, match, context)
        if handler is None:
            return None
        handler._body_held = True  # noqa: SLF001 -- as below
        handler._execute(context, match.args, match.named)  # noqa: SLF001 -- as below
        if handler._finished:  # noqa: SLF001 -- as below
            return None
        if handler._body_held and request.connection is not None:  # noqa: SLF001 -- as below
            request.connection.pause_body()
        return StreamedBody(handler, context)

    def _handle(self, request: HTTPServerRequest, match: Match, context: Context) -> None:
        handler = self._make(request, match, context)
        if handler is not None:
            # Tornado's and cyclone 1.x's name: whatever a route calls must return something that has it.
            handler._execute(context, match.args, match.named)  # noqa: SLF001

    def _make(self, request: HTTPServerRequest, match: Match, context: Context) -> Any:  # noqa: ANN401
        """Make a handler; if that fails, answer with an error page and return None."""
        try:
            return match.handler_class(self, request, **match.kwargs)
        except FAILURES:  # what `initialize` raises is answered like what a method raises
            handler = RequestHandler(self, request)
            handler._context = context  # noqa: SLF001 -- as above
            handler._handle_failure(*sys.exc_info())  # noqa: SLF001 -- as above
            return None


def _server_header(value: object) -> str:
    try:
        return HTTPHeaders({"Server": cast("str", value or "")})["Server"]
    except (TypeError, ValueError) as error:
        raise ValueError(f"setting 'server_header' cannot be sent: {error}") from None
