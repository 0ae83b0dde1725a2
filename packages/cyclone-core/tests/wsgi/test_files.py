"""Files in the server's wrapper."""

import gzip
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from wsgi_site import PATIENCE, Environ, Log, Loop, Serve, Start, show

from cyclone_core.errors import HTTPOutputError
from cyclone_core.wsgi.environ import FileWrapper


class Wrapped:
    """An application that answers with a file in the server's wrapper."""

    def __init__(self, file: object, *headers: tuple[str, str], begun: bool = False) -> None:
        self.file = file
        self.headers = list(headers)
        self.begun = begun

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", self.headers)
        if self.begun:
            write(b"begun ")
        wrapper: Iterable[bytes] = environ["wsgi.file_wrapper"](self.file)
        return wrapper


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of 300,000 bytes."""
    path = tmp_path / "file"
    path.write_bytes(bytes(range(250)) * 1200)
    return path


def test_a_file(serve: Serve, path: Path, loop: Loop) -> None:
    """It is sent as it is from where it stands, with its length, and closed."""
    with path.open("rb") as whole, path.open("rb") as part, path.open("rb", 0) as raw:
        answer = serve(Wrapped(whole)).ask()
        assert answer.headers["Content-Length"] == "300000"
        assert answer.body == path.read_bytes()
        part.seek(299_999)
        assert serve(Wrapped(part)).ask().body == b"\xf9"
        assert serve(Wrapped(raw, ("Content-Length", "5"))).ask().body == path.read_bytes()[:5]
        loop.rest()
        assert whole.closed
        assert part.closed
        assert raw.closed


def test_a_file_needs_no_thread(serve: Serve, path: Path, loop: Loop) -> None:
    """While a slow client takes a file the thread serves others."""
    calls: list[str] = []

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        calls.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/file":
            return Wrapped(path.open("rb"))(environ, start_response)
        return show(environ, start_response)

    site = serve(app, max_threads=1)
    slow = site.open("/file")
    cast("Any", slow.protocol).pauseProducing()
    loop.until(lambda: calls and site.container._running == 0)
    assert site.ask("/other").status == 200
    cast("Any", slow.protocol).resumeProducing()
    assert slow.read().body == path.read_bytes()


def test_other_files(serve: Serve, path: Path, tmp_path: Path, loop: Loop) -> None:
    """What is no plain file is read piece by piece in the thread: in memory, compressed, unclosable."""

    class Unclosable:
        def __init__(self) -> None:
            self.read = io.BytesIO(b"data").read

    compressed = tmp_path / "file.gz"
    compressed.write_bytes(gzip.compress(path.read_bytes()))
    memory = io.BytesIO(b"memory")
    buffered = io.BufferedReader(cast("Any", io.BytesIO(b"buffered")))
    assert serve(Wrapped(memory)).ask().body == b"memory"
    assert serve(Wrapped(buffered)).ask().body == b"buffered"
    with gzip.open(compressed) as file:
        assert serve(Wrapped(file)).ask().body == path.read_bytes()
    assert serve(Wrapped(Unclosable())).ask().body == b"data"
    loop.rest()
    assert memory.closed


def test_a_file_that_is_read_in_the_thread(serve: Serve, path: Path, loop: Loop) -> None:
    """Behind `write`, and for HEAD, a plain file is nothing special."""
    with path.open("rb") as file, path.open("rb") as other:
        answer = serve(Wrapped(file, begun=True)).ask()
        assert answer.body == b"begun " + path.read_bytes()
        answer = serve(Wrapped(other, ("Content-Length", "300000"))).ask("/", "HEAD")
        assert (answer.body, answer.headers["Content-Length"]) == (b"", "300000")
        loop.rest()
        assert file.closed
        assert other.closed


def test_a_file_without_start_response(serve: Serve, log: Log, path: Path, loop: Loop) -> None:
    """The mistake is answered, and the file closed."""
    file = path.open("rb")
    answer = serve(lambda environ, _: environ["wsgi.file_wrapper"](file)).ask()
    assert answer.status == 500
    assert [type(error) for error in log.failures()] == [HTTPOutputError]
    loop.rest()
    assert file.closed


def test_a_file_that_is_shorter(serve: Serve, log: Log, path: Path, loop: Loop) -> None:
    """Shorter than its promised length: the answer is cut off, and the file closed."""
    file = path.open("rb")
    client = serve(Wrapped(file, ("Content-Length", "300001"))).open()
    loop.until(lambda: client.closed)
    loop.rest()
    assert file.closed
    assert [type(error) for error in log.failures()] == [HTTPOutputError]


def test_a_file_that_cannot_be_sent(serve: Serve, log: Log, path: Path, loop: Loop) -> None:
    """A malformed length is found in the thread, a file that is closed in the reactor's: both are 500."""
    file = path.open("rb")
    assert serve(Wrapped(file, ("Content-Length", "many"))).ask().status == 500
    other = path.open("rb")
    client = serve(Wrapped(other)).open()
    send = loop.from_threads.get(timeout=PATIENCE)
    other.close()
    send()
    loop.until(lambda: client.closed)
    loop.rest()
    assert file.closed
    assert [type(error) for error in log.failures()] == [HTTPOutputError, ValueError]


def test_a_client_that_leaves_a_file(serve: Serve, log: Log, path: Path, loop: Loop) -> None:
    """The file is closed, and it is no error."""
    file = path.open("rb")
    client = serve(Wrapped(file)).open()
    cast("Any", client.protocol).pauseProducing()
    loop.until(lambda: client.site.container._running == 0)
    client.transport.loseConnection()
    loop.rest()
    assert file.closed
    assert log.failures() == []


def test_a_file_whose_executor_was_shut_down(serve: Serve, path: Path, loop: Loop) -> None:
    """It is closed all the same."""
    file = path.open("rb")
    executor = ThreadPoolExecutor(1)
    client = serve(Wrapped(file), executor=executor).open()
    executor.shutdown()
    assert client.read().body == path.read_bytes()
    loop.rest()
    assert file.closed


def test_the_wrapper_by_itself() -> None:
    """It is an iterator over blocks of a size."""
    wrapper = FileWrapper(io.BytesIO(b"abcde"), 2)
    assert list(wrapper) == [b"ab", b"cd", b"e"]
