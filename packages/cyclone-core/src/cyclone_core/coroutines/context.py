"""Running the code of one request in that request's context.

Each request has a copy of the context in which the application was made. A context variable that
`prepare` sets holds in the method, behind an `await`, in the hooks and in the log, and in no other request.
"""

from collections.abc import Callable
from contextvars import Context, ContextVar
from typing import Final, ParamSpec, TypeVar

__all__ = ["run_in"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_MARK: Final[ContextVar[object]] = ContextVar("_MARK")


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
        if not _is_current(context):
            # And the code of another request came between. What is set now is lost, but nothing of
            # this request gets into that one.
            return context.copy().run(function, *args, **kwargs)
        return function(*args, **kwargs)
    return context.run(function, *args, **kwargs)


def _is_current(context: Context) -> bool:
    """Tell whether what is set now is set in this context; Python does not tell in which we are."""
    mark = object()
    token = _MARK.set(mark)
    try:
        return context.get(_MARK) is mark
    finally:
        _MARK.reset(token)


def _nothing() -> None:
    """Do nothing: entering the context is what can fail."""
