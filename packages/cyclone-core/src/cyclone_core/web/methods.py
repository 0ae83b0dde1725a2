"""Which method of a handler answers an HTTP method."""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from cyclone_core.web.base import HandlerBase
from cyclone_core.web.errors import HTTPError, MethodNotAllowed

__all__ = ["MethodDispatch"]

# Registered at IANA (RFC 9110 section 16.1.1): known, so the answer is 405 and not 501.
_REGISTRY: Final = """
    ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE
    MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI
    PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE
    UPDATEREDIRECTREF VERSION-CONTROL
"""
_REGISTERED: Final = frozenset(_REGISTRY.split())

_ATTRIBUTES: Final = {name: name.lower() for name in _REGISTERED}

_NO_CONTENT: Final = 204

_Answer = Callable[..., Any]


def _unimplemented(self: "MethodDispatch", *args: object, **kwargs: object) -> None:
    """Answer a method that a class does not define, for one that calls `super().get()`.

    Raises:
        HTTPError: Status 405.
    """
    del args, kwargs
    raise MethodNotAllowed(self._allowed_methods())


class MethodDispatch(HandlerBase):
    """The part of `RequestHandler` that finds what answers a request.

    Attributes:
        SUPPORTED_METHODS: HTTP methods that are looked up as methods in lower case. TRACE is left out
            on purpose; others, such as PROPFIND, may be added.
        derive_head: Whether a handler with `get` alone answers HEAD.
        derive_options: Whether a handler without `options` answers OPTIONS with its `Allow`.
    """

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = (
        "GET",
        "HEAD",
        "POST",
        "DELETE",
        "PATCH",
        "PUT",
        "OPTIONS",
    )
    derive_head: ClassVar[bool] = True
    derive_options: ClassVar[bool] = True

    # Here, so that a class may call them of its base class. They do not count as defined.
    get: Callable[..., Any] = _unimplemented
    head: Callable[..., Any] = _unimplemented
    post: Callable[..., Any] = _unimplemented
    delete: Callable[..., Any] = _unimplemented
    patch: Callable[..., Any] = _unimplemented
    put: Callable[..., Any] = _unimplemented
    options: Callable[..., Any] = _unimplemented

    def default(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- as any method
        """Override to answer every supported method that the class does not define.

        Args:
            args: Values of the route's unnamed groups.
            kwargs: Values of the route's named groups.

        Raises:
            HTTPError: The base class answers 405.
        """
        del args, kwargs
        raise MethodNotAllowed(self._allowed_methods())

    @classmethod
    def _answers_method(cls, method: str) -> bool:
        """Tell whether handlers of this class answer a method otherwise than with 405 or 501.

        Args:
            method: An HTTP method, for example `"GET"`.

        Returns:
            True if the class defines it, has `default()`, or derives it.
        """
        if method not in cls.SUPPORTED_METHODS:
            return False
        return (
            cls._defines(_ATTRIBUTES.get(method) or method.lower())
            or cls._has_default()
            or (method == "HEAD" and cls.derive_head and cls._defines("get"))
            or (method == "OPTIONS" and cls.derive_options)
        )

    @classmethod
    def _defines(cls, name: str) -> bool:
        return getattr(cls, name, _unimplemented) is not _unimplemented

    def _unsupported(self) -> HTTPError:
        """Make the error for a method that is not among `SUPPORTED_METHODS`."""
        method = self.request.method
        if method in _REGISTERED:
            return MethodNotAllowed(self._allowed_methods())
        return HTTPError(501, "the method %s is unknown", method)

    def _find_method(self) -> _Answer:
        """Find the class's own method, `default`, or a derived one, in that order.

        Raises:
            HTTPError: The handler has none of them: status 405.
        """
        method = self.request.method
        name = _ATTRIBUTES.get(method) or method.lower()
        # Not on the class: `prepare` may have set it.
        function: _Answer | None = getattr(self, name, None)
        if function is not None and getattr(function, "__func__", None) is not _unimplemented:
            return function
        if self._has_default():
            return self.default
        if method == "HEAD" and self.derive_head and self._defines("get"):
            self._derived_head = True
            return self.get
        if method == "OPTIONS" and self.derive_options:
            return self._describe_options
        raise MethodNotAllowed(self._allowed_methods())

    def _describe_options(self, *args: object, **kwargs: object) -> None:
        del args, kwargs
        self._write_buffer = []  # a 204 has no body, whatever `prepare` has written
        self._status_code = _NO_CONTENT
        self._reason = "No Content"
        self._headers["Allow"] = ", ".join(self._allowed_methods())

    def _allowed_methods(self) -> tuple[str, ...]:
        if self._has_default():
            return tuple(self.SUPPORTED_METHODS)
        allowed = {name for name in self.SUPPORTED_METHODS if self._defines(name.lower())}
        if self.derive_head and "GET" in allowed:
            allowed.add("HEAD")
        if self.derive_options:
            allowed.add("OPTIONS")
        return tuple(name for name in self.SUPPORTED_METHODS if name in allowed)

    @classmethod
    def _has_default(cls) -> bool:
        return cls.default is not MethodDispatch.default
