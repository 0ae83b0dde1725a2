"""The server behind the conformance tests: run as `python conformance_server.py DIRECTORY`.

It listens on two ports that the system chooses, the second one impatient, and then writes their numbers
into `ports.json`.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from served import announce
from twisted.internet import reactor as installed
from twisted.python import log

from cyclone_core.httpserver import HTTPServer

reactor: Any = installed

# The cases and their application belong to the tests of cyclone-core.
sys.path.insert(0, str(Path(__file__).parents[1] / "packages/cyclone-core/tests/conformance"))

IMPATIENT: dict[str, Any] = {
    "header_timeout": 1.0,
    "idle_connection_timeout": 1.0,
    "body_stall_timeout": 1.0,
}


def main(directory: Path) -> None:
    """Serve until a signal comes."""
    log.startLogging(sys.stdout)
    application = importlib.import_module("conformance_application").make_application()
    listening = {
        "patient": reactor.listenTCP(0, application, interface="127.0.0.1"),
        "impatient": reactor.listenTCP(
            0, HTTPServer(application, **IMPATIENT), interface="127.0.0.1"
        ),
    }
    announce(directory, {name: port.getHost().port for name, port in listening.items()})
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
