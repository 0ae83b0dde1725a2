"""Whatever a program gives as the body of a request."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.web.client import FileBodyProducer
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer

from cyclone_core.httpclient.bodies import Body, make_body, rewind
from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httputil import HTTPFile

from .consuming import Consumer, collect

Whatever = Any
Write = Callable[[bytes], Awaitable[None]]

FORM = "application/x-www-form-urlencoded"


async def generate() -> AsyncIterator[bytes]:
    """Make pieces."""
    yield b"a"
    yield b"bc"


async def write_pieces(write: Write) -> None:
    """Write pieces."""
    await write(b"a")
    await write(b"bc")


class Foreign:
    """Somebody else's producer."""

    length: Any = UNKNOWN_LENGTH

    def startProducing(self, consumer: Whatever) -> Deferred[None]:  # noqa: N802 -- Twisted's name
        raise NotImplementedError

    def pauseProducing(self) -> None:
        raise NotImplementedError

    def resumeProducing(self) -> None:
        raise NotImplementedError

    def stopProducing(self) -> None:
        raise NotImplementedError


Foreign = implementer(IBodyProducer)(Foreign)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, Body(None, None)),
        ({"body": b""}, Body(b"", None)),
        ({"body": b"abc"}, Body(b"abc", None)),
        ({"body": "\u00e4"}, Body(b"\xc3\xa4", None)),
        ({"body": bytearray(b"abc")}, Body(b"abc", None)),
        ({"body": memoryview(b"abc")}, Body(b"abc", None)),
        ({"form": {"a": ["1", 2], "b": ""}}, Body(b"a=1&a=2&b=", FORM)),
        ({"form": [("a", 1)]}, Body(b"a=1", FORM)),
        ({"form": {}}, Body(b"", FORM)),
        ({"json": {"a": [None, "\u00e4"]}}, Body(b'{"a": [null, "\\u00e4"]}', "application/json")),
        ({"json": []}, Body(b"[]", "application/json")),
        ({"json": 0}, Body(b"0", "application/json")),
        ({"body": b"abc", "length": 3}, Body(b"abc", None)),
    ],
)
def test_bytes(options: dict[str, Any], expected: Body) -> None:
    """What is there already, forms and JSON become plain bytes, with their content type."""
    body = make_body(**options)
    assert body == expected
    assert type(body.content) in (bytes, type(None))
    assert rewind(body.content)


@pytest.mark.parametrize(
    ("make", "length", "again"),
    [
        (lambda: {"body": io.BytesIO(b"abc")}, 3, True),
        (lambda: {"body": [b"a", b"bc"]}, UNKNOWN_LENGTH, True),
        (lambda: {"body": iter([b"a", b"bc"])}, UNKNOWN_LENGTH, False),
        (lambda: {"body": (each for each in [b"a", b"bc"]), "length": 3}, 3, False),
        (lambda: {"body": generate()}, UNKNOWN_LENGTH, False),
        (lambda: {"body": generate(), "length": 3}, 3, False),
        (lambda: {"body_producer": write_pieces}, UNKNOWN_LENGTH, True),
        (lambda: {"body_producer": write_pieces, "length": 3}, 3, True),
    ],
)
def test_producers(make: Callable[[], dict[str, Any]], length: object, again: bool) -> None:
    """What is made piece by piece becomes a producer, which knows its length if anybody does."""
    body = make_body(**make())
    content: Any = body.content
    assert IBodyProducer.providedBy(content)
    assert content.length == length
    assert body.content_type is None
    assert collect(content) == b"abc"
    assert rewind(content) is again
    if again:
        assert collect(content) == b"abc"


def test_path(tmp_path: Path) -> None:
    """A path is a body, too: the file is streamed."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 200_000)
    content: Any = make_body(path).content
    assert content.length == 200_000
    assert collect(content) == b"x" * 200_000


def test_upload(tmp_path: Path) -> None:
    """A short form with uploads is bytes; one with a file is a producer with a length."""
    body = make_body(form={"a": "b"}, files={"f": ("c.txt", b"content")})
    assert isinstance(body.content, bytes)
    assert body.content_type is not None
    assert body.content_type.startswith("multipart/form-data; boundary=")
    path = tmp_path / "c.txt"
    path.write_bytes(b"content")
    streamed = make_body(form={"a": "b"}, files={"f": path})
    content: Any = streamed.content
    assert content.length == len(body.content)
    assert collect(content).count(b"content") == 1
    assert rewind(content)
    assert len(collect(content)) == content.length
    with pytest.raises(InvalidRequest, match="the Content-Length is 5, and the body has"):
        make_body(files={"f": path}, length=5)


def test_upload_without_a_length() -> None:
    """A form with a file of unknown length has none itself, whatever the program says of it."""
    for length in (None, 1000):
        content: Any = make_body(files={"f": ("a", iter([b"b"]))}, length=length).content
        assert content.length == UNKNOWN_LENGTH


def test_foreign_producer() -> None:
    """A producer of the program's own is taken as it is."""
    file = FileBodyProducer(io.BytesIO(b"abc"))
    assert make_body(file, length=3) == Body(file, None)
    assert not rewind(file)
    foreign: Any = Foreign()
    assert make_body(foreign).content is foreign
    assert make_body(foreign, length=7).content is foreign
    foreign.length = 8
    with pytest.raises(InvalidRequest, match="the Content-Length is 7, and the body has 8 bytes"):
        make_body(foreign, length=7)


@pytest.mark.parametrize("answer", [True, False])
def test_foreign_producer_that_rewinds(answer: bool) -> None:
    """A producer of the program's own may know how to begin again."""
    foreign: Any = Foreign()
    foreign.rewind = lambda: answer
    assert rewind(foreign) is answer
    foreign.rewind = answer
    assert not rewind(foreign)


@pytest.mark.parametrize(
    "options",
    [
        {"body": b"abc"},
        {"body": io.BytesIO(b"abc")},
        {"form": {"a": "b"}},
        {"json": 100},
        {"files": {}},
    ],
)
def test_another_length(options: dict[str, Any]) -> None:
    """A body whose length is not what the head says is refused before anything is sent."""
    with pytest.raises(
        InvalidRequest, match=r"the Content-Length is 7, and the body has \d+ bytes"
    ):
        make_body(**options, length=7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"body": b"", "json": 1}, "body and json"),
        ({"body": "a", "form": {}}, "body and form"),
        ({"body": "a", "files": {}}, "body and files"),
        ({"json": 1, "form": {}}, "json and form"),
        ({"json": 1, "form": {}, "files": {}}, "json and form and files"),
        ({"body": "a", "body_producer": write_pieces}, "body and body_producer"),
        ({"form": {}, "body_producer": write_pieces}, "body_producer and form"),
    ],
)
def test_two_bodies(options: dict[str, Any], said: str) -> None:
    """A request has one body; only a form and files go together."""
    with pytest.raises(InvalidRequest, match=f"^a request has one body, not {said}$"):
        make_body(**options)


async def coroutine() -> bytes:
    """Be something to be awaited."""
    return b"a"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"body": 5}, "a body is str, bytes, .* or an iterable of bytes, not int"),
        ({"body": {"a": 1}}, "a body is no dict: it is sent with json= or, as a form, with form="),
        ({"body": HTTPFile("a", b"")}, "a body is no HTTPFile"),
        ({"body": Deferred()}, "a body is no Deferred: await it, and give what comes of it"),
        ({"body": write_pieces}, "a body is no function: .* is given as body_producer="),
        ({"body": generate}, "a body is no function"),
        ({"body": io.StringIO("a")}, "a body is a file of text: open it with 'rb'"),
        (
            {"body_producer": b"abc"},
            "a body_producer is a function that is called with write, not by",
        ),
        ({"body_producer": Foreign()}, "an IBodyProducer is given as body="),
        ({"form": "a=1"}, "the fields of a form are a dict or a list of pairs, not str"),
        ({"form": {"a": None}}, "the field 'a' is None"),
        ({"files": b"abc"}, "the files of a form are a dict or a list of pairs, not bytes"),
        ({"json": {1, 2}}, "set"),
    ],
)
def test_wrong_types(options: dict[str, Any], said: str) -> None:
    """What is nothing that can be sent is refused, and the error says what can."""
    with pytest.raises(TypeError, match=said):
        make_body(**options)


def test_coroutine() -> None:
    """A coroutine that somebody has forgotten to await is no body."""
    made: Any = coroutine()
    with pytest.raises(TypeError, match="a body is no coroutine: await it"):
        make_body(made)
    made.close()


def test_callable_iterable() -> None:
    """An iterable is one, whether it can be called or not."""

    class Both(list[bytes]):
        def __call__(self) -> None:
            raise NotImplementedError

    assert collect(make_body(Both([b"a"])).content) == b"a"


def test_json_of_the_house() -> None:
    """JSON is written as everywhere in the house: bytes are text, and no script element ends in it."""
    assert make_body(json={"a": b"</script>"}).content == rb'{"a": "<\/script>"}'
    with pytest.raises(ValueError, match="ircular"):
        make_body(json=(loop := [None], loop.__setitem__(0, loop))[0])  # type: ignore[call-overload]


def test_context() -> None:
    """What makes the body runs in a copy of the context in which it was given."""
    variable: ContextVar[str] = ContextVar("variable")
    seen: list[str] = []

    async def produce(write: Write) -> None:
        seen.append(variable.get())
        variable.set("by the function")
        await write(b"a")
        seen.append(variable.get())

    async def pieces() -> AsyncIterator[bytes]:
        seen.append(variable.get())
        yield b"a"

    variable.set("of the caller")
    contents = [
        make_body(body_producer=produce).content,
        make_body(pieces()).content,
        make_body(variable.get().encode() for _ in range(1)).content,
    ]
    variable.set("later")
    for content in contents:
        consumer = Consumer(content, ["pause"]).start()
        consumer.resume()
        assert consumer.ends == [None]
    assert seen == ["of the caller", "by the function", "of the caller"]
    assert consumer.body == b"of the caller"
    assert variable.get() == "later"
