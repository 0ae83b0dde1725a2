"""What HTTP messages are made of: headers, requests, arguments, dates. No network here."""

from cyclone_core.errors import HTTPInputError, HTTPOutputError
from cyclone_core.httputil.cookies import parse_cookie
from cyclone_core.httputil.dates import http_date
from cyclone_core.httputil.files import HTTPFile
from cyclone_core.httputil.forms import (
    ParseBodyConfig,
    ParseMultipartConfig,
    ParseUrlEncodedConfig,
    parse_body_arguments,
    parse_multipart_form_data,
    set_parse_body_config,
)
from cyclone_core.httputil.headers import HTTPHeaders
from cyclone_core.httputil.request import HTTPServerRequest

__all__ = [
    "HTTPFile",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPOutputError",
    "HTTPServerRequest",
    "ParseBodyConfig",
    "ParseMultipartConfig",
    "ParseUrlEncodedConfig",
    "http_date",
    "parse_body_arguments",
    "parse_cookie",
    "parse_multipart_form_data",
    "set_parse_body_config",
]
