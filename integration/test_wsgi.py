"""A Flask application in a `WSGIContainer`, over real sockets."""

import hashlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from served import RunningServer, request
from startup_processes import PATIENCE, Launcher, until

if TYPE_CHECKING:
    import socket

APPLICATION = Path(__file__).parent / "wsgi_application.py"
MEBIBYTE = 1024 * 1024
WHOLE = hashlib.sha256(bytes(range(256)) * 256 * 800).hexdigest()


class Server(RunningServer):
    """The running application."""

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | Iterator[bytes] | None = None,
        **headers: str,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Send a request on a connection of its own."""
        client = http.client.HTTPConnection("127.0.0.1", self.ports["plain"], timeout=PATIENCE)
        try:
            client.request(method, path, body, headers)
            answer = client.getresponse()
            return answer, answer.read()
        finally:
            client.close()

    def status(self) -> dict[str, Any]:
        """Ask what the process uses."""
        found: dict[str, Any] = json.loads(self.ask("/status")[1])
        return found

    def digest_of(self, path: str) -> str:
        """Download something, and tell the digest of it."""
        client = http.client.HTTPConnection("127.0.0.1", self.ports["plain"], timeout=PATIENCE)
        client.request("GET", path)
        answer = client.getresponse()
        digest = hashlib.sha256()
        while piece := answer.read(MEBIBYTE):
            digest.update(piece)
        client.close()
        return digest.hexdigest()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application, running."""
    directory = tmp_path_factory.mktemp("wsgi")
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    process = launcher.start("python", str(APPLICATION), str(directory))
    yield Server(process, directory)
    launcher.close()


def test_requests_go_where_they_belong(server: Server) -> None:
    """A handler of the framework and the Flask application share a port."""
    assert server.ask("/own")[1] == b"own"
    answer, body = server.ask("/hello/a%20b%C3%A9?a=%26")
    url = f"http://127.0.0.1:{server.ports['plain']}/hello/a%20bé?a=%26"
    assert body.decode() == f"a bé & {url} 127.0.0.1"
    assert answer.headers["Content-Length"] == str(len(body))
    assert answer.headers["Server"] == "cyclone"


def test_the_log_has_one_line_for_each_request(server: Server) -> None:
    """Status and path of the Flask application's answer are in the application's own log."""
    server.ask("/hello/logged-once")
    server.ask("/nowhere")
    until("line in the log", lambda: "404 GET /nowhere (127.0.0.1)" in server.process.output)
    assert server.process.output.count("/hello/logged-once") == 1
    assert "200 GET /hello/logged-once (127.0.0.1)" in server.process.output


def test_a_form_with_a_file(server: Server) -> None:
    """Flask parses a multipart form that is larger than what is kept in memory."""
    data = bytes(range(256)) * 24_000
    body = (
        b'--x\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        + data
        + b"\r\n--x--\r\n"
    )
    content_type = {"Content-Type": "multipart/form-data; boundary=x"}
    answer, text = server.ask("/form", "POST", body, **content_type)
    assert answer.status == 200
    assert json.loads(text) == {
        "field": "value",
        "size": len(data),
        "digest": hashlib.sha256(data).hexdigest(),
    }


def test_a_chunked_body(server: Server) -> None:
    """A body without a length reaches Flask as a stream that ends."""
    pieces = [bytes([number]) * 100_000 for number in range(60)]
    _, text = server.ask("/raw", "POST", iter(pieces))
    whole = b"".join(pieces)
    assert text.decode() == f"{len(whole)} {hashlib.sha256(whole).hexdigest()}"


def test_cookies(server: Server) -> None:
    """Flask's session goes there and back."""
    answer, body = server.ask("/count")
    cookie = answer.headers["Set-Cookie"].partition(";")[0]
    assert (body, server.ask("/count", Cookie=cookie)[1]) == (b"1", b"2")


def test_head_and_errors(server: Server) -> None:
    """HEAD, a page that is not there, a method that is not allowed, and an error of the application."""
    answer, body = server.ask("/hello/x", "HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
    assert server.ask("/nowhere")[0].status == 404
    answer, _ = server.ask("/form")
    assert (answer.status, "POST" in answer.headers["Allow"]) == (405, True)
    assert server.ask("/fail")[0].status == 500
    until("traceback in the log", lambda: "KeyError: 'in flask'" in server.process.output)


def test_a_large_download_in_little_memory(server: Server) -> None:
    """50 MiB that are made piece by piece need no more than a few of these pieces at once."""
    server.ask("/own")
    before = server.status()
    assert server.digest_of("/download?name=whole") == WHOLE
    after = server.status()
    assert after["peak"] - before["peak"] < 8 * MEBIBYTE
    assert after["ended"][-1] == "whole"


def test_a_file_in_little_memory(server: Server) -> None:
    """A file of 50 MiB that Flask sends is read as the client takes it."""
    before = server.status()
    assert server.digest_of("/file") == WHOLE
    assert server.status()["peak"] - before["peak"] < 8 * MEBIBYTE


def test_a_slow_client(server: Server) -> None:
    """What is made for a client that takes nothing stays bounded, and others are served meanwhile."""
    before = server.status()
    with server.connect(receive=4096) as client:
        client.sendall(request("/download?name=slow"))
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        for _ in range(20):
            assert server.ask("/hello/x")[0].status == 200
        assert server.status()["now"] - before["now"] < 8 * MEBIBYTE
        assert "slow" not in server.status()["ended"]
    until("end of the download", lambda: "slow" in server.status()["ended"])


def test_more_slow_clients_than_threads(server: Server) -> None:
    """They take all threads of the pool that we may have; who leaves makes room for those who wait."""
    clients: list[socket.socket] = []
    for number in range(12):
        client = server.connect(receive=4096)
        client.sendall(request(f"/download?name=many{number}"))
        clients.append(client)
    assert clients[0].recv(100).startswith(b"HTTP/1.1 200")
    # The framework's own handlers need none.
    assert server.ask("/own")[1] == b"own"
    for client in clients:
        client.close()
    assert server.ask("/hello/x")[0].status == 200
    assert server.status()["threads"] < 14


def test_the_server_ends_while_a_client_takes_nothing(server: Server) -> None:
    """A thread that waits for a client does not keep the process from ending."""
    with server.connect(receive=4096) as client:
        client.sendall(request("/download?name=last"))
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert server.process.end() == 0
