"""What HTTP messages are made of: headers, requests, arguments, dates. No network here."""

from cyclone_core.errors import HTTPInputError, HTTPOutputError
from cyclone_core.httputil.dates import http_date
from cyclone_core.httputil.headers import HTTPHeaders
from cyclone_core.httputil.request import HTTPServerRequest

__all__ = [
    "HTTPHeaders",
    "HTTPInputError",
    "HTTPOutputError",
    "HTTPServerRequest",
    "http_date",
]
