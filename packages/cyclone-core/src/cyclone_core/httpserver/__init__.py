"""The HTTP server: a Twisted protocol for `listenTCP`, `listenSSL` and `listenUNIX`."""

from cyclone_core.bodies import BodyReceiver
from cyclone_core.httpserver.body import BufferedBody
from cyclone_core.httpserver.connection import HTTPConnection
from cyclone_core.httpserver.exchange import Exchange
from cyclone_core.httpserver.http1 import HTTP1Exchange
from cyclone_core.httpserver.options import ServerOptions
from cyclone_core.httpserver.peer import Peer
from cyclone_core.httpserver.proxies import ProxyHeaders
from cyclone_core.httpserver.server import HTTPServer
from cyclone_core.httpserver.sockets import bind_sockets, bind_unix_socket
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.reactors import WrongReactor

HTTPRequest = HTTPServerRequest
"""The request under its classic name (cyclone: `httpserver.HTTPRequest`)."""

__all__ = [
    "BodyReceiver",
    "BufferedBody",
    "Exchange",
    "HTTP1Exchange",
    "HTTPConnection",
    "HTTPRequest",
    "HTTPServer",
    "HTTPServerRequest",
    "Peer",
    "ProxyHeaders",
    "ServerOptions",
    "WrongReactor",
    "bind_sockets",
    "bind_unix_socket",
]
