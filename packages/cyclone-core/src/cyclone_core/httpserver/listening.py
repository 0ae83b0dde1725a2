"""Serving an application on a port with one call."""

import socket
from collections.abc import Callable
from typing import Any

from cyclone_core.httpserver.server import HTTPServer
from cyclone_core.httpserver.sockets import BACKLOG

__all__ = ["listen"]


def listen(
    application: Callable[..., Any],
    port: int | str,
    address: str | None = None,
    *,
    family: int = socket.AF_UNSPEC,
    backlog: int = BACKLOG,
    flags: int | None = None,
    reuse_port: bool = False,
    **server_options: Any,  # noqa: ANN401 -- those of `HTTPServer`
) -> HTTPServer:
    """Serve an application on a port (Tornado: `Application.listen`).

    The reactor is not run; where an asyncio loop runs and there is no reactor yet, it gets one. With the
    setting `autoreload` the source is watched.

    Args:
        application: The application, or a function that answers requests.
        port: The port number, also as text; 0 for any that is free.
        address: An IP address, or a host name for all of its addresses. By default all addresses of
            this machine, as in Tornado: `"127.0.0.1"` is for this machine only, and what `cyclone run`
            listens on.
        family: See `bind_sockets`, as for the next three.
        backlog: How many clients may wait to be accepted.
        flags: Bits of `socket.AI_*`.
        reuse_port: Whether other processes may listen there, too.
        server_options: See `HTTPServer`.

    Returns:
        The server, which can be stopped.

    Raises:
        TypeError: An option is unknown.
        ValueError: An option has a wrong type or value, or the port is none.
        TLSError: A file that `ssl_options` names cannot be used.
        OSError: The port cannot be had; its `errno` tells why, the message what to do.
        WrongReactor: The reactor does not run on the asyncio loop that runs here.
    """
    # Not in `HTTPServer.listen`: a server is not the program, and that is what is started again.
    from cyclone_core import autoreload

    server = HTTPServer(application, **server_options)
    server.listen(port, address, family, backlog, flags, reuse_port)
    autoreload.start_for(application, server.reactor)
    return server
