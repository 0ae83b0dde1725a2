"""URLs of the application's own resources."""

from cyclone_core.web.base import HandlerBase

__all__ = ["URLMethods"]


class URLMethods(HandlerBase):
    """The methods of `RequestHandler` that make URLs."""
