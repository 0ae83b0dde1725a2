"""Writing the answer to a request."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cyclone_core.coroutines import FAILURES, run_in, settle
from cyclone_core.http1.status import BODYLESS, is_final, is_reason, reason_phrase
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.httputil import HTTPHeaders, http_date
from cyclone_core.web.base import HandlerBase
from cyclone_core.web.transforms import OutputTransform, make_transforms
from cyclone_escape import json_encode

__all__ = ["Chunk", "OutputMethods"]

Chunk = str | bytes | dict[str, Any] | list[Any]
"""What `write` takes; a list only where `serialize_lists` allows it."""

_OK: Final = 200
_NOT_MODIFIED: Final = 304
_CACHED_METHODS: Final = frozenset({"GET", "HEAD"})

_ENTITY_TAG: Final = re.compile(r'(?:W/)?"[^"]*"')


class OutputMethods(HandlerBase):
    """The methods of `RequestHandler` that make the answer.

    Attributes:
        serialize_lists: Whether `write` takes a list and sends JSON, as it does with a dict. Off:
            a JSON list at the top level could be read by other sites in old browsers.
        no_keep_alive: Close the connection after the answer; it may be set until the head is sent.
    """

    serialize_lists: bool = False
    no_keep_alive: bool = False

    _before_headers: list[Callable[[], object]] | None = None
    _held: Deferred[None] | None = None  # fires when the head is out that functions hold up
    _flushed = False  # an answer whose head is held up comes in pieces
    _transforms: list[OutputTransform] | None = None
    _transforms_failed = False

    if TYPE_CHECKING:

        def _answered(self) -> None: ...

        def _fail(self, failure: Failure) -> None: ...

        def _error_page_failed(self, failure: Failure) -> None: ...

    def clear(self) -> None:
        """Start the answer anew: status 200, default headers, nothing written."""
        application = self.application
        self._headers = headers = HTTPHeaders.from_store(
            {
                "Server": application.server_header,
                "Content-Type": "text/html; charset=UTF-8",
                "Date": application.clock.date,
            }
        )
        if not application.server_header:
            del headers["Server"]
        self.set_default_headers()
        self._write_buffer = []
        self._status_code = _OK
        self._reason = "OK"

    def set_default_headers(self) -> None:
        """Override to set headers on every answer, error pages included."""

    def set_status(self, status_code: int, reason: str | None = None) -> None:
        """Set the status of the answer.

        Args:
            status_code: 200 to 599.
            reason: A reason phrase; by default the registered one, or `Unknown`.

        Raises:
            ValueError: The status is no final one, or the reason cannot be sent.
        """
        checked: object = status_code
        if not (isinstance(checked, int) and is_final(checked)):
            raise ValueError(
                f"the status of an answer is a number from 200 to 599, not {status_code!r}"
            )
        if reason is None:
            reason = reason_phrase(status_code)
        elif not is_reason(reason):
            raise ValueError(f"a reason phrase must be printable latin-1 without '<': {reason!r}")
        self._status_code = status_code
        self._reason = reason

    def get_status(self) -> int:
        """Return the status code of the answer."""
        return self._status_code

    def set_header(self, name: str, value: "HeaderValue") -> None:
        """Set a header of the answer; all former values of the name go.

        Args:
            name: The field name, in any case.
            value: Text that latin-1 can encode, UTF-8 bytes, a number, or a `datetime` (naive is UTC).

        Raises:
            ValueError: The name is no token, or the value holds a control character.
            TypeError: The value has another type.
        """
        self._headers[name] = value if type(value) is str else _header_value(value)

    def add_header(self, name: str, value: "HeaderValue") -> None:
        """Add a value to a header of the answer; see `set_header`."""
        self._headers.add(name, _header_value(value))

    def clear_header(self, name: str) -> None:
        """Remove a header with all its values; one that was never set is no error."""
        self._headers.pop(name, None)

    def write(self, chunk: Chunk) -> None:
        """Add to the body of the answer; it is sent by `flush` or `finish`.

        Args:
            chunk: Text, sent as UTF-8; bytes; or a dict, sent as JSON with that content type.

        Raises:
            RuntimeError: The answer is finished.
            TypeError: The chunk has another type.
        """
        if self._finished:
            if self._derived_head:
                return
            raise RuntimeError("cannot write() after finish()")
        if type(chunk) is str:
            self._write_buffer.append(chunk.encode())
        elif isinstance(chunk, bytes):
            self._write_buffer.append(chunk)
        else:
            self._write_buffer.append(self._encode(chunk))

    def _encode(self, chunk: Chunk) -> bytes:
        if isinstance(chunk, str):
            return str.encode(chunk)
        if isinstance(chunk, dict) or (isinstance(chunk, list) and self.serialize_lists):
            encoded = json_encode(chunk).encode()
            self._headers["Content-Type"] = "application/json; charset=UTF-8"
            return encoded
        hint = ""
        if isinstance(chunk, list):
            hint = "; a list is sent as JSON if serialize_lists = True, else wrap it in a dict"
        raise TypeError(f"write() takes str, bytes or dict, not {type(chunk).__name__}{hint}")

    def flush(self, include_footers: bool = False) -> "Deferred[None]":  # noqa: ARG002 -- see below
        """Send the head, if it is not out yet, and what was written so far.

        Args:
            include_footers: Means nothing; Tornado and cyclone 1.x have it. `finish` ends an answer.

        Returns:
            A Deferred that fires when the client keeps up; it fails with `StreamClosedError` if the
            client has gone, or asked with HEAD and has its answer. Ignoring it is no error.
        """
        if not self._finished:
            self._flush()
            if self._derived_head:
                # As `get` would go on in pieces, neither length nor entity tag are known.
                self._finish()
        elif self._derived_head:
            # Ends the loop of a `get` that streams for ever.
            return close_stream(Deferred(), "the answer to HEAD is complete")
        return self._drained()

    def _flush(self) -> None:
        if self._headers_written:
            self._exchange.write(self._transformed(finishing=False))
        elif self._before_headers is None or self._may_begin():
            self._begin()
        else:
            self._flushed = True

    def _begin(self) -> None:
        """Send the head and what was written, of an answer that comes in pieces."""
        chunk = self._complete(self._take_written(), finishing=False)
        exchange = self._exchange
        exchange.write_headers(self._status_code, self._reason, self._headers, chunk)
        self._headers_written = True

    def _drained(self) -> "Deferred[None]":
        if self._held is None:
            return self._exchange.drained() or succeed(None)
        waiter: Deferred[None] = Deferred()
        self._held.chainDeferred(waiter)
        return waiter.addCallback(lambda _: self._exchange.drained())

    def finish(self, chunk: Chunk | None = None) -> "Deferred[None]":
        """Complete the answer.

        Args:
            chunk: Written before, if given.

        Returns:
            A Deferred like that of `flush`.

        Raises:
            RuntimeError: The answer is finished already.
        """
        if not (self._finished and self._derived_head):
            if chunk is not None:
                self.write(chunk)
            self._finish()
        return self._drained()

    def _finish(self) -> None:
        if self._finished:
            if self._before_headers is not None and not self._headers_written:
                return  # by one of those functions, to send something else
            raise RuntimeError("finish() called twice")
        self._finished = True
        try:
            if self._before_headers is None or self._headers_written or self._may_begin():
                self._finish_now()
        except Exception:
            self._finished = False
            raise

    def _finish_now(self) -> None:
        if self._headers_written:
            self._finish_stream()
        else:
            self._respond()
        if self._late:
            run_in(self._context, self._answered)
        else:
            self._answered()

    def _finish_stream(self) -> None:
        chunk = self._transformed(finishing=True)
        exchange = self._exchange
        if chunk:
            exchange.write(chunk)
        exchange.finish()

    def _respond(self) -> None:
        if self._status_code == _OK:
            if self.request.method in _CACHED_METHODS:
                self._revalidate()
        elif self._status_code in BODYLESS:
            self._clear_representation_headers()
        body = self._complete(self._take_written(), finishing=True)
        self._exchange.respond(self._status_code, self._reason, self._headers, body)

    def _complete(self, chunk: bytes, *, finishing: bool) -> bytes:
        """Complete the head, and give the first piece of the body as it is sent."""
        self._before_headers = None
        if self._new_cookies is not None:
            for cookie in self._new_cookies.values():
                self._headers.add("Set-Cookie", cookie)
        if self.no_keep_alive:
            self._exchange.no_keep_alive = True
        if not self.application.transforms or self._transforms_failed:
            return chunk
        self._transforms_failed = True  # unless they come to their end: an error page goes without
        transforms = make_transforms(self.application.transforms, self.request)
        status, headers = self._status_code, self._headers
        for transform in transforms:
            status, headers, chunk = transform.transform_first_chunk(
                status, headers, chunk, finishing
            )
        if status != self._status_code:
            self.set_status(status)
        self._headers = headers
        self._transforms = transforms
        self._transforms_failed = False
        return chunk

    def _transformed(self, *, finishing: bool) -> bytes:
        """Give a further piece of the body as it is sent."""
        chunk = self._take_written()
        for transform in self._transforms or ():
            chunk = transform.transform_chunk(chunk, finishing)
        return chunk

    # What comes before the head.

    def before_headers(self, callback: Callable[[], object]) -> None:
        """Call something before the head of the answer goes out, whatever the answer is then.

        It may still set headers and cookies. Such functions are called once, in the order in which
        they were given, and what they return is waited for; what is written meanwhile is kept. If one
        fails, an error page takes the place of the answer.

        Args:
            callback: A function without arguments; it may be `async def` or return a Deferred.

        Raises:
            RuntimeError: The head is out already.
        """
        over = self._finished and self._before_headers is None and not self._rendering
        if over or self._headers_written:
            raise RuntimeError("before_headers() came after the head of the answer")
        if self._before_headers is None:
            self._before_headers = []
        self._before_headers.append(callback)

    def _may_begin(self) -> bool:
        """Call what `before_headers` was given; tells whether nothing of it is left."""
        return self._held is None and self._call_before_headers()

    def _call_before_headers(self) -> bool:
        while self._before_headers:
            callback = self._before_headers.pop(0)
            try:
                result = callback()
                waiting = None if result is None else settle(result, self._context)
            except FAILURES:
                # Not raised: whoever finishes the answer late is not the one to make an error page.
                self._fail_head(Failure())
                return False
            if waiting is not None:
                self._held = self._held or Deferred()
                waiting.addCallbacks(self._resume_head, self._fail_head)
                return False
        # It may have sent an error page instead.
        return self._before_headers is not None

    def _resume_head(self, _: object) -> None:
        run_in(self._context, self._send_held)

    def _send_held(self) -> None:
        """Send what waited for the functions of `before_headers`, if that was the last of them."""
        try:
            if not self._call_before_headers():
                return
            if self._flushed:
                self._begin()
            if self._finished and not self._rendering:
                self._finish_now()
        except Exception:  # noqa: BLE001 -- there must be an answer, as in _execute()
            self._fail_head(Failure())
            return
        self._release_waiting()

    def _fail_head(self, failure: Failure) -> None:
        self._finished = False
        self._rendering = None
        self._release_waiting()
        if self._error_pending:
            self._error_page_failed(failure)  # another one would fail in the same way
        else:
            self._fail(failure)

    def _release_waiting(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.callback(None)

    def _take_written(self) -> bytes:
        written = self._write_buffer
        self._write_buffer = []
        return written[0] if len(written) == 1 else b"".join(written)

    def _clear_representation_headers(self) -> None:
        for name in ("Content-Encoding", "Content-Language", "Content-Type"):
            self._headers.pop(name, None)

    # Entity tags.

    def _revalidate(self) -> None:
        """Tag a complete answer, and drop it if the client has it."""
        if "Etag" not in self._headers.store:
            self.set_etag_header()
        if "If-None-Match" in self.request.headers.store and self.check_etag_header():
            self.set_status(_NOT_MODIFIED)
            self._clear_representation_headers()
            self._write_buffer = []

    def compute_etag(self) -> str | None:
        """Make the `ETag` of what was written so far; override to use a cheaper one.

        It is called for a complete answer with status 200 to GET or HEAD, unless the header is set.

        Returns:
            A quoted entity tag, or None for no `ETag`.
        """
        body = b"".join(self._write_buffer)
        return f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'

    def set_etag_header(self) -> None:
        """Set `ETag` to what `compute_etag` gives, unless that is None.

        A complete answer does so by itself; call it to compare before the answer is made:
        `check_etag_header` follows.
        """
        etag = self.compute_etag()
        if etag is not None:
            self._headers["Etag"] = etag

    def check_etag_header(self) -> bool:
        """Compare the answer's `ETag` with the request's `If-None-Match` (RFC 9110 section 13.1.2).

        Returns:
            Whether the client has this answer already; the comparison is weak.
        """
        etag = self._headers.get("Etag", "").removeprefix("W/")
        condition = self.request.headers.get("If-None-Match", "")
        if not etag:
            return False
        if condition == "*":
            return True
        return etag in [tag.removeprefix("W/") for tag in _ENTITY_TAG.findall(condition)]


HeaderValue = str | bytes | int | float | dt.datetime
"""What a header may be set to."""


def _header_value(value: object) -> str:
    if isinstance(value, str):
        return str.__str__(value)  # not what an enumeration's or markup's own method says
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return http_date(aware.timestamp())
    if isinstance(value, (int, float)):
        return str(value)
    raise TypeError(f"a header value is str, bytes, a number or a datetime, not {value!r}")
