"""The applications behind the tests of sockets: run as `python socket_application.py DIRECTORY`.

They listen in every way that Twisted has; then the numbers of the ports are written into `ports.json`.
With `systemd` behind the directory they listen on the socket that was handed over, and nowhere else.
"""

import hashlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from served import announce
from twisted.internet import reactor as installed
from twisted.internet.defer import ensureDeferred
from twisted.internet.endpoints import SSL4ServerEndpoint, serverFromString
from twisted.protocols.haproxy import proxyEndpoint
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python import log

import cyclone.httpserver
import cyclone.web
from cyclone_core.tls import server_context_factory

if TYPE_CHECKING:
    from cyclone_core.httpserver import Exchange

reactor: Any = installed


class Index(cyclone.web.RequestHandler):
    """Says who asks whom, and how."""

    def get(self) -> None:
        """Answer."""
        request = self.request
        peer = cast("Exchange", request.connection).peer
        self.write(
            {
                "application": self.settings["name"],
                "remote_ip": request.remote_ip,
                "protocol": request.protocol,
                "url": request.full_url(),
                "certificate": digest(request.get_ssl_certificate(binary_form=True)),
                "port": getattr(peer.local_address, "port", None),
            }
        )

    post = get


def digest(certificate: bytes | None) -> str | None:
    """Name a certificate."""
    return None if certificate is None else hashlib.sha256(certificate).hexdigest()


def application(
    name: str,
    *,
    xheaders: bool = False,
    trusted_downstream: Sequence[str] = (),
) -> cyclone.web.Application:
    """Make an application that knows its name."""
    return cyclone.web.Application(
        [("/", Index)],
        name=name,
        xheaders=xheaders,
        trusted_downstream=trusted_downstream,
        log_function=lambda _: None,
    )


async def listen(directory: Path) -> dict[str, int]:
    """Open everything, and return the ports."""
    plain, secure = application("plain"), application("secure")
    behind = application("behind", xheaders=True, trusted_downstream=["192.0.2.0/24"])
    key, crt = directory / "server.key", directory / "server.crt"
    context = server_context_factory(str(key), str(crt))
    asking = server_context_factory(
        str(key), str(crt), client_ca_path=str(directory / "client.crt")
    )
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(context.reload))

    here: dict[str, Any] = {"interface": "127.0.0.1"}
    small = cyclone.httpserver.HTTPServer(plain, max_body_size=10, protocol="https")
    ports = {
        "tcp": reactor.listenTCP(0, plain, **here),
        "tcp6": reactor.listenTCP(0, plain, interface="::1"),
        "mapped": reactor.listenTCP(0, behind, interface="::ffff:127.0.0.1"),
        "ssl": reactor.listenSSL(0, secure, context, **here),
        "ssl6": reactor.listenSSL(0, secure, context, interface="::1"),
        "asking": reactor.listenSSL(0, secure, asking, **here),
        "small": reactor.listenTCP(0, small, **here),
        "behind": reactor.listenTCP(0, behind, **here),
        "behind_ssl": reactor.listenSSL(0, behind, context, **here),
    }
    reactor.listenUNIX(str(directory / "web.sock"), behind)
    reactor.listenUNIX(str(directory / "tls.sock"), TLSMemoryBIOFactory(context, False, secure))

    local = "interface=127.0.0.1"
    proxied = f"haproxy:tcp:0:{local}"
    strings = {
        "endpoint": (f"tcp:0:{local}", plain),
        "endpoint6": (r"tcp6:0:interface=\:\:1", plain),
        "endpoint_ssl": (f"ssl:0:privateKey={key}:certKey={crt}:{local}", application("secure")),
        "haproxy": (proxied, plain),
        "haproxy_behind": (proxied, behind),
        "haproxy_tls": (proxied, TLSMemoryBIOFactory(asking, False, secure)),
        "haproxy_unix": (f"haproxy:unix:{directory}/haproxy.sock", plain),
        "endpoint_unix": (f"unix:{directory}/endpoint.sock", plain),
    }
    for name, (string, factory) in strings.items():
        ports[name] = await serverFromString(reactor, string).listen(factory)
    ours = SSL4ServerEndpoint(reactor, 0, context, **here)
    ports["endpoint_ours"] = await ours.listen(secure)
    inside = proxyEndpoint(SSL4ServerEndpoint(reactor, 0, asking, **here))
    ports["haproxy_inside"] = await inside.listen(secure)
    return {name: getattr(port.getHost(), "port", 0) for name, port in ports.items()}


async def adopt(directory: Path) -> dict[str, int]:
    """Listen on the socket that systemd has handed over."""
    context = server_context_factory(str(directory / "server.key"), str(directory / "server.crt"))
    plain = serverFromString(reactor, "systemd:domain=INET:index=0")
    secure = serverFromString(reactor, "systemd:domain=INET:name=secure")
    ports = {
        "tcp": await plain.listen(application("plain")),
        "ssl": await secure.listen(TLSMemoryBIOFactory(context, False, application("secure"))),
    }
    return {name: port.getHost().port for name, port in ports.items()}


async def main(directory: Path, *, systemd: bool) -> None:
    """Begin."""
    ports = await (adopt(directory) if systemd else listen(directory))
    announce(directory, ports)


if __name__ == "__main__":
    log.startLogging(sys.stdout)
    begun = ensureDeferred(main(Path(sys.argv[1]), systemd="systemd" in sys.argv))
    begun.addErrback(lambda failure: (log.err(failure), reactor.callWhenRunning(reactor.stop)))
    reactor.run()
