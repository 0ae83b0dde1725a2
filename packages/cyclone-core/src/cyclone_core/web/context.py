"""The context in which all code of one request runs."""

import contextvars
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["RequestContext"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class RequestContext:
    """A copy of the context at the start of a request, entered whenever code of the request runs.

    So a context variable that `prepare` sets holds in the method, behind an `await`, in the hooks and
    in the log, and in no other request.
    """

    __slots__ = ("_context", "_entered")

    def __init__(self) -> None:
        """Copy the current context."""
        self._context = contextvars.copy_context()
        self._entered = False

    def run(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call a function in the context.

        Args:
            function: Any function.
            args: Its arguments.
            kwargs: Its keyword arguments.

        Returns:
            What it returns.
        """
        if self._entered:
            # A Deferred that the request waits for was fired by the request's own code. A context
            # cannot be entered twice, and need not be.
            return function(*args, **kwargs)
        self._entered = True
        try:
            return self._context.run(function, *args, **kwargs)
        finally:
            self._entered = False
