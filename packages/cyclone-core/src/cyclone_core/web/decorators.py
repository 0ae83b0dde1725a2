"""Decorators for a handler's methods."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from cyclone_core.web.base import HandlerBase

__all__ = ["asynchronous"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_H = TypeVar("_H", bound=HandlerBase)


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
