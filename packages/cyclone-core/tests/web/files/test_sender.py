"""Answers of static files that take time."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twisted.internet.defer import Deferred

from cyclone_core.errors import HTTPOutputError
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.web import (
    GZipContentEncoding,
    HTTPError,
    OutputTransform,
    StaticFileHandler,
)
from cyclone_core.web.files.hashes import AT_ONCE

Server = Connection = Answer = Log = Any  # these are in conftest.py, which cannot be imported
Serve = Callable[..., Server]

pytestmark = pytest.mark.usefixtures("files_closed")

LARGE = b"".join([b"%07d\n" % number for number in range(AT_ONCE // 8 + 1000)])
SMALLER = LARGE[: AT_ONCE // 2]  # too large to be read at once, and hashed at once


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with two files."""
    (tmp_path / "large").write_bytes(LARGE)
    (tmp_path / "smaller").write_bytes(SMALLER)
    return tmp_path


def turn(server: Server, times: int = 20) -> None:
    """Let the reactor turn."""
    for _ in range(times):
        server.clock.advance(0)


def files(serve: Serve, kind: type[StaticFileHandler], root: Path, **settings: Any) -> Server:  # noqa: ANN401
    """Serve a directory with a class."""
    return serve([(r"/(.*)", kind, {"path": str(root)})], **settings)


def fetch(server: Server, path: str, **headers: str) -> Answer:
    """Ask, and let the reactor turn."""
    connection = server.connect()
    connection.request(path, **headers)
    turn(server)
    (answer,) = connection.read("GET")
    return answer


class Pieces(StaticFileHandler):
    """Makes content in pieces.

    Attributes:
        script: What is given or raised.
        seen: What has happened.
    """

    script: ClassVar[list[bytes | Exception | Callable[[], None]]] = []
    seen: ClassVar[list[str]] = []

    @classmethod
    def get_content(
        cls, abspath: str, start: int | None = None, end: int | None = None
    ) -> Iterator[bytes]:
        """Do what the script says."""
        del abspath, start, end
        cls.seen.clear()
        try:
            for step in cls.script:
                if isinstance(step, Exception):
                    raise step
                if callable(step):
                    step()
                else:
                    yield step
        finally:
            cls.seen.append("closed")

    @classmethod
    def get_content_version(cls, abspath: str) -> str:
        """Make no version of it."""
        return abspath

    def get_content_size(self) -> int:
        """Tell the size."""
        return 4


class TestContent:
    """Content of an override that comes in pieces."""

    def test_generator(self, serve: Serve, root: Path) -> None:
        """Each piece is sent, and the generator is closed."""
        Pieces.script[:] = [b"ab", b"", b"cd"]
        answer = fetch(files(serve, Pieces, root), "/large")
        assert (answer.status, answer.body) == (200, b"abcd")
        assert Pieces.seen == ["closed"]

    def test_iterator(self, serve: Serve, root: Path) -> None:
        """Whatever can be iterated will do."""

        class Listed(Pieces):
            @classmethod
            def get_content(cls, *_: object) -> list[bytes]:  # type: ignore[override]
                return [b"ab", b"cd"]

        assert fetch(files(serve, Listed, root), "/large").body == b"abcd"

    def test_early_failure(self, serve: Serve, root: Path, log: Log) -> None:
        """What fails before the first piece has an error page."""
        Pieces.script[:] = [HTTPError(418, "no coffee")]
        answer = fetch(files(serve, Pieces, root), "/large")
        assert answer.status == 418
        assert answer.headers["Etag"] is None
        assert len(log.take()) == 1

    def test_late_failure(self, serve: Serve, root: Path, log: Log) -> None:
        """What fails behind it cuts the connection, with one entry in the log."""
        Pieces.script[:] = [b"ab", LookupError("lost")]
        server = files(serve, Pieces, root)
        connection = server.connect()
        connection.request("/large")
        turn(server)
        assert connection.sent.endswith(b"\r\n\r\nab")
        assert not connection.open
        assert [type(failure) for failure in log.failures()] == [LookupError]
        assert len(server.answered) == 1

    def test_client_goes(self, serve: Serve, root: Path, log: Log) -> None:
        """Nothing more is made for a client that has gone."""
        server = files(serve, Pieces, root)
        connection = server.connect()
        Pieces.script[:] = [connection.protocol.pauseProducing, b"ab", b"cd"]
        connection.request("/large")
        assert Pieces.seen == []
        connection.leave()
        assert Pieces.seen == ["closed"]
        assert log.take() == []


class TestHeldHead:
    """Answers whose head waits for something."""

    @pytest.mark.parametrize(("name", "content"), [("large", LARGE), ("smaller", SMALLER)])
    def test_before_headers(self, serve: Serve, root: Path, name: str, content: bytes) -> None:
        """A file waits for what comes before the head."""
        gate: Deferred[None] = Deferred()

        class Held(StaticFileHandler):
            def prepare(self) -> None:
                self.before_headers(lambda: gate)

        server = files(serve, Held, root)
        connection = server.connect()
        connection.request(f"/{name}")
        turn(server)
        assert connection.sent == b""
        gate.callback(None)
        turn(server)
        (answer,) = connection.read("GET")
        assert answer.body == content


class TestTransforms:
    """Answers that are changed on their way out."""

    def test_changed(self, serve: Serve, root: Path) -> None:
        """A transform gets a file in pieces of 64 KiB at most."""
        sizes = []

        class Upper(OutputTransform):
            def transform_first_chunk(
                self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
            ) -> tuple[int, HTTPHeaders, bytes]:
                return status_code, headers, self.transform_chunk(chunk, finishing)

            def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
                del finishing
                sizes.append(len(chunk))
                return chunk.replace(b"0", b"o")

        answer = fetch(files(serve, StaticFileHandler, root, transforms=[Upper]), "/large")
        assert answer.body == LARGE.replace(b"0", b"o")
        assert max(sizes) <= 65536

    def test_old_kind(self, serve: Serve, root: Path) -> None:
        """So does one with the signature of old."""

        class Upper:
            def __init__(self, request: object) -> None:
                del request

            def transform_first_chunk(
                self, headers: HTTPHeaders, chunk: bytes, finishing: bool
            ) -> tuple[HTTPHeaders, bytes]:
                return headers, self.transform_chunk(chunk, finishing)

            def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
                del finishing
                return chunk.replace(b"0", b"o")

        server = files(serve, StaticFileHandler, root)
        server.application.add_transform(Upper)
        assert fetch(server, "/smaller").body == SMALLER.replace(b"0", b"o")

    def test_passed_on(self, serve: Serve, root: Path) -> None:
        """One that says that it leaves the rest alone is not asked."""

        class Careful(OutputTransform):
            passes_on = True

            def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
                del chunk, finishing
                raise AssertionError("nobody should ask")

        class Asked(Careful):
            def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
                assert finishing
                return chunk

        answer = fetch(files(serve, StaticFileHandler, root, transforms=[Asked]), "/smaller")
        assert answer.body == SMALLER

    def test_not_compressed(
        self, serve: Serve, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is not worth compressing is sent as if nothing were compressed."""
        asked = []

        def transform_chunk(self: GZipContentEncoding, chunk: bytes, finishing: bool) -> bytes:
            del self
            asked.append((chunk, finishing))
            return chunk

        monkeypatch.setattr(GZipContentEncoding, "transform_chunk", transform_chunk)
        server = files(serve, StaticFileHandler, root, compress_response=True)
        answer = fetch(server, "/smaller", Accept_Encoding="gzip")
        assert (answer.body, answer.headers["Content-Encoding"]) == (SMALLER, None)
        assert asked == [(b"", True)]


class TestFailures:
    """What may happen while a file is hashed and sent."""

    def test_truncated(self, serve: Serve, root: Path, log: Log) -> None:
        """A file that becomes shorter is cut, with one entry in the log."""
        server = files(serve, StaticFileHandler, root)
        connection = server.connect()
        connection.request("/large")
        os.truncate(root / "large", AT_ONCE)
        turn(server)
        assert not connection.open
        assert [type(failure) for failure in log.failures()] == [HTTPOutputError]
        assert len(server.answered) == 1

    def test_nobody_waits(self, serve: Serve, root: Path, log: Log) -> None:
        """So it is if the override does not wait for `get`."""

        class Calling(StaticFileHandler):
            def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                super().get(path, include_body)

        server = files(serve, Calling, root)
        connection = server.connect()
        connection.request("/large")
        os.truncate(root / "large", AT_ONCE)
        turn(server)
        assert not connection.open
        assert [type(failure) for failure in log.failures()] == [HTTPOutputError]
        assert len(server.answered) == 1

    def test_error_meanwhile(self, serve: Serve, root: Path, log: Log) -> None:
        """An override that fails while its file is hashed gets an error page, and no file behind it."""

        class Failing(StaticFileHandler):
            def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                super().get(path, include_body)
                raise HTTPError(418, "changed its mind")

        server = files(serve, Failing, root)
        connection = server.connect()
        connection.request("/large")
        (answer,) = connection.read("GET")  # before the file is hashed
        assert answer.status == 418
        assert answer.body.endswith(b"</html>")
        turn(server)
        assert connection.sent == b""
        assert len(log.take()) == 1

    def test_cancelled(self, serve: Serve, root: Path, log: Log) -> None:
        """A handler that wants to be cancelled for a client that goes is."""

        class Cancelled(StaticFileHandler):
            cancel_on_disconnect = True

        server = files(serve, Cancelled, root)
        connection = server.connect()
        connection.request("/large")
        connection.leave()
        turn(server)
        assert log.failures() == []
        assert len(server.answered) == 1

    def test_first_client_leaves(self, serve: Serve, root: Path, log: Log) -> None:
        """A client that leaves while its file is hashed takes the file from nobody else."""

        class Cancelled(StaticFileHandler):
            cancel_on_disconnect = True

        server = files(serve, Cancelled, root)
        first, second = server.connect(), server.connect()
        for connection in (first, second):
            connection.request("/large")
        first.leave()
        turn(server)
        (answer,) = second.read("GET")
        assert (answer.status, answer.body) == (200, LARGE)
        assert log.failures() == []

    def test_override_waits_for_the_client(self, serve: Serve, root: Path) -> None:
        """Who waits for `get` goes on when all was sent."""
        seen = []

        class Waiting(StaticFileHandler):
            async def get(self, path: str, include_body: bool = True) -> None:  # type: ignore[override]
                await super().get(path, include_body)
                seen.append(self._headers_written)

        server = files(serve, Waiting, root)
        assert fetch(server, "/large").body == LARGE
        assert fetch(server, "/smaller").body == SMALLER
        assert seen == [True, True]
