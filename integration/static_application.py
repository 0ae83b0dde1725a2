"""The application behind the tests of static files: run as `python static_application.py DIRECTORY`.

It serves the directory `static` on ports that the system chooses, with and without TLS, and on the unix
socket `web.sock`; then it writes their numbers into `ports.json`.
"""

import os
import sys
from pathlib import Path
from typing import Any

from served import announce
from twisted.internet import reactor as installed
from twisted.internet import ssl
from twisted.python import log

import cyclone.httpserver
import cyclone.web

reactor: Any = installed


class Status(cyclone.web.RequestHandler):
    """Tells what this process uses."""

    def get(self) -> None:
        """Answer."""
        memory = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        open_files = [str(path.readlink()) for path in self._descriptors()]
        self.write(
            {
                "memory": int(memory) * os.sysconf("SC_PAGE_SIZE"),
                "files": sum("/static/" in path for path in open_files),
            }
        )

    @staticmethod
    def _descriptors() -> list[Path]:
        """List the descriptors, without that of the directory that is read for this."""
        return [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]


def main(directory: Path) -> None:
    """Serve until a signal comes."""
    log.startLogging(sys.stdout)
    application = cyclone.web.Application(
        [("/status", Status)], static_path=str(directory / "static"), drain_timeout=20
    )
    hasty = cyclone.httpserver.HTTPServer(application, write_timeout=1.0)
    context = ssl.DefaultOpenSSLContextFactory(
        str(directory / "server.key"), str(directory / "server.crt")
    )
    ports = {
        "plain": reactor.listenTCP(0, application, interface="127.0.0.1"),
        "hasty": reactor.listenTCP(0, hasty, interface="127.0.0.1"),
        "tls": reactor.listenSSL(0, application, context, interface="127.0.0.1"),
    }
    reactor.listenUNIX(str(directory / "web.sock"), application)
    announced = {name: port.getHost().port for name, port in ports.items()}
    reactor.callWhenRunning(announce, directory, announced)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
