"""gzip and deflate in steps."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.inflate import Inflater

STEP = 64 * 1024
HELLO = gzip.compress(b"hello", mtime=0)


def inflate(coding: str, *pieces: bytes, raw: bool = False) -> tuple[bytes, bool]:
    """Decode the pieces of a stream; returns what came out, and whether it may end there."""
    inflater = Inflater(coding, raw_deflate=raw)
    out = []
    for piece in pieces:
        inflater.feed(piece)
        while inflater.waiting:
            out.append(inflater.take())
            assert len(out[-1]) <= STEP
    return b"".join(out), inflater.complete


def raw_deflate(data: bytes, level: int = -1) -> bytes:
    """Compress without the frame of the zlib format."""
    stream = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
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


@given(st.binary(max_size=3000), st.integers(-1, 9), st.integers(9, 15), st.data())
def test_both_kinds_of_deflate(body: bytes, level: int, window: int, data: st.DataObject) -> None:
    """A client takes deflate with the frame of the zlib format and without, however it is cut."""
    framed = zlib.compressobj(level, wbits=window)
    stream = framed.compress(body) + framed.flush()
    assert inflate("deflate", *data.draw(cut(stream)), raw=True) == (body, True)
    stream = raw_deflate(body, level)
    assert inflate("deflate", *data.draw(cut(stream)), raw=True) == (body, True)


@given(st.sampled_from([zlib.compress, raw_deflate]), st.binary(max_size=100), st.data())
def test_every_beginning_of_deflate_is_incomplete(
    compress: Callable[[bytes], bytes], body: bytes, data: st.DataObject
) -> None:
    """Neither kind may end before its last byte, not even where nobody knows yet which one it is."""
    stream = compress(body)
    end = data.draw(st.integers(1, len(stream) - 1))
    got, complete = inflate("deflate", *data.draw(cut(stream[:end])), raw=True)
    assert body.startswith(got)
    assert not complete


@pytest.mark.parametrize("first", range(256))
def test_the_frame_is_told_by_its_first_bytes(first: int) -> None:
    """What RFC 1950 section 2.2 says of the first two bytes decides, alone and together."""
    second = -(first * 256) % 31
    start, wrong = bytes([first, second]), bytes([first, second + 1])
    rest = zlib.compress(b"hello")[2:]
    framed = first % 16 == 8 and first // 16 <= 7
    for pieces in ([start + rest], [start[:1], start[1:], rest]):
        if framed:
            assert inflate("deflate", *pieces, raw=True) == (b"hello", True)
        else:
            message = without_frame(start + rest)
            assert outcome(*pieces) == outcome(start + rest) == message
    assert (
        outcome(wrong + rest) == outcome(wrong[:1], wrong[1:] + rest) == without_frame(wrong + rest)
    )


def outcome(*pieces: bytes) -> object:
    """Decode either kind of deflate; returns what came out or the message."""
    try:
        return inflate("deflate", *pieces, raw=True)
    except HTTPInputError as error:
        return str(error)


def without_frame(data: bytes) -> object:
    """Decode deflate without a frame with zlib alone; returns the same as `outcome`."""
    stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        out = stream.decompress(data)
    except zlib.error as error:
        return f"the body is no valid deflate: {error}"
    if stream.unused_data:
        return "the body goes on behind the end of its deflate"
    return out, stream.eof


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


@given(st.binary(max_size=200), st.sampled_from(["gzip", "x-gzip", "deflate"]), st.booleans())
def test_anything(data: bytes, coding: str, raw: bool) -> None:
    """Whatever comes is decoded or refused, byte by byte as in one piece."""

    def outcome(*pieces: bytes) -> object:
        try:
            return inflate(coding, *pieces, raw=raw)
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
    assert inflate("deflate", b"", raw=True) == (b"", True)


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
    """What is no such stream, or goes on behind its end, is the sender's mistake."""
    with pytest.raises(HTTPInputError, match=message) as caught:
        inflate(coding, data)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "the body is no valid deflate: "),
        (HELLO, "the body is no valid deflate: "),
        (zlib.compress(b"hello")[:-1] + b"?", "no valid deflate in the zlib format: .*data check"),
        (zlib.compress(b"a") + b"\0", "goes on behind the end of its deflate in"),
        (raw_deflate(b"hello") + b"\0", "the body goes on behind the end of its deflate$"),
    ],
)
def test_malformed_for_a_client(data: bytes, message: str) -> None:
    """To take both kinds of deflate is not to take anything."""
    with pytest.raises(HTTPInputError, match=message):
        inflate("deflate", data, raw=True)


def test_gzip_is_not_guessed() -> None:
    """A client that takes both kinds of deflate still wants gzip for gzip."""
    assert inflate("gzip", HELLO, raw=True) == (b"hello", True)
    with pytest.raises(HTTPInputError, match="no valid gzip"):
        inflate("gzip", raw_deflate(b"hello"), raw=True)


def test_preset_dictionary() -> None:
    """A stream that needs a dictionary, which nobody has agreed on, is refused."""
    stream = zlib.compressobj(zdict=b"hello")
    data = stream.compress(b"hello") + stream.flush()
    for raw in (False, True):
        with pytest.raises(HTTPInputError, match="no valid deflate in the zlib format"):
            inflate("deflate", data, raw=raw)


def test_many_members() -> None:
    """A thousand members are taken, one more is not: empty ones cost time and no bytes."""
    empty = gzip.compress(b"")
    assert inflate("gzip", empty * 999 + HELLO) == (b"hello", True)
    with pytest.raises(HTTPInputError, match="more than 1000 members of gzip"):
        inflate("gzip", empty * 1000 + HELLO)
