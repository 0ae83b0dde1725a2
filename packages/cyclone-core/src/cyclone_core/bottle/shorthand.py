"""`@get`, `@post` and the like: `@route` for one method."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from cyclone_core.bottle.callbacks import Callback

__all__ = ["Shorthand"]

_F = TypeVar("_F", bound=Callback)


class Shorthand:
    """Is called like `route`, without `method`."""

    def __init__(self, route: Callable[..., Any], method: str) -> None:
        """Make one.

        Args:
            route: What it is short for.
            method: The HTTP method.
        """
        self._route = route
        self._method = method

    @overload
    def __call__(self, path: _F) -> _F: ...

    @overload
    def __call__(
        self, path: str | None = ..., callback: None = ..., *, name: str | None = ...
    ) -> Callable[[_F], _F]: ...

    @overload
    def __call__(self, path: str | None, callback: _F, *, name: str | None = ...) -> _F: ...

    def __call__(self, path: Any = None, callback: Any = None, **kwargs: Any) -> Any:
        """Have a function answer this method; see `Bottle.route`.

        Args:
            path: As there.
            callback: As there.
            kwargs: As there.

        Returns:
            The function, or a decorator.
        """
        return self._route(path, self._method, callback=callback, **kwargs)

    def __repr__(self) -> str:
        """Name the method."""
        return f"<{self._method} of {self._route!r}>"
