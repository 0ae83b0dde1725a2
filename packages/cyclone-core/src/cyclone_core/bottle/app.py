"""`Bottle`: routes and error pages that decorators gather, and applications made of them."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar, overload

from cyclone_core.bottle.callbacks import Callback, as_page, check_callback, describe, is_same
from cyclone_core.bottle.classes import ANY, handler_base, handler_class, unmatched_class
from cyclone_core.bottle.server import STDOUT, serve
from cyclone_core.bottle.shorthand import Shorthand
from cyclone_core.web import Application, RequestHandler, URLSpec

__all__ = ["Bottle"]

_F = TypeVar("_F", bound=Callback)

_METHOD: Final = re.compile(r"[A-Z][A-Z0-9_-]*")

# bottle.py's groups: `/hello/<name>` and `/<id:int>`. `(?P<name>...)` is a regular expression's.
_FOREIGN_GROUP: Final = re.compile(r"(?<!\?P)<(\w+)(?::[^<>]*)?>")

_LEAST_ERROR: Final = 400
_LAST_ERROR: Final = 599


class _Route:
    """A path, its name and its functions."""

    def __init__(self) -> None:
        self.name: str | None = None
        self.callbacks: dict[str, Callback] = {}


class Bottle:
    """Gathers functions that answer requests (bottle.py: `Bottle`).

    The functions of the module `bottle` are the methods of one that all modules share.

    Attributes:
        get: `route` for GET, and for HEAD, which is derived.
        post: `route` for POST.
        put: `route` for PUT.
        patch: `route` for PATCH.
        delete: `route` for DELETE.
    """

    def __init__(self) -> None:
        """Make one without routes."""
        self.get = Shorthand(self.route, "GET")
        self.post = Shorthand(self.route, "POST")
        self.put = Shorthand(self.route, "PUT")
        self.patch = Shorthand(self.route, "PATCH")
        self.delete = Shorthand(self.route, "DELETE")
        self._routes: dict[str, _Route] = {}
        self._pages: dict[int | None, Callback] = {}

    @overload
    def route(self, path: _F) -> _F: ...

    @overload
    def route(
        self,
        path: str | None = ...,
        method: str | Iterable[str] = ...,
        callback: None = ...,
        **kwargs: object,
    ) -> Callable[[_F], _F]: ...

    @overload
    def route(
        self, path: str | None, method: str | Iterable[str], callback: _F, **kwargs: object
    ) -> _F: ...

    @overload
    def route(
        self, path: str | None, method: str | Iterable[str] = ..., *, callback: _F, **kwargs: object
    ) -> _F: ...

    def route(
        self,
        path: Any = None,
        method: str | Iterable[str] = "GET",
        callback: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Have a function answer requests (cyclone and bottle.py: `route`).

        The function is called with the `RequestHandler`, and with the groups of the pattern. It may be of
        any kind that a handler's method may be, and stand below decorators for such methods. It is
        returned as it is, so there may be several routes above one function.

        Args:
            path: A regular expression for the whole path; its groups become arguments, named ones
                keyword arguments. By default a slash and the function's name.
            method: An HTTP method, or several; `"ANY"` answers those that have no function. Upper or
                lower case.
            callback: The function, if this is no decorator.
            kwargs: `name` is the route's name for `reverse_url`; others are ignored, as in cyclone 1.x.

        Returns:
            The function, or a decorator.

        Raises:
            TypeError: The function cannot be called with what the route passes.
            ValueError: The pattern or a method is malformed, or another function has them.
        """
        if callable(path):
            path, callback = None, path
        if "methods" in kwargs:
            raise TypeError(f"route() takes method={kwargs['methods']!r}, it knows no `methods`")
        methods = _methods(method)

        def register(function: _F) -> _F:
            self._add(path, methods, function, kwargs.get("name"))
            return function

        return register if callback is None else register(callback)

    @overload
    def error(self, code: _F) -> _F: ...

    @overload
    def error(self, code: int | None = ..., callback: None = ...) -> Callable[[_F], _F]: ...

    @overload
    def error(self, code: int | None, callback: _F) -> _F: ...

    def error(self, code: Any = None, callback: Any = None) -> Any:
        """Have a function write an error page (bottle.py: `error`).

        It is called with the `RequestHandler`, whose status is set already, and with the exception. It
        writes the page as a function of `route` does, and may be of any such kind. It is for the paths of
        this object's routes, and for those that nobody has; `more_handlers` have pages of their own.

        Args:
            code: The status, 400 to 599; by default all that have no function of their own.
            callback: The function, if this is no decorator.

        Returns:
            The function, or a decorator.

        Raises:
            TypeError: The function cannot be called so.
            ValueError: There is no such status.
        """
        if callable(code):
            code, callback = None, code
        valid = isinstance(code, int) and _LEAST_ERROR <= code <= _LAST_ERROR
        if code is not None and not valid:
            raise ValueError(
                f"@error takes a status from {_LEAST_ERROR} to {_LAST_ERROR}, not {code!r}"
            )

        def register(function: _F) -> _F:
            what = "@error" if code is None else f"@error({int(code)})"
            self._pages[code] = as_page(function, what)
            return function

        return register if callback is None else register(callback)

    def create_app(self, **settings: Any) -> Application:  # noqa: ANN401 -- an application's are its own
        """Make an application of the routes that there are now; any number of times.

        Args:
            settings: Settings of the application, and of its constructor. `base_handler` is the class
                that its handlers are derived from, by default `RequestHandler`; it also answers where no
                route matches. `more_handlers` are routes that are tried behind these.

        Returns:
            The application.

        Raises:
            TypeError: `base_handler` is no handler class.
            ValueError: A setting or a route is wrong, or the base class does not support a method.
        """
        base = settings.pop("base_handler", None) or RequestHandler
        more = settings.pop("more_handlers", None) or ()
        derived = handler_base(base, self._pages)
        if derived is not RequestHandler:
            settings.setdefault("error_handler", unmatched_class(derived))
        handlers: list[Any] = []
        for pattern, route in self._routes.items():
            kind = handler_class(derived, pattern, route.callbacks)
            handlers.append(URLSpec(pattern, kind, name=route.name))
        return Application([*handlers, *more], **settings)

    def run(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8888,
        log: Any = STDOUT,  # noqa: ANN401 -- any file
        reloader: bool | None = None,
        reactor: Any = None,  # noqa: ANN401 -- mypy cannot read zope's interfaces
        **settings: Any,  # noqa: ANN401 -- an application's are its own
    ) -> None:
        """Log to stdout, make an application, serve it, and return when the reactor has stopped.

        Args:
            host: The address to listen on; `"0.0.0.0"` opens it to others.
            port: The TCP port; 0 takes a free one.
            log: A file with `write` and `flush` for the log, by default stdout; None leaves Twisted's log
                as it is.
            reloader: Whether to start again when the source changes: the setting `autoreload`.
            reactor: The reactor, by default the global one.
            settings: As for `create_app`; `host` and `port` are among the application's settings, too.

        Raises:
            TypeError: The port is no int.
            ValueError: The port is out of range; see `create_app` for others.
            CannotListenError: The port is taken, or may not be used.
        """
        settings.update(host=host, port=port)
        if reloader is not None:
            settings["autoreload"] = reloader
        serve(lambda: self.create_app(reactor=reactor, **settings), host, port, log, reactor)

    def _add(self, path: object, methods: list[str], function: Callback, name: str | None) -> None:
        what = f"@route({path!r})" if path is not None else "@route"
        check_callback(function, what)
        # Compiled, a pattern ends with `$`, whether it was written or not.
        pattern = URLSpec(_pattern(path, function), RequestHandler).regex
        check_callback(function, what, pattern)
        route = self._routes.get(pattern.pattern) or _Route()
        for method in methods:
            other = route.callbacks.get(method)
            if other is not None and not is_same(other, function):
                raise ValueError(
                    f"{method} {path!r} is answered by {describe(other)}, so it cannot be by"
                    f" {describe(function)} as well"
                )
        if None not in (name, route.name) and name != route.name:
            raise ValueError(f"the route {path!r} is named {route.name!r} already, not {name!r}")
        route.name = name or route.name
        route.callbacks.update(dict.fromkeys(methods, function))
        self._routes[pattern.pattern] = route


def _methods(method: str | Iterable[str]) -> list[str]:
    """Read the argument `method`."""
    methods = [method] if isinstance(method, str) else list(method)
    for each in methods:
        if not _is_method(each):
            raise ValueError(f"{each!r} is no HTTP method: write 'GET', ['GET', 'POST'] or {ANY!r}")
    if not methods:
        raise ValueError(f"a route without a method answers nothing: write 'GET' or {ANY!r}")
    return [each.upper() for each in methods]


def _is_method(method: object) -> bool:
    return isinstance(method, str) and _METHOD.fullmatch(method.upper()) is not None


def _pattern(path: object, function: Callback) -> str:
    """Check the pattern of a path, or make one."""
    if path is None:
        name = getattr(function, "__name__", "")
        if not name.isidentifier():
            raise TypeError(f"{describe(function)} has no name: write @route with a path")
        return f"/{name}"
    if not isinstance(path, str):
        raise TypeError(f"the path of @route is a str, not {path!r}")
    foreign = _FOREIGN_GROUP.search(path)
    if foreign is not None:
        raise ValueError(
            f"the path {path!r} of {describe(function)} is no pattern of cyclone: a path is a regular"
            f" expression, so write `(?P<{foreign[1]}>[^/]+)` in the place of `{foreign[0]}`"
        )
    if path[:1].isalnum() or not path:
        raise ValueError(
            f"the path {path!r} of {describe(function)} matches nothing: paths begin with a slash,"
            f" so write '/{path}'"
        )
    return path
