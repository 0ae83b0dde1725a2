"""Decorators for a handler's methods."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import urlencode, urlsplit

from twisted.internet.defer import Deferred

from cyclone_core.coroutines import settle
from cyclone_core.web.base import HandlerBase
from cyclone_core.web.errors import HTTPError
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.redirects import leaves_site

__all__ = ["addslash", "asynchronous", "authenticated", "removeslash"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_H = TypeVar("_H", bound=HandlerBase)
_F = TypeVar("_F", bound=Callable[..., Any])

_READING: Final = frozenset({"GET", "HEAD"})

_PERMANENT_REDIRECT: Final = 308


def asynchronous(
    method: Callable[Concatenate[_H, _P], _R],
) -> Callable[Concatenate[_H, _P], _R]:
    """Keep the request open when the method returns, until `finish` is called (cyclone, Tornado < 6).

    It goes with `inlineCallbacks` in either order, and below `authenticated`. A Deferred that the
    method returns is still watched: if it fails, the client gets the error page.

    Args:
        method: A method of a `RequestHandler`.

    Returns:
        The decorated method.
    """

    @functools.wraps(method)
    def wrapper(self: _H, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        self._auto_finish = False
        return method(self, *args, **kwargs)

    return wrapper


def authenticated(method: _F) -> _F:
    """Call the method for users who are signed in only (Tornado and cyclone: `web.authenticated`).

    Others are sent to `get_login_url()`, with the URL that they asked for as the argument `next`, unless
    the login URL has a query of its own. Methods other than GET and HEAD are answered with 403. It goes
    on top of all other decorators, and waits for a `get_current_user` that is asynchronous.

    Args:
        method: A method of a `RequestHandler`, of any kind.

    Returns:
        The decorated method.
    """

    @functools.wraps(method)
    def wrapper(self: RequestHandler, /, *args: object, **kwargs: object) -> object:
        waiting = self._resolve_user()
        if waiting is not None:
            return _call_for_user(waiting, self, functools.partial(method, self, *args, **kwargs))
        if self.current_user:
            return method(self, *args, **kwargs)
        _ask_to_sign_in(self)
        return None

    return wrapper  # type: ignore[return-value]


async def _call_for_user(
    waiting: Deferred[Any], handler: RequestHandler, method: Callable[[], object]
) -> None:
    await waiting
    if handler.current_user:
        result = settle(method(), handler._context)  # noqa: SLF001 -- one for the framework's use
        if result is not None:
            await result
    else:
        _ask_to_sign_in(handler)


def _ask_to_sign_in(handler: RequestHandler) -> None:
    request = handler.request
    if request.method not in _READING:
        raise HTTPError(403)
    url = handler.get_login_url()
    if "?" not in url:
        # Who signs in on another host must know to which one to come back.
        back = request.full_url() if urlsplit(url).scheme else request.uri
        url += "?" + urlencode({"next": back})
    handler.redirect(url)


def addslash(method: _F) -> _F:
    """Redirect a path without a slash at its end to the one with it (Tornado and cyclone).

    The route must match both: `(r"/photos/?", PhotosHandler)`.

    Args:
        method: A method of a `RequestHandler`.

    Returns:
        The decorated method.
    """
    return _at_path(lambda path: path if path.endswith("/") else path + "/", method)


def removeslash(method: _F) -> _F:
    """Redirect a path with slashes at its end to the one without (Tornado and cyclone).

    The route must match both: `(r"/photos/?", PhotosHandler)`. The path `/` stays as it is.

    Args:
        method: A method of a `RequestHandler`.

    Returns:
        The decorated method.
    """
    return _at_path(lambda path: path.rstrip("/") or path, method)


def _at_path(right: Callable[[str], str], method: _F) -> _F:
    """Call a method where the path is the right one, and redirect to that from others."""

    @functools.wraps(method)
    def wrapper(self: RequestHandler, /, *args: object, **kwargs: object) -> object:
        path = right(self.request.path)
        if path == self.request.path:
            return method(self, *args, **kwargs)
        _redirect_to_path(self, path)
        return None

    return wrapper  # type: ignore[return-value]


def _redirect_to_path(handler: RequestHandler, path: str) -> None:
    request = handler.request
    if leaves_site(path):
        raise HTTPError(403, "the path %r would lead to another host", path)
    url = f"{path}?{request.query}" if request.query else path
    # Behind 301 browsers ask with GET; a form is to be sent once more, to the right place.
    reading = request.method in _READING
    handler.redirect(url, permanent=True, status=None if reading else _PERMANENT_REDIRECT)
