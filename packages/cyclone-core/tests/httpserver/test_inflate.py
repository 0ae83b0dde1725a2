"""gzip and deflate in steps."""

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver.inflate import Inflater

STEP = 64 * 1024
HELLO = gzip.compress(b"hello", mtime=0)


def inflate(coding: str, *pieces: bytes) -> tuple[bytes, bool]:
    """Decode the pieces of a stream; returns what came out, and whether it may end there."""
    inflater = Inflater(coding)
    out = []
    for piece in pieces:
        inflater.feed(piece)
        while inflater.waiting:
            out.append(inflater.take())
            assert len(out[-1]) <= STEP
    return b"".join(out), inflater.complete


def raw_deflate(data: bytes) -> bytes:
    """Compress without the frame of the zlib format."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """Cut bytes into pieces, anywhere."""
    places = sorted(draw(st.sets(st.integers(0, len(data)), max_size=20)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.data())
@example([b"", b""], None)
def test_gzip_however_it_is_cut(bodies: list[bytes], data: st.DataObject | None) -> None:
    """Members follow each other, and where the pieces are cut makes no difference."""
    stream = b"".join(gzip.compress(body) for body in bodies)
    pieces = [stream] if data is None else data.draw(cut(stream))
    assert inflate("gzip", *pieces) == (b"".join(bodies), True)


@given(st.binary(max_size=3000), st.data())
def test_deflate_however_it_is_cut(body: bytes, data: st.DataObject) -> None:
    """The zlib format comes out alike, too."""
    assert inflate("deflate", *data.draw(cut(zlib.compress(body)))) == (body, True)


@given(st.integers(1, 600), st.integers(0, 40), st.sampled_from([b"\0", b"01", b"abcdefghij"]))
def test_what_can_be_decoded_is_not_held_back(more: int, missing: int, body: bytes) -> None:
    """Wherever the input stops for now, all comes out that zlib itself would give."""
    data = zlib.compress((body * STEP)[: STEP + more])
    data = data[: len(data) - missing]
    wanted = zlib.decompressobj().decompress(data)
    assert inflate("deflate", data)[0] == wanted


@given(st.binary(max_size=100), st.data())
def test_every_beginning_is_incomplete(body: bytes, data: st.DataObject) -> None:
    """No stream may end before its last byte, checksum and length included."""
    stream = gzip.compress(body)
    end = data.draw(st.integers(1, len(stream) - 1))
    got, complete = inflate("gzip", stream[:end])
    assert body.startswith(got)
    assert not complete


@given(st.binary(max_size=200), st.sampled_from(["gzip", "x-gzip", "deflate"]))
def test_anything(data: bytes, coding: str) -> None:
    """Whatever comes is decoded or refused, byte by byte as in one piece."""

    def outcome(*pieces: bytes) -> object:
        try:
            return inflate(coding, *pieces)
        except HTTPInputError as error:
            return error.status, str(error)

    whole = outcome(data)
    assert whole == outcome(*[data[place : place + 1] for place in range(len(data))])


@pytest.mark.parametrize("size", [STEP - 1, STEP, STEP + 1, 3 * STEP, 1_000_003])
@pytest.mark.parametrize("body", [b"\0", b"0123456789abcdef"])
def test_steps(size: int, body: bytes) -> None:
    """Much output of little input comes in steps, and none of it is left behind."""
    wanted = (body * size)[:size]
    assert inflate("gzip", gzip.compress(wanted)) == (wanted, True)
    assert inflate("deflate", zlib.compress(wanted)) == (wanted, True)


def test_x_gzip() -> None:
    """The old name means the same (RFC 9110 section 8.4.1.3)."""
    assert inflate("x-gzip", HELLO) == (b"hello", True)


def test_nothing() -> None:
    """A stream without a byte is complete and empty."""
    assert inflate("gzip") == (b"", True)
    assert inflate("deflate", b"") == (b"", True)


@pytest.mark.parametrize(
    ("coding", "data", "message"),
    [
        ("gzip", b"hello", "the body is no valid gzip: Error -3 while decompressing data: inc"),
        ("gzip", zlib.compress(b"hello"), "the body is no valid gzip: "),
        ("gzip", HELLO + b"\0\0", "the body is no valid gzip: "),
        ("gzip", HELLO + b"more", "the body is no valid gzip: "),
        ("gzip", HELLO[:-1] + b"\1", "the body is no valid gzip: .*incorrect length check"),
        ("gzip", HELLO[:-8] + b"\1" + HELLO[-7:], "no valid gzip: .*incorrect data check"),
        ("deflate", HELLO, "the body is no valid deflate in the zlib format: "),
        ("deflate", raw_deflate(b"hello"), "the body is no valid deflate in the zlib format: "),
        ("deflate", zlib.compress(b"a") + b"\0", "goes on behind the end of its deflate in"),
        ("deflate", zlib.compress(b"a") * 2, "goes on behind the end of its deflate in"),
    ],
)
def test_malformed(coding: str, data: bytes, message: str) -> None:
    """What is no such stream, or goes on behind its end, is the client's mistake."""
    with pytest.raises(HTTPInputError, match=message) as caught:
        inflate(coding, data)
    assert caught.value.status == 400


def test_preset_dictionary() -> None:
    """A stream that needs a dictionary, which nobody has agreed on, is refused."""
    stream = zlib.compressobj(zdict=b"hello")
    data = stream.compress(b"hello") + stream.flush()
    with pytest.raises(HTTPInputError, match="no valid deflate"):
        inflate("deflate", data)


def test_many_members() -> None:
    """A thousand members are taken, one more is not: empty ones cost time and no bytes."""
    empty = gzip.compress(b"")
    assert inflate("gzip", empty * 999 + HELLO) == (b"hello", True)
    with pytest.raises(HTTPInputError, match="more than 1000 members of gzip"):
        inflate("gzip", empty * 1000 + HELLO)
