"""Who asks, and in which language."""

from cyclone_core.web.arguments import ArgumentMethods
from cyclone_core.web.cookies import CookieMethods

__all__ = ["UserMethods"]


class UserMethods(ArgumentMethods, CookieMethods):
    """The methods of `RequestHandler` for the current user and the locale."""
