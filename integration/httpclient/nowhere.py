"""Ways that lead nowhere: a name that nobody resolves, a port that nobody answers on."""

import contextlib
import errno
import socket
from collections.abc import Iterator

from twisted.internet.interfaces import (
    IHostnameResolver,
    IHostResolution,
    IResolutionReceiver,
)
from zope.interface import implementer

__all__ = ["FILLING", "Resolver", "deaf_port"]

FILLING = 3
"""How many sockets of ours fill the queue of `deaf_port`."""


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Have a port whose queue of connections is full: another attempt stays without an answer."""
    with contextlib.closing(socket.socket()) as listener, contextlib.ExitStack() as filling:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for _ in range(FILLING):
            attempt = filling.enter_context(socket.socket())
            attempt.setblocking(False)
            assert attempt.connect_ex(("127.0.0.1", port)) in {0, errno.EINPROGRESS}
        yield port


@implementer(IHostnameResolver)
class Resolver:
    """A resolver that knows no name, or never answers."""

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers

    def resolveHostName(  # noqa: N802 -- this, and the names of the arguments, are Twisted's
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: ARG002, N803
        addressTypes: object = None,  # noqa: ARG002, N803
        transportSemantics: str = "TCP",  # noqa: ARG002, N803
    ) -> IHostResolution:
        """Begin; end without an address if it is to answer."""
        resolution = Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        if self.answers:
            resolutionReceiver.resolutionComplete()
        return resolution


@implementer(IHostResolution)
class Resolution:
    """An attempt to resolve a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Give it up."""
