"""What gives the bytes of a body one after the other."""

import gzip
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.sources import (
    BytesSource,
    FileSource,
    IterableSource,
    PathSource,
    as_piece,
    as_source,
)

Whatever = Any

LARGE = bytes(range(256)) * 1024  # 256 KiB


class Stream:
    """Something that can be read and nothing else."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        """Read."""
        return self._file.read(size)


@pytest.mark.parametrize("given", [b"abc", bytearray(b"abc"), memoryview(b"abc")])
def test_piece(given: Whatever) -> None:
    """A piece is bytes of any kind, and comes out as plain bytes."""
    piece = as_piece(given)
    assert (type(piece), piece) == (bytes, b"abc")


def test_piece_of_a_subclass() -> None:
    """What is more than plain bytes becomes plain bytes: a transport joins them."""

    class Named(bytes):
        pass

    assert type(as_piece(Named(b"a"))) is bytes


@pytest.mark.parametrize("given", ["text", 5, None, ("a", "b")])
def test_no_piece(given: Whatever) -> None:
    """Anything else is refused."""
    with pytest.raises(TypeError, match=r"a piece of a body is bytes, not \w+: encode text"):
        as_piece(given)


@pytest.mark.parametrize(
    "given", [b"\xc3\xa4", bytearray(b"\xc3\xa4"), memoryview(b"\xc3\xa4"), "\u00e4"]
)
def test_bytes(given: Whatever) -> None:
    """Bytes and text are one piece, as often as one wants it; text is UTF-8."""
    source = as_source(given, "it")
    assert isinstance(source, BytesSource)
    assert (source.size, source.repeatable) == (2, True)
    assert list(source.pieces()) == list(source.pieces()) == [b"\xc3\xa4"]


def test_file() -> None:
    """A file is read in pieces of 64 KiB from where it stands, and again from there."""
    file = io.BytesIO(b"12345" + LARGE)
    file.seek(5)
    source = as_source(file, "it")
    assert isinstance(source, FileSource)
    assert (source.size, source.repeatable) == (len(LARGE), True)
    assert file.tell() == 5
    for _ in range(2):
        pieces = list(source.pieces())
        assert [len(piece) for piece in pieces] == [64 * 1024] * 4
        assert b"".join(pieces) == LARGE
    assert not file.closed


def test_file_that_grows(tmp_path: Path) -> None:
    """Of a file that grows meanwhile only what was there is sent: the head has named its length."""
    path = tmp_path / "log"
    path.write_bytes(b"first")
    with path.open("rb") as file:
        source = FileSource(file)
        path.write_bytes(b"first, second")
        assert (source.size, list(source.pieces())) == (5, [b"first"])


def test_file_that_shrinks() -> None:
    """Of a file that shrinks comes what is left; whoever counts will notice."""
    file = io.BytesIO(b"first, second")
    source = FileSource(file)
    file.truncate(5)
    assert (source.size, list(source.pieces())) == (13, [b"first"])


def test_file_behind_its_end() -> None:
    """A file that stands behind its end has nothing to send."""
    file = io.BytesIO(b"abc")
    file.seek(10)
    source = FileSource(file)
    assert (source.size, list(source.pieces())) == (0, [])


def test_file_that_decompresses() -> None:
    """The length of a file is that of what it gives, whatever its descriptor has."""
    packed = tempfile.TemporaryFile()  # noqa: SIM115 -- closed below
    with packed, gzip.open(packed, "wb") as writing:
        writing.write(LARGE)
        writing.close()
        packed.seek(0)
        with gzip.open(packed, "rb") as reading:
            source = FileSource(reading)  # type: ignore[arg-type]
            assert source.size == len(LARGE)
            assert b"".join(source.pieces()) == LARGE


def test_stream() -> None:
    """What can only be read has no length, and comes once."""
    source = FileSource(Stream(LARGE))  # type: ignore[arg-type]
    assert (source.size, source.repeatable) == (None, False)
    assert b"".join(source.pieces()) == LARGE
    assert list(source.pieces()) == []


def test_pipe() -> None:
    """A pipe has no length and no position."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source_file, os.fdopen(writing, "wb") as sink:
        source = FileSource(source_file)
        sink.write(b"through the pipe")
        sink.close()
        assert (source.size, source.repeatable) == (None, False)
        assert list(source.pieces()) == [b"through the pipe"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no such device")
def test_device() -> None:
    """A device seems to end where it begins: it has no length."""
    with Path("/dev/zero").open("rb") as file:
        source = FileSource(file)
        assert (source.size, source.repeatable) == (None, False)
        assert next(source.pieces()) == bytes(64 * 1024)


def test_closed_file() -> None:
    """A file that is closed is refused when it is given, not when it is sent."""
    file = io.BytesIO(b"abc")
    file.close()
    with pytest.raises(ValueError, match="closed file"):
        as_source(file, "it")


def test_file_without_data() -> None:
    """A file that has nothing just now, because it does not block, is an error and not an end."""

    class Impatient:
        def read(self, _: int) -> None:
            return None

    with pytest.raises(TypeError, match="not NoneType"):
        list(as_source(Impatient(), "it").pieces())


def test_path(tmp_path: Path) -> None:
    """A path is opened when it is sent, and closed at the end and before it."""
    path = tmp_path / "file"
    path.write_bytes(LARGE)
    source = as_source(path, "it")
    assert isinstance(source, PathSource)
    assert (source.size, source.repeatable) == (len(LARGE), True)
    assert b"".join(source.pieces()) == b"".join(source.pieces()) == LARGE
    pieces = source.pieces()
    assert len(next(pieces)) == 64 * 1024
    file = pieces.gi_frame.f_locals["file"]
    assert not file.closed
    pieces.close()
    assert file.closed
    assert list(pieces) == []


def test_path_that_leads_nowhere(tmp_path: Path) -> None:
    """A path without a file is refused when it is given."""
    with pytest.raises(FileNotFoundError):
        as_source(tmp_path / "nothing", "it")


def test_path_of_no_file(tmp_path: Path) -> None:
    """Neither a directory nor a pipe is opened: that would block until somebody writes to it."""
    pipe = tmp_path / "pipe"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    for path in (tmp_path, pipe if pipe.exists() else tmp_path):
        with pytest.raises(InvalidRequest, match="is no regular file: open it, and give the file"):
            as_source(path, "it")


def test_iterable() -> None:
    """What can be iterated again gives the same again; what is an iterator does not."""
    again = as_source([b"a", bytearray(b"b")], "it")
    assert isinstance(again, IterableSource)
    assert (again.size, again.repeatable) == (None, True)
    assert list(again.pieces()) == list(again.pieces()) == [b"a", b"b"]
    once = as_source(iter([b"a"]), "it")
    assert not once.repeatable
    assert list(once.pieces()) == [b"a"]


def test_iterable_of_something_else() -> None:
    """A piece that is no bytes is refused when its turn comes."""
    pieces = as_source([b"a", "b"], "it").pieces()
    assert next(pieces) == b"a"
    with pytest.raises(TypeError, match="a piece of a body is bytes, not str"):
        next(pieces)


def test_generator_is_closed() -> None:
    """A generator that is not asked for all of it is closed, whoever else still holds it."""
    closed: list[str] = []

    def make() -> Iterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append("closed")

    made = make()
    pieces = as_source(made, "it").pieces()
    next(pieces)
    pieces.close()
    assert closed == ["closed"]
    assert list(made) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            5,
            "it is str, bytes, a pathlib.Path, an open binary file or an iterable of bytes, not int",
        ),
        (None, "not NoneType"),
        ({"a": b"b"}, "not dict"),
        (io.StringIO("text"), "it is a file of text: open it with 'rb'"),
    ],
)
def test_no_source(given: Whatever, said: str) -> None:
    """Anything else is refused, and the error names what is possible."""
    with pytest.raises(TypeError, match=said):
        as_source(given, "it")


def test_async_iterable() -> None:
    """What has to be awaited is no source."""

    async def make() -> Any:  # noqa: ANN401 -- an asynchronous generator
        yield b"a"

    with pytest.raises(TypeError, match="not async_generator"):
        as_source(make(), "it")
