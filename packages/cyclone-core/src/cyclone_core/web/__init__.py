"""The web framework: applications, routes and request handlers."""

from cyclone_core.routing import URLReverseError, URLSpec
from cyclone_core.web.application import Application
from cyclone_core.web.decorators import asynchronous
from cyclone_core.web.errors import Finish, HTTPError, MissingArgumentError
from cyclone_core.web.handler import ErrorHandler, RequestHandler
from cyclone_core.web.routing import url
from cyclone_core.web.streaming import stream_request_body

__all__ = [
    "Application",
    "ErrorHandler",
    "Finish",
    "HTTPError",
    "MissingArgumentError",
    "RequestHandler",
    "URLReverseError",
    "URLSpec",
    "asynchronous",
    "stream_request_body",
    "url",
]
