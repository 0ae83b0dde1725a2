"""Bodies that are collected: in memory, on disk, and as forms."""

import errno
import gc
import itertools
import os
import tempfile
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import formatEvent

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver import BufferedBody, HTTPServer
from cyclone_core.httpserver.spool import SpoolError
from cyclone_core.httputil import HTTPFile, HTTPHeaders, HTTPServerRequest
from cyclone_core.limits import Limits

from .conftest import GET, OK, Client, Connect, Log, Script, respond

MEMORY = Limits().body_memory_limit
MULTIPART = "multipart/form-data; boundary=B"
FIELD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n'
FILE = (
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n'
    b"Content-Type: text/x\r\n\r\n%b\r\n"
)
END = b"--B--\r\n"


class Files:
    """The temporary files that were made, as a test may look at them or break them.

    Attributes:
        made: All of them.
        broken: The error that making one, and later writing to it, raises.
    """

    def __init__(self) -> None:
        self.made: list[Any] = []
        self.broken: int | None = None
        self._make = tempfile.TemporaryFile

    def make(self, **options: Any) -> object:  # noqa: ANN401 -- those of the real one
        """Make one."""
        if self.broken is not None:
            raise OSError(self.broken, os.strerror(self.broken))
        self.made.append(self._make(**options))
        return self.made[-1]

    @property
    def open(self) -> int:
        """The number of those that are open."""
        return sum(not file.closed for file in self.made)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The temporary files."""
    watched = Files()
    monkeypatch.setattr(tempfile, "TemporaryFile", watched.make)
    return watched


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Rely on reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def post(content_type: str | None = None, **limits: Any) -> HTTPServerRequest:  # noqa: ANN401
    """Make a request whose body is to come."""
    headers = HTTPHeaders() if content_type is None else HTTPHeaders({"Content-Type": content_type})
    return HTTPServerRequest("POST", "/", headers=headers, limits=Limits(**limits))


def receive(request: HTTPServerRequest, *chunks: bytes) -> list[HTTPServerRequest]:
    """Give a request its body, and return what was passed on."""
    got: list[HTTPServerRequest] = []
    body = BufferedBody(request, got.append)
    for chunk in chunks:
        assert body.data_received(chunk) is None
    body.body_finished()
    return got


def collect(*chunks: bytes, **limits: int) -> bytes:
    """Return the body that was passed on."""
    (request,) = receive(post(**limits), *chunks)
    return request.body


def message(body: bytes, content_type: str = MULTIPART, *headers: str) -> bytes:
    """Write a POST."""
    fields = ["Host: a", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return ("POST / HTTP/1.1\r\n" + "\r\n".join(fields) + "\r\n\r\n").encode() + body


class TestMemory:
    """Small bodies."""

    def test_pieces(self) -> None:
        """The pieces are joined in order."""
        assert collect(b"a", b"b", b"c") == b"abc"

    def test_one_piece(self) -> None:
        """A body that came as one piece is not copied."""
        piece = b"all of it"
        assert collect(piece) is piece

    def test_empty(self) -> None:
        """A body may be empty."""
        assert collect() == b""

    def test_not_before_the_end(self) -> None:
        """The request is passed on once, when its body is complete."""
        got: list[HTTPServerRequest] = []
        request = post()
        body = BufferedBody(request, got.append)
        body.data_received(b"a")
        assert got == []
        body.body_finished()
        assert got == [request]
        body.data_received(b"b")
        body.body_finished()
        body.body_failed()
        assert got == [request]
        assert request.body == b"a"

    def test_failed(self) -> None:
        """A body that fails is forgotten, and the request passed on to nobody."""
        called: list[object] = []
        request = post()
        body = BufferedBody(request, called.append)
        body.data_received(b"x")
        body.body_failed()
        body.data_received(b"y")
        body.body_finished()
        assert (called, request.body, body._chunks) == ([], b"", [])

    @pytest.mark.parametrize("size", [1, 2])
    def test_tiny_pieces(self, size: int) -> None:
        """A body in tiny pieces costs about as much memory as one in large ones."""
        count = 400_000 // size
        pieces = [bytes([i % 256] * size) for i in range(256)]
        body = BufferedBody(post(), lambda _: None)
        tracemalloc.start()
        try:
            for i in range(count):
                body.data_received(bytearray(pieces[i % 256])[:])  # type: ignore[arg-type] # own
            used = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert used < 2 * count * size
        body.body_finished()

    def test_tiny_pieces_stay_in_order(self) -> None:
        """Joining them early changes nothing."""
        pieces = [str(i).encode() for i in range(5000)]
        assert collect(*pieces) == b"".join(pieces)


class TestDisk:
    """Large bodies."""

    def test_threshold(self, files: Files) -> None:
        """Up to `body_memory_limit` a body stays in memory, one byte more goes to a file."""
        for surplus in (0, 1):
            chunks = [b"x" * 64 * 1024] * (MEMORY // (64 * 1024)) + [b"y"] * surplus
            (request,) = receive(post(), *chunks)
            assert len(files.made) == surplus
            assert request.body == b"".join(chunks)

    def test_directory(self, tmp_path: Path) -> None:
        """The file is made in `body_spool_dir`."""
        assert (
            collect(b"abc", b"def", body_memory_limit=5, body_spool_dir=str(tmp_path)) == b"abcdef"
        )
        gone = tmp_path / "gone"
        gone.mkdir()
        request = post(body_memory_limit=1, body_spool_dir=str(gone))
        gone.rmdir()
        receive(request, b"abc")
        assert request.body_error is not None
        assert str(gone) in str(request.body_error)

    def test_reading(self, files: Files) -> None:
        """`body_file` reads piece by piece, `body` all at once, and neither disturbs the other."""
        (request,) = receive(post(body_memory_limit=10), b"0123456789", b"abc", b"def")
        assert request.body_file.read(12) == b"0123456789ab"
        assert request.body == b"0123456789abcdef"
        assert request.body_file.read() == b"cdef"
        assert len(files.made) == 1

    def test_memory(self) -> None:
        """A body on disk costs next to no memory, and reading it as a file neither."""
        chunk = b"x" * 65536
        request = post(body_memory_limit=1_000_000)
        tracemalloc.start()
        try:
            receive(request, *[chunk] * 500)
            file = request.body_file
            size = sum(len(piece) for piece in iter(lambda: file.read(65536), b""))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert size == 500 * 65536
        assert peak < 1_000_000

    @pytest.mark.usefixtures("_no_collector")
    def test_the_file_goes_with_the_request(self, files: Files) -> None:
        """Nothing but references keeps the file, and none leads in a circle."""
        body = FIELD % b"1" + FILE % b"2" + END
        receive(post(body_memory_limit=1), b"abc")
        receive(post(MULTIPART, body_memory_limit=1), body)
        assert (len(files.made), files.open) == (2, 0)
        failed = BufferedBody(post(body_memory_limit=1), lambda _: None)
        failed.data_received(b"abc")
        assert files.open == 1
        failed.body_failed()
        assert files.open == 0

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
    @pytest.mark.parametrize("content_type", [None, MULTIPART])
    def test_failure_to_open(self, files: Files, code: int, content_type: str | None) -> None:
        """If there can be no file the request is passed on at once, once, with the error."""
        files.broken = code
        got: list[HTTPServerRequest] = []
        request = post(content_type, body_memory_limit=5)
        body = BufferedBody(request, got.append)
        body.data_received(b"--B\r\n")
        assert got == []
        body.data_received(b"x")
        assert got == [request]
        assert isinstance(request.body_error, SpoolError)
        assert request.body_error.status == (507 if code == errno.ENOSPC else 500)
        assert request.body_error.__traceback__ is request.body_error.__context__ is None
        body.data_received(b"x")
        body.body_finished()
        body.body_failed()
        assert got == [request]
        assert (request.body, body._chunks) == (b"", [])

    def test_failure_at_the_end(self, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the disk does not take in the end is an error, too, and the file is closed."""
        full = tempfile.TemporaryFile(buffering=65536)  # noqa: SIM115 -- closed by the body

        class Full:
            """Takes what fits into its buffer."""

            def write(self, chunk: bytes) -> int:
                return full.write(chunk)

            def flush(self) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            def close(self) -> None:
                full.close()

        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
        (request,) = receive(post(body_memory_limit=1), b"abc")
        assert isinstance(request.body_error, SpoolError)
        assert full.closed
        assert request.body == b""
        assert files.open == 0


class TestForms:
    """Forms that are parsed while they arrive."""

    @pytest.mark.parametrize("memory", [1, 120, 121, 10_000])
    def test_fields_and_files(self, memory: int, files: Files) -> None:
        """Fields and files are the same whether the body is in memory or on disk."""
        body = FIELD % b"1" + FILE % b"\r\n--C" + FIELD % b"" + FILE % b"" + END
        chunks = [body[i : i + 7] for i in range(0, len(body), 7)]
        for pieces in ([body], chunks):
            (request,) = receive(post(MULTIPART, body_memory_limit=memory), *pieces)
            if memory == 1:
                continue  # the field of one byte fits
            assert request.body_error is None
            assert request.arguments == {"a": [b"1", b""]}
            assert request.files == {
                "f": [HTTPFile("x", b"\r\n--C", "text/x"), HTTPFile("x", b"", "text/x")]
            }
            assert request.body == body
        assert len(files.made) == (2 if memory < len(body) else 0)

    def test_large_file(self, files: Files) -> None:
        """A large file stays on disk; only one file is made for body and upload together."""
        content = os.urandom(1_000_000)
        body = FIELD % b"1" + FILE % content + END
        request = post(MULTIPART, body_memory_limit=200_000)
        chunks = [body[i : i + 65536] for i in range(0, len(body), 65536)]
        tracemalloc.start()
        try:
            receive(request, *chunks)
            (upload,) = request.files["f"]
            assert (upload.filename, upload.size) == ("x", 1_000_000)
            assert upload.file.read(10) == content[:10]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 500_000
        assert upload.body == content
        assert len(files.made) == 1

    @pytest.mark.usefixtures("_no_collector")
    def test_an_upload_outlives_its_request(self, files: Files) -> None:
        """Who keeps the upload can read it as long as he likes; then the file goes."""
        request = post(MULTIPART, body_memory_limit=10)
        receive(request, FILE % b"0123456789" + END)
        upload = request.files["f"][0]
        del request
        assert upload.file.read() == b"0123456789"
        assert files.open == 1
        del upload
        assert files.open == 0

    def test_large_fields(self, files: Files) -> None:
        """Fields stay in memory, so together they are bounded by `body_memory_limit`: 413."""
        body = FIELD % b"12345" + FIELD % b"67890" + FILE % (b"x" * 100) + END
        (request,) = receive(post(MULTIPART, body_memory_limit=10), body)
        assert request.arguments == {"a": [b"12345", b"67890"]}
        request = post(MULTIPART, body_memory_limit=9)
        receive(request, body)
        assert request.body_error is not None
        assert request.body_error.status == 413
        assert files.open == 0

    @pytest.mark.parametrize(
        ("body", "limits", "status"),
        [
            (b"x", {}, 400),
            (FIELD % b"1", {}, 400),
            (FIELD % b"1" + END + b"x", {}, 400),
            (FIELD % b"1" + b"--B\r\n\r\n\r\n" + END, {}, 400),
            (FIELD % b"1" * 101 + END, {}, 400),
            (FIELD % b"1" * 3 + END, {"max_arguments": 2}, 400),
            (FIELD % b"1" + END, {"max_part_header_size": 39}, 400),
        ],
    )
    def test_malformed(self, body: bytes, limits: dict[str, int], status: int) -> None:
        """A malformed form is passed on as soon as that is clear, once, and nothing is kept of it."""
        got: list[HTTPServerRequest] = []
        request = post(MULTIPART, **limits)
        receiver = BufferedBody(request, got.append)
        for i in range(len(body)):
            receiver.data_received(body[i : i + 1])
        receiver.body_finished()
        receiver.body_failed()
        assert got == [request]
        error = request.body_error
        assert error is not None
        assert error.status == status
        assert error.__traceback__ is error.__context__ is None
        assert receiver._chunks == []
        assert request.body == b""

    def test_limits_are_met(self) -> None:
        """At the limits a form is accepted."""
        body = FIELD % b"1" * 100 + END
        limits = {"max_arguments": 100, "max_part_header_size": 40, "max_parts": 100}
        (request,) = receive(post(MULTIPART, **limits), body)
        assert request.arguments == {"a": [b"1"] * 100}

    @pytest.mark.parametrize(
        "content_type",
        [
            "multipart/form-data",
            "multipart/form-data; boundary=" + "x" * 71,
            "multipart/form-data; boundary=B; boundary=C",
        ],
    )
    @pytest.mark.parametrize("chunks", [[], [b"x"], [b"x", b"y"]])
    def test_no_boundary(self, content_type: str, chunks: list[bytes]) -> None:
        """Without a boundary the request is passed on with the first byte or, without one, the end."""
        got: list[HTTPServerRequest] = []
        request = post(content_type)
        receiver = BufferedBody(request, got.append)
        assert got == []
        for chunk in chunks:
            receiver.data_received(chunk)
            assert got == [request]
        receiver.body_finished()
        assert got == [request]
        assert (request.body_error and request.body_error.status) == 400

    def test_encoded(self) -> None:
        """A form that is still compressed is an error; an urlencoded one when it is asked for."""
        for content_type in (MULTIPART, "application/x-www-form-urlencoded"):
            request = post(content_type)
            request.headers["Content-Encoding"] = "gzip"
            receive(request, b"\x1f\x8b")
            assert (request.body_error is None) == (content_type != MULTIPART)
            with pytest.raises(HTTPInputError, match="Content-Encoding 'gzip'"):
                request.arguments  # noqa: B018 -- a property that raises

    @pytest.mark.parametrize(
        "content_type", ["multipart/mixed; boundary=B", "message/http", "", "multipart/form-datax"]
    )
    def test_others(self, content_type: str) -> None:
        """Other bodies are taken as they are."""
        (request,) = receive(post(content_type), FIELD % b"1", b"x")
        assert request.body == FIELD % b"1" + b"x"
        assert (request.body_error, request.arguments, request.files) == (None, {}, {})

    def test_urlencoded(self) -> None:
        """An urlencoded form is parsed when it is asked for; one that is on disk is too large."""
        body = b"a=1&b"
        request = post("application/x-www-form-urlencoded", body_memory_limit=len(body))
        receive(request, body)
        assert request.arguments == {"a": [b"1"], "b": [b""]}
        request = post("application/x-www-form-urlencoded", body_memory_limit=len(body) - 1)
        receive(request, body)
        assert request.body_error is None
        for name in ("arguments", "body_arguments", "files"):
            with pytest.raises(
                HTTPInputError, match="has 5 bytes, body_memory_limit allows 4"
            ) as caught:
                getattr(request, name)
            assert caught.value.status == 413
        assert "body" not in vars(request)  # it was not read for that
        assert request.body_file.read() == request.body == body

    @pytest.mark.usefixtures("_no_collector")
    @pytest.mark.parametrize(
        "body",
        [
            b"x",
            b"--B\r\n\r\n",
            FIELD % b"1",
            FIELD % (b"x" * 101) + END,
            FIELD % b"1" + b"--B\r\nX",
        ],
    )
    def test_malformed_form_leaves_nothing(self, body: bytes, files: Files) -> None:
        """Request, parser and file of a malformed form are freed without the garbage collector."""
        request = post(MULTIPART, body_memory_limit=100)
        receiver = BufferedBody(request, lambda _: None)
        receiver.data_received(FIELD % b"1")
        form = weakref.ref(receiver._form) if receiver._form else lambda: None
        receiver.data_received(FILE % (b"x" * 100) + body)
        receiver.body_finished()
        assert request.body_error is not None
        gone = weakref.ref(request)
        del request, receiver
        assert (gone(), form(), files.open) == (None, None, 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.booleans(), st.binary(max_size=60).filter(lambda b: b"--B" not in b))),
    st.lists(st.integers(0, 2000), max_size=5),
    st.integers(1, 200),
)
def test_round_trip(parts: list[tuple[bool, bytes]], cuts: list[int], memory: int) -> None:
    """What was put into a form comes out of the request, wherever it was cut and kept."""
    body = b"".join([(FILE if file else FIELD) % content for file, content in parts]) + END
    places = [0, *sorted(cuts), len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(places)]
    fields = [content for file, content in parts if not file]
    memory = max(memory, sum(map(len, fields)))
    (request,) = receive(post(MULTIPART, body_memory_limit=memory), *pieces)
    assert request.body_error is None
    assert request.body_arguments.get("a", []) == fields
    uploads = [file.body for file in request.files.get("f", [])]
    assert uploads == [content for file, content in parts if file]
    assert request.body == body


class TestExchange:
    """The whole way, from a client to a function."""

    @pytest.mark.parametrize("piece", [1, 5, 10_000])
    def test_form(self, connect: Connect, piece: int) -> None:
        """A form reaches the function, and the connection goes on behind it."""
        seen: list[object] = []

        def answer(request: HTTPServerRequest) -> None:
            seen.append((request.arguments, [file.body for file in request.files.get("f", [])]))
            respond(request)

        client = connect(Script(answer), max_body_size=1000)
        sent = message(FIELD % b"1" + FILE % b"2" + END) + GET
        client.send(*[sent[i : i + piece] for i in range(0, len(sent), piece)])
        assert client.received() == OK + OK
        assert seen == [({"a": [b"1"]}, [b"2"]), ({}, [])]

    @pytest.mark.usefixtures("_no_collector")
    def test_the_file_goes_with_the_answer(self, connect: Connect, files: Files) -> None:
        """When the answer is out the file is closed, and when the client goes before."""

        def answer(request: HTTPServerRequest) -> None:
            assert files.open == 1
            respond(request, request.body_file.read(3))

        script = Script(answer)
        client = connect(script, body_memory_limit=10)
        client.send(message(b"0123456789abc", "text/plain"))
        assert client.received().endswith(b"012")
        script.requests.clear()
        assert (len(files.made), files.open) == (1, 0)
        client.send(message(b"0123456789abc", "text/plain")[:-1])
        assert files.open == 1
        client.vanish()
        assert files.open == 0

    def test_malformed(self, reactor: MemoryReactorClock, log: Log) -> None:
        """A malformed form is answered with 400 at once, with one line in the log."""
        client = Client(HTTPServer(respond, reactor=reactor), reactor)
        client.send(message(b"x" * 100_000)[:500])
        assert client.received().startswith(b"HTTP/1.1 400 ")
        (line,) = lines(log)
        assert "does not begin with its boundary" in line

    @pytest.mark.parametrize(
        ("code", "status"), [(errno.ENOSPC, 507), (errno.EMFILE, 503), (errno.EIO, 500)]
    )
    def test_full_disk(
        self, reactor: MemoryReactorClock, log: Log, files: Files, code: int, status: int
    ) -> None:
        """A full disk is answered, with one line in the log; when there is room, bodies are taken."""
        files.broken = code
        server = HTTPServer(respond, reactor=reactor, body_memory_limit=10)
        client = Client(server, reactor)
        body = b"0123456789abc"
        client.send(message(body + b"d", "text/plain")[:-1])
        answer = client.received()
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert b"\r\nConnection: close\r\n" in answer
        assert not client.closed  # the client can read the answer before it stops sending
        (line,) = lines(log)
        assert os.strerror(code) in line
        files.broken = None
        client = Client(server, reactor)
        client.send(message(body, "text/plain"))
        assert client.received() == OK


def lines(log: Log) -> list[str]:
    """Give what the server has logged."""
    ours = [event for event in log.events if event["log_namespace"] == "cyclone.httpserver"]
    return [formatEvent(event) for event in ours]
