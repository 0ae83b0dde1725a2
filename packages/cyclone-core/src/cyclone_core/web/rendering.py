"""Answering with templates."""

from cyclone_core.web.output import OutputMethods
from cyclone_core.web.urls import URLMethods
from cyclone_core.web.xsrf import ForgeryMethods

__all__ = ["RenderMethods"]


class RenderMethods(ForgeryMethods, URLMethods, OutputMethods):
    """The methods of `RequestHandler` that render templates."""
