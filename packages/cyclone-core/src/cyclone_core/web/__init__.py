"""The web framework: applications, routes and request handlers."""

from cyclone_core.routing import URLReverseError, URLSpec
from cyclone_core.web.application import Application
from cyclone_core.web.compression import GZipContentEncoding
from cyclone_core.web.decorators import addslash, asynchronous, authenticated, removeslash
from cyclone_core.web.errors import (
    Finish,
    HTTPAuthenticationRequired,
    HTTPError,
    MissingArgumentError,
)
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.routing import url
from cyclone_core.web.stock import ErrorHandler, RedirectHandler
from cyclone_core.web.streaming import stream_request_body
from cyclone_core.web.transforms import ChunkedTransferEncoding, OutputTransform

__all__ = [
    "Application",
    "ChunkedTransferEncoding",
    "ErrorHandler",
    "Finish",
    "GZipContentEncoding",
    "HTTPAuthenticationRequired",
    "HTTPError",
    "MissingArgumentError",
    "OutputTransform",
    "RedirectHandler",
    "RequestHandler",
    "URLReverseError",
    "URLSpec",
    "addslash",
    "asynchronous",
    "authenticated",
    "removeslash",
    "stream_request_body",
    "url",
]
