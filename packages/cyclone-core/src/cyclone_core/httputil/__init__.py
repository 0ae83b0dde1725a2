"""What HTTP messages are made of: headers, requests, arguments, dates. No network here."""

import doctest
import unittest
from http.client import responses

from cyclone_core.errors import HTTPInputError, HTTPOutputError
from cyclone_core.httputil.cookies import parse_cookie
from cyclone_core.httputil.dates import format_timestamp, http_date
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
from cyclone_core.httputil.startlines import (
    RequestStartLine,
    ResponseStartLine,
    parse_request_start_line,
    parse_response_start_line,
)
from cyclone_core.httputil.urls import (
    encode_username_password,
    qs_to_qsl,
    split_host_and_port,
    url_concat,
)

__all__ = [
    "HTTP_WHITESPACE",
    "HTTPFile",
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPOutputError",
    "HTTPServerRequest",
    "ParseBodyConfig",
    "ParseMultipartConfig",
    "ParseUrlEncodedConfig",
    "RequestStartLine",
    "ResponseStartLine",
    "doctests",
    "encode_username_password",
    "format_timestamp",
    "http_date",
    "parse_body_arguments",
    "parse_cookie",
    "parse_multipart_form_data",
    "parse_request_start_line",
    "parse_response_start_line",
    "qs_to_qsl",
    "responses",
    "set_parse_body_config",
    "split_host_and_port",
    "url_concat",
]

HTTP_WHITESPACE = " \t"
"""What may stand around a header's value (Tornado: the same name)."""


def doctests() -> unittest.TestSuite:
    """Collect the examples of this package (Tornado and cyclone: the same name).

    Returns:
        A suite for `unittest`.
    """
    from cyclone_core.httputil import dates, startlines, urls

    suite = unittest.TestSuite()
    for module in (dates, startlines, urls):
        suite.addTests(doctest.DocTestSuite(module))
    return suite
