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
from cyclone_core.web.fallback import FallbackHandler
from cyclone_core.web.handler import RequestHandler
from cyclone_core.web.routing import url
from cyclone_core.web.signing import (
    DEFAULT_SIGNED_VALUE_MIN_VERSION,
    DEFAULT_SIGNED_VALUE_VERSION,
    MAX_SUPPORTED_SIGNED_VALUE_VERSION,
    MIN_SUPPORTED_SIGNED_VALUE_VERSION,
    create_signed_value,
    decode_signed_value,
    get_signature_key_version,
)
from cyclone_core.web.staticfiles import StaticFileHandler
from cyclone_core.web.stock import ErrorHandler, RedirectHandler
from cyclone_core.web.streaming import stream_request_body
from cyclone_core.web.transforms import ChunkedTransferEncoding, OutputTransform
from cyclone_core.web.uimodules import TemplateModule, UIModule

__all__ = [
    "DEFAULT_SIGNED_VALUE_MIN_VERSION",
    "DEFAULT_SIGNED_VALUE_VERSION",
    "MAX_SUPPORTED_SIGNED_VALUE_VERSION",
    "MIN_SUPPORTED_SIGNED_VALUE_VERSION",
    "Application",
    "ChunkedTransferEncoding",
    "ErrorHandler",
    "FallbackHandler",
    "Finish",
    "GZipContentEncoding",
    "HTTPAuthenticationRequired",
    "HTTPError",
    "MissingArgumentError",
    "OutputTransform",
    "RedirectHandler",
    "RequestHandler",
    "StaticFileHandler",
    "TemplateModule",
    "UIModule",
    "URLReverseError",
    "URLSpec",
    "addslash",
    "asynchronous",
    "authenticated",
    "create_signed_value",
    "decode_signed_value",
    "get_signature_key_version",
    "removeslash",
    "stream_request_body",
    "url",
]
