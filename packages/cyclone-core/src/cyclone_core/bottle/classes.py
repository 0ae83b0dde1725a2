"""The handler classes that functions become."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, cast

from cyclone_core.bottle.callbacks import Callback, as_method, describe
from cyclone_core.http1.status import BODYLESS
from cyclone_core.web import ErrorHandler, HTTPError, RequestHandler

__all__ = ["ANY", "handler_base", "handler_class", "unmatched_class"]

ANY = "ANY"
"""The method whose function answers all that have none of their own."""


class ErrorPages(RequestHandler):
    """Answers errors with the functions below `@error`."""

    _error_pages: ClassVar[Mapping[int | None, Callback]] = {}

    def write_error(self, status_code: int, **kwargs: Any) -> Any:  # noqa: ANN401 -- as it is above
        """Call the function for a status, or the one for all; without one do what the base does.

        Args:
            status_code: The status.
            kwargs: `exception`, if something was raised.

        Returns:
            What the function returns.
        """
        page = self._error_pages.get(status_code) or self._error_pages.get(None)
        if page is None or status_code in BODYLESS:
            return super().write_error(status_code, **kwargs)
        error = kwargs.get("exception")
        return page(self, HTTPError(status_code) if error is None else error)


class Unmatched(ErrorHandler):
    """Answers where no route matches, as the application's own handlers would."""

    def initialize(self, status_code: int) -> None:  # type: ignore[override]
        """Take the status, and initialize the base handler.

        Args:
            status_code: 404.
        """
        super().initialize(status_code)
        cast("Callable[[], None]", super(ErrorHandler, self).initialize)()


def handler_base(
    base: type[RequestHandler], pages: Mapping[int | None, Callback]
) -> type[RequestHandler]:
    """Add error pages to a handler class.

    Args:
        base: The class.
        pages: The functions by status; None is for all others.

    Returns:
        A class derived from it, or it itself if there are no pages.

    Raises:
        TypeError: It is no handler class.
    """
    checked: object = base
    if not (isinstance(checked, type) and issubclass(checked, RequestHandler)):
        raise TypeError(f"base_handler is a class derived from RequestHandler, not {base!r}")
    if not pages:
        return base
    return type(base.__name__, (ErrorPages, base), {"_error_pages": dict(pages)})


def unmatched_class(base: type[RequestHandler]) -> type[RequestHandler]:
    """Make the class that answers where no route matches.

    Args:
        base: The class of all other handlers.

    Returns:
        A class with its error pages and headers.
    """
    return type("Unmatched", (Unmatched, base), {})


def handler_class(
    base: type[RequestHandler], path: str, callbacks: Mapping[str, Callback]
) -> type[RequestHandler]:
    """Make the handler class of a path.

    Args:
        base: The class that it is derived from.
        path: The pattern of the path.
        callbacks: A function for each HTTP method, and for `ANY`.

    Returns:
        The class; the functions are its methods, at no cost for a request.

    Raises:
        ValueError: The base class does not support a method.
    """
    first = next(iter(callbacks.values()))
    # In logs and tracebacks it stands for the function.
    namespace: dict[str, Any] = {
        "__module__": getattr(first, "__module__", __name__),
        "__doc__": f"Answers {path}.",
    }
    for method, callback in callbacks.items():
        if method == ANY:
            namespace["default"] = as_method(callback)
        elif method in base.SUPPORTED_METHODS:
            namespace[method.lower()] = as_method(callback)
        else:
            raise ValueError(_unsupported(method, callback, base.SUPPORTED_METHODS))
    return type(getattr(first, "__name__", "Route"), (base,), namespace)


def _unsupported(method: str, callback: Callback, supported: Iterable[str]) -> str:
    return (
        f"{method!r} is no method that handlers support, for {describe(callback)}: there are"
        f" {', '.join(supported)} and {ANY}; for another one, give a base_handler with it in its"
        " SUPPORTED_METHODS"
    )
