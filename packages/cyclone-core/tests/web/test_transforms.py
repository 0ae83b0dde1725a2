"""Transforms of an application's own, in today's signature and in the older ones."""

import functools
from collections.abc import Callable
from typing import Any, cast

import pytest

from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.web import (
    ChunkedTransferEncoding,
    GZipContentEncoding,
    OutputTransform,
    RequestHandler,
)
from cyclone_core.web.transforms import adapt_transform, default_transforms, make_transforms

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("hello")


class Pieces(RequestHandler):
    def get(self) -> None:
        self.write("one ")
        self.flush()
        self.write("two ")
        self.flush()
        self.write("three")


class Shout(OutputTransform):
    """Tornado's signature, and cyclone's."""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        headers["X-Loud"] = str(finishing)
        return status_code + 1, headers, chunk.upper()

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        return chunk.upper() + (b"!" if finishing else b"")


class Frame:
    """The signature before there was a status, in a class that derives from nothing."""

    made = 0

    def __init__(self, request: HTTPServerRequest) -> None:
        type(self).made += 1
        self.path = request.path

    def transform_first_chunk(
        self, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[HTTPHeaders, bytes]:
        headers["X-Path"] = self.path
        return headers, b"[" + chunk + (b"]" if finishing else b"")

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        return chunk + (b"]" if finishing else b"")


def test_a_transform_changes_status_headers_and_body(serve: Serve) -> None:
    """A transform of one's own sees the whole of a short answer at once."""
    answer = serve(Hello, transforms=[Shout]).ask()
    assert (answer.status, answer.text) == (201, "HELLO")
    assert answer.headers["X-Loud"] == "True"


def test_a_transform_changes_every_piece(serve: Serve) -> None:
    """An answer in pieces passes the transform piece by piece, and it knows the last one."""
    answer = serve(Pieces, transforms=[Shout]).ask()
    assert (answer.status, answer.text) == (201, "ONE TWO THREE!")
    assert answer.headers["X-Loud"] == "False"


def test_the_older_signature_is_adapted(serve: Serve) -> None:
    """A transform that knows no status works, for whole answers and for pieces."""
    before = Frame.made
    server = serve([(r"/whole", Hello), (r"/pieces", Pieces)], transforms=[Frame])
    assert server.ask("/whole").text == "[hello]"
    answer = server.ask("/pieces")
    assert answer.text == "[one two three]"
    assert answer.headers["X-Path"] == "/pieces"
    assert Frame.made == before + 2


def test_transforms_work_one_behind_the_other(serve: Serve) -> None:
    """The second transform sees what the first has made; old and new ones mix."""
    assert serve(Hello, transforms=[Frame, Shout]).ask().text == "[HELLO]"
    assert serve(Pieces, transforms=[Shout, Frame]).ask().text == "[ONE TWO THREE!]"


def test_a_transform_may_be_added_later(serve: Serve) -> None:
    """`add_transform` takes classes of either kind."""
    server = serve(Hello)
    server.application.add_transform(cast("Any", Frame))
    server.application.add_transform(Shout)
    assert server.ask().text == "[HELLO]"


def test_any_callable_may_make_a_transform(serve: Serve) -> None:
    """What is no class is called with the request, and what it makes is used as it is."""

    def make(suffix: bytes, request: HTTPServerRequest) -> OutputTransform:
        class Suffix(OutputTransform):
            def transform_first_chunk(
                self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
            ) -> tuple[int, HTTPHeaders, bytes]:
                return super().transform_first_chunk(
                    status_code, headers, chunk + suffix, finishing
                )

        return Suffix(request)

    assert serve(Hello, transforms=[functools.partial(make, b"?")]).ask().text == "hello?"


def test_the_chunked_transform_does_nothing(serve: Serve) -> None:
    """`ChunkedTransferEncoding` is a name for old lists: the connection makes the chunks."""
    server = serve(
        [(r"/whole", Hello), (r"/pieces", Pieces)],
        transforms=[GZipContentEncoding, ChunkedTransferEncoding],
    )
    assert server.ask("/whole").headers["Content-Length"] == "5"
    answer = server.ask("/pieces")
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert answer.text == "one two three"


def test_the_base_class_changes_nothing() -> None:
    """A transform may override one of the two methods alone."""
    transform = OutputTransform(HTTPServerRequest("GET", "/"))
    headers = HTTPHeaders({"A": "b"})
    assert transform.transform_first_chunk(200, headers, b"x", True) == (200, headers, b"x")
    assert transform.transform_chunk(b"y", False) == b"y"


def test_a_class_is_adapted_once() -> None:
    """The signature of a class is looked at once, not with each request."""
    request = HTTPServerRequest("GET", "/")
    (first,) = make_transforms([cast("Any", Frame)], request)
    (second,) = make_transforms([cast("Any", Frame)], request)
    assert type(first) is type(second)
    assert type(first).__name__ == "Frame"
    assert adapt_transform(Shout) is Shout


def test_classes_are_not_kept_for_ever() -> None:
    """A program that makes classes all the time does not fill the memory with their adapters."""
    request = HTTPServerRequest("GET", "/")
    for number in range(600):
        kind = type(f"Transform{number}", (Shout,), {})
        assert type(make_transforms([kind], request)[0]) is kind


def test_variadic_transforms_take_the_status() -> None:
    """A method that takes whatever comes counts as one of today."""

    class Anything(OutputTransform):
        def transform_first_chunk(self, *args: Any) -> Any:  # noqa: ANN401 -- the case in point
            return args[:3]

    assert adapt_transform(Anything) is Anything


@pytest.mark.parametrize("name", ["transform_first_chunk", "transform_chunk"])
def test_a_class_that_lacks_a_method_is_refused(name: str) -> None:
    """The message names the class and what it lacks."""
    methods = {
        "transform_first_chunk": Shout.transform_first_chunk,
        "transform_chunk": Shout.transform_chunk,
    }
    del methods[name]
    kind = type("Half", (), cast("Any", methods))
    with pytest.raises(TypeError, match=rf"transform Half has no method {name}\(\)"):
        adapt_transform(kind)


def test_a_method_with_another_signature_is_refused() -> None:
    """Neither with a status nor without: the message says what it must take."""

    class Odd(Frame):
        def transform_first_chunk(self, chunk: bytes) -> bytes:  # type: ignore[override]
            return chunk

    with pytest.raises(TypeError, match=r"Odd.transform_first_chunk\(\) must take status_code, h"):
        adapt_transform(cast("Any", Odd))


def test_what_is_no_class_at_all_is_refused() -> None:
    """A name instead of the class, say."""
    with pytest.raises(TypeError, match=r"a transform is a class such as GZip\S+, not 'gzip'"):
        adapt_transform(cast("Any", "gzip"))


def test_a_transform_that_fails_is_answered_with_500(serve: Serve, log: Log) -> None:
    """The client gets an answer, and the log says what has happened."""

    class Broken(OutputTransform):
        def transform_first_chunk(
            self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
        ) -> tuple[int, HTTPHeaders, bytes]:
            raise KeyError(status_code, headers, chunk, finishing)

    assert serve(Hello, transforms=[Broken]).ask().status == 500
    assert {type(error) for error in log.failures()} == {KeyError}


def test_nothing_is_transformed_by_default() -> None:
    """An application without settings has no transforms, and a list of its own of them."""
    assert default_transforms({}) == []
    assert default_transforms({}) is not default_transforms({})
    assert default_transforms({"gzip": True}) == [GZipContentEncoding]
