"""Bodies in memory."""

from cyclone_core.httpserver import BufferedBody
from cyclone_core.httputil import HTTPServerRequest


def collect(*chunks: bytes) -> list[bytes]:
    """Return the bodies with which the function is called."""
    bodies: list[bytes] = []
    body = BufferedBody(HTTPServerRequest("POST", "/"), lambda request: bodies.append(request.body))
    for chunk in chunks:
        assert body.data_received(chunk) is None
        assert bodies == []
    body.body_finished()
    return bodies


def test_pieces() -> None:
    """The pieces are joined in order."""
    assert collect(b"a", b"b", b"c") == [b"abc"]


def test_one_piece() -> None:
    """A body that came as one piece is not copied."""
    piece = b"all of it"
    assert collect(piece)[0] is piece


def test_empty() -> None:
    """A body may be empty."""
    assert collect() == [b""]


def test_failed() -> None:
    """What has come of a body that fails is forgotten, and nobody is called."""
    called: list[object] = []
    body = BufferedBody(HTTPServerRequest("POST", "/"), called.append)
    body.data_received(b"x")
    body.body_failed()
    assert called == []
    assert body._chunks == []
