"""Writing the answer to a request."""

import datetime as dt
import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, succeed

from cyclone_core.http1.status import BODYLESS, is_final, is_reason, reason_phrase
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.httputil import HTTPHeaders, http_date
from cyclone_core.web.base import HandlerBase
from cyclone_core.web.context import run_in
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

    if TYPE_CHECKING:

        def _answered(self) -> None: ...

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

    def flush(self) -> "Deferred[None]":
        """Send the head, if it is not out yet, and what was written so far.

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
        return self._exchange.drained() or succeed(None)

    def _flush(self) -> None:
        chunk = self._take_written()
        exchange = self._exchange
        if self._headers_written:
            exchange.write(chunk)
        else:
            if self.no_keep_alive:
                exchange.no_keep_alive = True
            exchange.write_headers(self._status_code, self._reason, self._headers, chunk)
            self._headers_written = True

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
        return self._exchange.drained() or succeed(None)

    def _finish(self) -> None:
        if self._finished:
            raise RuntimeError("finish() called twice")
        self._finished = True
        try:
            if self._headers_written:
                self._finish_stream()
            else:
                self._respond()
        except Exception:
            self._finished = False
            raise
        if self._late:
            run_in(self._context, self._answered)
        else:
            self._answered()

    def _finish_stream(self) -> None:
        chunk = self._take_written()
        exchange = self._exchange
        if chunk:
            exchange.write(chunk)
        exchange.finish()

    def _respond(self) -> None:
        written = self._write_buffer
        body = written[0] if len(written) == 1 else b"".join(written)
        if self._status_code == _OK:
            if self.request.method in _CACHED_METHODS:
                body = self._revalidated(body)
        elif self._status_code in BODYLESS:
            self._clear_representation_headers()
        exchange = self._exchange
        if self.no_keep_alive:
            exchange.no_keep_alive = True
        exchange.respond(self._status_code, self._reason, self._headers, body)

    def _take_written(self) -> bytes:
        written = self._write_buffer
        self._write_buffer = []
        return written[0] if len(written) == 1 else b"".join(written)

    def _clear_representation_headers(self) -> None:
        for name in ("Content-Encoding", "Content-Language", "Content-Type"):
            self._headers.pop(name, None)

    # Entity tags.

    def _revalidated(self, body: bytes) -> bytes:
        if "Etag" not in self._headers.store:
            etag = self.compute_etag(body)
            if etag is not None:
                self._headers["Etag"] = etag
        if "If-None-Match" in self.request.headers.store and self.check_etag_header():
            self.set_status(_NOT_MODIFIED)
            self._clear_representation_headers()
            return b""
        return body

    def compute_etag(self, body: bytes) -> str | None:
        """Make the `ETag` of a complete answer with status 200; override to use a cheaper one.

        Args:
            body: The body that would be sent.

        Returns:
            A quoted entity tag, or None for no `ETag`.
        """
        return f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'

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
