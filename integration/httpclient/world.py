"""All the servers that these tests need, made once."""

import ssl
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from httpclient.servers.authority import Authority
from httpclient.servers.background import Background
from httpclient.servers.honest import Honest
from httpclient.servers.hostile import Act, Hostile
from httpclient.servers.proxies import Proxy

__all__ = ["CREDENTIALS", "Option", "World"]

Option = Any
"""An option of a client or of a request: whatever they take."""

CREDENTIALS = "pröxy:p:w"
LOCAL = ("localhost", "127.0.0.1", "::1")
MANNERS = {
    "refuse.test": (b"HTTP/1.1 403 Not there\r\nContent-Length: 3\r\n\r\nno!", False),
    "garbage.test": (b"\x00\x01\x02 who are you?\r\n\r\n", False),
    "silent.test": (b"", False),
    "close.test": (b"", True),
    "half.test": (b"HTTP/1.1 200 Go on\r\nVia:", True),
    "early.test": (b"HTTP/1.1 200 Go on\r\n\r\nbytes before the handshake", False),
    "mute.test": (b"HTTP/1.1 200 Go on\r\n\r\n", False),
    "flood.test": (b"HTTP/1.1 200 Go on\r\n" + b"X: y\r\n" * 100_000, False),
    "interim.test": (b"HTTP/1.1 103 Early\r\n\r\n" * 10_000, False),
}


class World:
    """The servers.

    Args:
        directory: An empty one, for certificates and sockets.

    Attributes:
        authority: Signs the certificates.
        background: Where the servers run.
        honest: The server with routes.
        hostile: The server that answers with any bytes.
        proxy: A proxy for everybody.
        strict_proxy: One that wants `CREDENTIALS`.
        client_cert: A certificate by which `mutual` knows a client; its key stands beside it.
    """

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory)
        stranger = Authority(directory, "stranger")
        self.client_cert = self.authority.sign("client", client=True)
        self.other_client_cert = self.authority.sign("another client", client=True)
        self.strange_client_cert = stranger.sign("strange client", client=True)
        contexts = {
            "tls": self.authority.context("server", LOCAL),
            "wrong": self.authority.context("wrong", ["other.example", "127.0.0.2"]),
            "expired": self.authority.context("expired", LOCAL, age=1),
            "strange": stranger.context("strange", LOCAL),
            "mutual": self.authority.context("mutual", LOCAL),
            "old": _old(self.authority.context("old", LOCAL)),
        }
        contexts["mutual"].verify_mode = ssl.CERT_REQUIRED
        contexts["mutual"].load_verify_locations(self.authority.path)
        self.background = Background()
        self.honest = self.background.call(Honest, contexts, directory)
        self.hostile = Hostile()
        self._ports = {
            "hostile": self.background.run(self.hostile.start()),
            "hostile_tls": self.background.run(
                self.hostile.start(self.authority.context("hostile", LOCAL))
            ),
        }
        self._ports["greeting"] = self.background.run(self.hostile.greet(b"SSH-2.0-none\r\n"))
        self.proxy = Proxy(manners=MANNERS)
        self.strict_proxy = Proxy(CREDENTIALS, MANNERS)
        for proxy in (self.proxy, self.strict_proxy):
            self.background.run(proxy.start())

    def port(self, name: str = "plain") -> int:
        """Return the number of a port by its name."""
        return {**self._ports, **self.honest.ports}[name]

    @property
    def ports(self) -> list[int]:
        """The numbers of all ports."""
        return [*self._ports.values(), *self.honest.ports.values(), *self.proxies]

    @property
    def proxies(self) -> list[int]:
        """The ports of the proxies."""
        return [self.proxy.port, self.strict_proxy.port]

    def url(self, path: str = "/get", port: str = "plain", host: str = "") -> str:
        """Spell a URL of the honest server.

        Args:
            path: Its path.
            port: The name of the port: all but `plain` speak TLS.
            host: By default `127.0.0.1`, or `localhost` with TLS.
        """
        scheme, usual = ("http", "127.0.0.1") if port == "plain" else ("https", "localhost")
        return f"{scheme}://{host or usual}:{self.port(port)}{path}"

    def answers(self, act: Act | bytes | Iterable[bytes], *, tls: bool = False) -> str:
        """Make a URL that the hostile server answers in a certain way; see `Hostile.path`."""
        path = self.hostile.path(act)
        if tls:
            return f"https://localhost:{self._ports['hostile_tls']}{path}"
        return f"http://127.0.0.1:{self._ports['hostile']}{path}"

    def close(self) -> None:
        """End all of them.

        Raises:
            AssertionError: One of them has had an error.
        """
        self.background.run(self.honest.close())
        for server in (self.hostile, self.proxy, self.strict_proxy):
            self.background.call(server.close)
        self.background.close()
        assert not self.background.errors, self.background.errors


def _old(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let it speak nothing newer than TLS 1.1."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context
