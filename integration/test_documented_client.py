"""The examples of the HTTP client that cyclone's documents print, run as printed.

A server of this machine stands for freegeoip.net, which is no more. `docs/explanation/examples.md` lists
what was changed, and why.
"""

import http.client
import http.server
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from documented_blocks import Block, listens, printed
from startup_processes import PATIENCE, Launcher, free_port

PROGRAM = """
import sys

from twisted.internet import reactor
from twisted.python import log

import cyclone.web
from cyclone import web

{example}

log.startLogging(sys.stdout)
reactor.listenTCP({port}, web.Application([("/", MyRequestHandler)]), interface="127.0.0.1")
reactor.run()
"""
XML = b"<Response>/xml/</Response>"
JSON = b'{"country_code": "BR"}'


class FreeGeoIP(http.server.BaseHTTPRequestHandler):
    """Stands for freegeoip.net: answers when two have asked."""

    both = threading.Barrier(2, timeout=PATIENCE)
    pages = {"/xml/": (200, "text/xml", XML), "/json": (200, "application/json", JSON)}  # noqa: RUF012 -- read only

    def do_GET(self) -> None:
        """Answer."""
        self.both.wait()
        status, kind, page = self.pages.get(self.path, (404, "text/plain", b"none"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def freegeoip() -> Iterator[str]:
    """The address of a server in the place of freegeoip.net."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FreeGeoIP) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def two_answers(port: int) -> list[tuple[int, str | None, bytes]]:
    """Ask for `/` twice at a time.

    The other server waits for both, so ours must have taken the second while it waited.
    """

    def ask(_: int) -> tuple[int, str | None, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
            client.request("GET", "/")
            answer = client.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, range(2)))


def serve(launch: Launcher, example: Block, there: str) -> int:
    """Serve the handler of an example, which asks another server, and return the port."""
    assert "http://freegeoip.net/json" in example.text
    text = example.text.replace("http://freegeoip.net/json", there)
    port = free_port()
    launch.write("program.py", PROGRAM.format(example=text, port=port))
    listens(launch.start("python", "program.py"), port)
    return port


@printed("README: crawler.py")
def test_crawler(launch: Launcher, example: Block, freegeoip: str) -> None:
    """Each page is what the other server answers, and waiting for it does not block ours."""
    launch.write("crawler.py", example.text.replace("http://freegeoip.net", freegeoip))
    port = free_port()
    listens(launch.start(*example.command, f"-p{port}"), port)
    assert two_answers(port) == [(200, "text/plain", XML)] * 2


@printed("Overview: getPage")
def test_get_page(launch: Launcher, example: Block, freegeoip: str) -> None:
    """The page comes from the other server, the type from the handler."""
    port = serve(launch, example, f"{freegeoip}/json")
    assert two_answers(port) == [(200, "application/json", JSON)] * 2


@printed("Overview: fetch")
def test_fetch(launch: Launcher, example: Block, freegeoip: str) -> None:
    """The page and its type come from the other server, and so does the status of an error."""
    port = serve(launch, example, f"{freegeoip}/json")
    assert two_answers(port) == [(200, "application/json", JSON)] * 2
    port = serve(launch, example, f"{freegeoip}/none")
    for status, _, page in two_answers(port):
        assert status == 404
        assert b"404" in page
