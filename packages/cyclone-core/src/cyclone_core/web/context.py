"""Running the code of one request in that request's context.

Each request has a copy of the context in which it was received. A context variable that `prepare` sets
holds in the method, behind an `await`, in the hooks and in the log, and in no other request.
"""

from collections.abc import Callable
from contextvars import Context
from typing import ParamSpec, TypeVar

__all__ = ["run_in"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def run_in(context: Context, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call a function in a context, in which we may be already.

    Args:
        context: The context of a request.
        function: Any function.
        args: Its arguments.
        kwargs: Its keyword arguments.

    Returns:
        What it returns.
    """
    try:
        context.run(_nothing)
    except RuntimeError:
        # A context cannot be entered twice: a Deferred that the request waits for was fired by the
        # request's own code, further up the stack.
        return function(*args, **kwargs)
    return context.run(function, *args, **kwargs)


def _nothing() -> None:
    """Do nothing: entering the context is what can fail."""
