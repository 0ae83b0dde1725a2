"""Collecting a request's body: in memory, on disk if it is large, and as a form if it is one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver.spool import BodySpool
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.httputil.forms import read_form, start_form
from cyclone_core.httputil.stores import BodyStore, MemoryStore

if TYPE_CHECKING:
    from cyclone_core.httputil.multipart import MultipartParser

__all__ = ["BufferedBody"]

# Each object costs about 40 bytes beside its content: many small ones would exceed any limit.
_MANY: Final = 1024

# What a content type that may be multipart/form-data begins with.
_INITIALS: Final = ("m", "M")

# A limit that is exceeded by whatever comes.
_NOTHING: Final = -1


class BufferedBody:
    """Collects a body, then passes the complete request on; a `BodyReceiver`.

    Up to `body_memory_limit` the body stays in memory; a larger one goes to a temporary file. A
    `multipart/form-data` body is parsed while it arrives. The connection bounds the whole by
    `max_body_size`.

    If the form is malformed or the disk full, the request is passed on at once with its `body_error`,
    and what still comes is ignored.
    """

    __slots__ = (
        "_chunks",
        "_error",
        "_form",
        "_limit",
        "_many",
        "_request",
        "_size",
        "_spool",
        "_then",
    )

    def __init__(
        self, request: HTTPServerRequest, then: Callable[[HTTPServerRequest], object]
    ) -> None:
        """Make a receiver.

        Args:
            request: It gets the body.
            then: Called once with the request: when the body is complete, or as soon as it is clear
                that it cannot be used. It is not called if the body fails.
        """
        self._request = request
        self._then: Callable[[HTTPServerRequest], object] | None = then
        # A piece that exceeds one of these is attended to.
        self._limit = request.limits.body_memory_limit
        self._many = _MANY
        self._chunks: list[bytes] = []
        self._size = 0
        self._spool: BodySpool | None = None
        self._form: MultipartParser | None = None
        self._error: HTTPInputError | None = None
        content_type = request.headers.get("Content-Type", "")
        if content_type[:1] in _INITIALS:
            self._start_form(content_type)

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._size > self._limit or len(self._chunks) > self._many:
            self._attend(chunk)

    def body_finished(self) -> None:
        """Pass the request on with its body."""
        if self._then is None:
            return
        try:
            self._complete()
        except HTTPInputError as error:
            refused: HTTPInputError | None = error
        else:
            refused = None
        self._pass_on(refused)

    def body_failed(self) -> None:
        """Forget what has come."""
        self._then = None
        self._forget()

    def refuse(self, error: HTTPInputError) -> None:
        """Pass the request on with what is wrong with its body.

        Args:
            error: The client's mistake.
        """
        if self._then is not None:
            self._pass_on(error)

    def _start_form(self, content_type: str) -> None:
        request = self._request
        try:
            self._form = start_form(content_type, request.headers, request.limits)
        except HTTPInputError as error:
            # Not passed on from here: nobody has got this object yet.
            self._error = error
        if self._form is not None or self._error is not None:
            self._limit = _NOTHING

    def _attend(self, chunk: bytes) -> None:
        """Do what most pieces need not."""
        if self._then is None:
            self._chunks.clear()
            return
        try:
            if self._error is not None:
                raise self._error
            if self._form is not None:
                self._form.feed(chunk)
            if self._size > self._request.limits.body_memory_limit:
                self._write()
        except HTTPInputError as error:
            refused = error
        else:
            if len(self._chunks) > self._many:
                self._join_last()
            return
        self._pass_on(refused)

    def _join_last(self) -> None:
        # What was joined before is not joined again: that would take quadratic time.
        joined = self._many - _MANY
        self._chunks[joined:] = [b"".join(self._chunks[joined:])]
        self._many += 1

    def _write(self) -> None:
        if self._spool is None:
            self._spool = BodySpool(self._request.limits.body_spool_dir)
        for chunk in self._chunks:
            self._spool.write(chunk)
        self._chunks.clear()
        self._many = _MANY

    def _complete(self) -> None:
        if self._error is not None:
            raise self._error
        request, chunks, form, spool = self._request, self._chunks, self._form, self._spool
        parts = [] if form is None else form.finish()
        store: BodyStore
        if spool is None:
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            chunks.clear()
            store = MemoryStore(body)
            request.body = body
        else:
            spool.flush()
            store = spool
            request.receive_stored(spool)
        if form is not None:
            request.receive_form(read_form(parts, store))

    def _pass_on(self, refused: HTTPInputError | None) -> None:
        then = cast("Callable[[HTTPServerRequest], object]", self._then)
        self._then = None
        if refused is not None:
            # The traceback leads to frames that lead to the request: only the collector would free it.
            refused.__traceback__ = refused.__context__ = None
            self._request.body_error = refused
            self._forget()
        then(self._request)

    def _forget(self) -> None:
        self._limit = _NOTHING  # every piece is attended to, and dropped
        self._chunks.clear()
        self._form = self._error = None
        if self._spool is not None:
            self._spool.close()
            self._spool = None
