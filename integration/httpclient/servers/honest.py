"""The honest server: Tornado's, with routes as httpbin has them, over TCP, TLS and a Unix socket."""

import contextlib
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets, bind_unix_socket
from tornado.web import Application

from httpclient.servers import authentication, calls, routes, transfers

__all__ = ["Honest"]

BIG = 1 << 30


class Honest:
    """The server; it is made and closed in the thread of its loop.

    Args:
        contexts: Contexts of TLS by name; each has a port of its own.
        directory: Where the Unix socket is made.

    Attributes:
        ports: Port numbers by name; `plain` is without TLS, `six` is too, and there if IPv6 is.
        unix_socket: The path of the socket.
    """

    def __init__(self, contexts: Mapping[str, ssl.SSLContext], directory: Path) -> None:
        # Errors are asked for here; what Tornado says of clients that go away in the middle is no news.
        for name in ("access", "general"):
            logging.getLogger(f"tornado.{name}").setLevel(logging.ERROR)
        application = Application(
            [*routes.ROUTES, *transfers.ROUTES, *authentication.ROUTES, *calls.ROUTES]
        )
        self.ports: dict[str, int] = {}
        self.unix_socket = str(directory / "honest.sock")
        self._servers = []
        for name, context in {"plain": None, **contexts}.items():
            server = HTTPServer(application, ssl_options=context, max_body_size=BIG)
            sockets = bind_sockets(0, "127.0.0.1")
            if context is not None:
                context.sni_callback = _note_name
                context.set_alpn_protocols(["h2", "http/1.1"])
            else:
                sockets.append(bind_unix_socket(self.unix_socket))
                with contextlib.suppress(OSError):
                    sockets.extend(bind_sockets(0, "::1"))
                    self.ports["six"] = sockets[-1].getsockname()[1]
            server.add_sockets(sockets)
            self.ports[name] = sockets[0].getsockname()[1]
            self._servers.append(server)

    async def close(self) -> None:
        """Stop, and close all connections."""
        for server in self._servers:
            server.stop()
            await server.close_all_connections()


def _note_name(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
    """Keep the name that the client asks for where `routes.TLS` finds it."""
    connection.asked_name = name  # type: ignore[attr-defined]
