"""Reading and setting cookies."""

from cyclone_core.web.base import HandlerBase

__all__ = ["CookieMethods"]


class CookieMethods(HandlerBase):
    """The methods of `RequestHandler` for cookies, signed ones included."""
