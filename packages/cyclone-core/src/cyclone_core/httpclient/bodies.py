"""The body of a request: whatever a program gives becomes bytes, or a producer of them."""

from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping
from contextvars import copy_context
from os import PathLike
from typing import IO, Any, Final, NamedTuple

from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer

from cyclone_core.httpclient.errors import InvalidRequest
from cyclone_core.httpclient.forms import Params, encode_form
from cyclone_core.httpclient.multipart import MultipartForm
from cyclone_core.httpclient.producers import BodyProducer
from cyclone_core.httpclient.sources import Source, as_source
from cyclone_core.httpclient.uploads import Files
from cyclone_core.httpclient.writing import BodyFunction
from cyclone_escape import json_encode

__all__ = ["Body", "BodyFunction", "Content", "Files", "Params", "make_body", "rewind"]

Content = (
    str
    | bytes
    | bytearray
    | memoryview
    | PathLike[str]
    | IO[bytes]
    | Iterable[bytes]
    | AsyncIterable[bytes]
    | IBodyProducer
)
"""A body: text, sent as UTF-8; bytes; a path, or an open binary file, sent from where it stands; an iterable
or an asynchronous iterable of bytes; or Twisted's `IBodyProducer`."""

FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_TYPE: Final = "application/json"


class Body(NamedTuple):
    """A body, and what the head says of it.

    Attributes:
        content: The body, or what makes it; None for none. The `length` of a producer is its Content-Length.
        content_type: Its content type; None if nothing is known.
    """

    content: bytes | IBodyProducer | None
    content_type: str | None


_NOTHING: Final = Body(None, None)


def make_body(
    body: Content | None = None,
    *,
    form: Params | None = None,
    json: object = None,
    files: Files | None = None,
    body_producer: BodyFunction | None = None,
    length: int | None = None,
) -> Body:
    """Make the body of a request.

    Code of the program that makes it later runs in a copy of the context of this call.

    Args:
        body: The body as it is.
        form: What is sent as an HTML form.
        json: What is sent as JSON; the word `null` is sent with `body="null"`.
        files: Uploads; then `form` is sent beside them, as `multipart/form-data`.
        body_producer: A function that writes the body, see `BodyFunction`.
        length: How many bytes the head says that there are, if it does. That is compared with what is
            known; where nothing is, whoever sends the body counts.

    Returns:
        The body.

    Raises:
        InvalidRequest: There is more than one body, its length is another one, or a form has a name that
            cannot be sent.
        TypeError: Something is nothing that can be sent.
        ValueError: JSON, a content type or a header cannot be written, or a file is closed.
        OSError: A path leads nowhere.
    """
    if json is None and form is None and files is None and body_producer is None:
        if body is None:
            return _NOTHING
        return _measured(_content(body, length), None, length)
    _one_of(body=body, json=json, body_producer=body_producer, form=form, files=files)
    if files is not None:
        multipart = MultipartForm(form or (), files)
        content = multipart.whole or _streamed(multipart)
        return _measured(content, multipart.content_type, length)
    if form is not None:
        return _measured(encode_form(form).encode("ascii"), FORM_TYPE, length)
    if json is not None:
        return _measured(json_encode(json).encode(), JSON_TYPE, length)
    if not callable(body_producer):
        raise TypeError(
            f"a body_producer is a function that is called with write, not {type(body_producer).__name__};"
            " an IBodyProducer is given as body="
        )
    return Body(BodyProducer.from_function(body_producer, copy_context(), length), None)


def rewind(content: bytes | IBodyProducer | None) -> bool:
    """Prepare a body to be sent once more, for a redirect or after a challenge.

    Args:
        content: The body, which was sent, or of which something was sent.

    Returns:
        Whether it can be sent. A producer of the program's own can if it has a method `rewind` that says so.
    """
    if content is None or isinstance(content, bytes):
        return True
    again: Any = getattr(content, "rewind", None)
    return bool(again()) if callable(again) else False


def _one_of(**given: object) -> None:
    """Refuse a second body."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1 and names != ["form", "files"]:
        raise InvalidRequest(f"a request has one body, not {' and '.join(names)}")


def _content(body: Any, length: int | None) -> bytes | IBodyProducer:  # noqa: ANN401 -- see Content
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if IBodyProducer.providedBy(body):
        return body
    if isinstance(body, AsyncIterable):
        return BodyProducer.from_async_iterable(body, copy_context(), length)
    if isinstance(body, Mapping):
        raise TypeError(
            f"a body is no {type(body).__name__}: it is sent with json= or, as a form, with form="
        )
    if isinstance(body, Awaitable):
        raise TypeError(f"a body is no {type(body).__name__}: await it, and give what comes of it")
    if callable(body) and not isinstance(body, Iterable):
        raise TypeError(
            "a body is no function: one that writes the body is given as body_producer="
        )
    return _streamed(as_source(body, "a body"), length)


def _streamed(source: Source, length: int | None = None) -> BodyProducer:
    return BodyProducer.from_source(source, copy_context(), length)


def _measured(content: bytes | IBodyProducer, content_type: str | None, length: int | None) -> Body:
    """Compare what the head says with what there is, if somebody knows."""
    if length is not None:
        actual = len(content) if isinstance(content, bytes) else content.length
        if actual not in (length, UNKNOWN_LENGTH):
            raise InvalidRequest(f"the Content-Length is {length}, and the body has {actual} bytes")
    return Body(content, content_type)
