"""One call of a WSGI application, in a thread (PEP 3333)."""

import io
import os
import re
import stat
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from twisted.python.failure import Failure

from cyclone_core.errors import HTTPOutputError
from cyclone_core.http1.status import BODYLESS, NO_CONTENT, RESET_CONTENT, is_reason, reason_phrase
from cyclone_core.httputil import HTTPHeaders
from cyclone_core.wsgi.delivery import ClientGoneError, Delivery, Head
from cyclone_core.wsgi.environ import FileWrapper

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Call"]

_NO_BODY: Final = BODYLESS | {RESET_CONTENT}

_STATUS: Final = re.compile(r"([2-5][0-9]{2})(?: (.*))?", re.DOTALL)

# What belongs to the connection and not to the answer (PEP 3333, "Other HTTP Features").
_HOP_BY_HOP: Final = frozenset(
    {"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer"}
    | {"Trailers", "Transfer-Encoding", "Upgrade"}
)

_ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class Call:
    """Calls an application and passes on what it answers.

    All of it happens in one thread: what an application keeps for each thread, a database connection
    for example, is there from the first line to `close()`.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        delivery: Delivery,
        *,
        summary: str,
        defaults: HTTPHeaders,
        close_later: Callable[[Callable[[], object]], object],
    ) -> None:
        """Prepare a call.

        Args:
            application: The application.
            delivery: What takes the answer.
            summary: The request, for the log.
            defaults: Header fields that the answer gets if the application does not set them.
            close_later: Calls a function in some thread of the pool.
        """
        self._application = application
        self._delivery = delivery
        self._summary = summary
        self._defaults = defaults
        self._close_later = close_later
        self._head: Head | None = None
        self._begun = False
        self._complete = False
        self._owed: int | None = None  # what is left of the Content-Length

    def run(self, make_environ: Callable[[], dict[str, Any]]) -> None:
        """Call the application, iterate over what it returns, and close that; it raises nothing.

        Args:
            make_environ: Makes the environment.
        """
        result: Iterable[bytes] | None = None
        try:
            result = self._application(make_environ(), self._start_response)
            if isinstance(result, FileWrapper) and self._hand_over(result):
                return
            self._send_all(result)
        except ClientGoneError:
            pass
        except BaseException:  # noqa: BLE001 -- SystemExit too must not end a thread of the pool
            self._delivery.fail(Failure(), f"Uncaught exception in WSGI: {self._summary}")
        self._close(result)

    def _close(self, result: object) -> None:
        try:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        except BaseException:  # noqa: BLE001 -- as above
            self._delivery.log(Failure(), f"close() failed in WSGI: {self._summary}")

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if self._begun and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # the traceback refers to this frame
        elif self._head is not None:
            raise HTTPOutputError(
                "start_response() was called twice: the second time needs exc_info, for an error page"
            )
        self._head = _head(status, headers, self._defaults)
        return self._write

    def _write(self, chunk: bytes) -> None:
        if self._complete and not self._has_no_body and chunk:
            raise HTTPOutputError("write() goes on behind the Content-Length of the answer")
        self._send(chunk, last=False)

    def _send_all(self, result: Iterable[bytes]) -> None:
        single = isinstance(result, (list, tuple)) and len(result) == 1 and not self._begun
        for chunk in result:
            self._send(chunk, last=single)
            if self._complete:
                return
        if not self._complete:
            self._end()

    def _send(self, chunk: bytes, *, last: bool) -> None:
        if not isinstance(chunk, bytes):
            raise TypeError(
                f"a WSGI application answers with bytes, not {type(chunk).__name__}: {chunk!r:.60}"
            )
        if self._delivery.gone is not None:
            raise ClientGoneError(self._delivery.gone)
        if not chunk or self._complete:
            return  # the head waits for the first byte: until then it can be replaced
        head = None if self._begun else self._begin()
        if head is not None and last and head.status not in _NO_BODY:
            head.headers.setdefault("Content-Length", str(len(chunk)))
        if self._has_no_body:
            self._complete = True
            self._delivery.send(b"", head=head, last=True)
            return
        if head is not None and "Content-Length" in head.headers:
            self._owed = _length(head.headers["Content-Length"])
        if self._owed is not None:
            if len(chunk) > self._owed:
                self._delivery.warn(f"more bytes than Content-Length in WSGI: {self._summary}")
                chunk = chunk[: self._owed]
            self._owed -= len(chunk)
            self._complete = self._owed == 0
        self._delivery.send(chunk, head=head, last=self._complete)

    def _end(self) -> None:
        # With less than its Content-Length the answer is cut off: the exchange sees to it.
        self._delivery.send(b"", head=None if self._begun else self._begin(), last=True)

    def _begin(self) -> Head:
        if self._head is None:
            raise HTTPOutputError("the WSGI application has not called start_response()")
        self._begun = True
        return self._head

    @property
    def _has_no_body(self) -> bool:
        status = 0 if self._head is None else self._head.status
        return self._delivery.is_head or status in _NO_BODY

    def _hand_over(self, wrapper: FileWrapper) -> bool:
        """Leave a plain file to the reactor, which needs no thread for it."""
        file = wrapper.filelike
        if self._begun or self._head is None or self._has_no_body or not _is_plain(file):
            return False
        offset = file.tell()
        count = max(os.fstat(file.fileno()).st_size - offset, 0)
        head = self._begin()
        promised = head.headers.setdefault("Content-Length", str(count))
        count = min(count, _length(promised))

        def close() -> None:
            try:
                self._close_later(lambda: self._close(wrapper))
            except RuntimeError:  # the executor was shut down
                self._close(wrapper)

        self._delivery.send_file(head, file, offset, count, close)
        return True


def _is_plain(file: object) -> bool:
    """Tell whether a file's bytes are those of its descriptor: those of a `GzipFile` are not."""
    raw = file.raw if isinstance(file, (io.BufferedReader, io.BufferedRandom)) else file
    return isinstance(raw, io.FileIO) and stat.S_ISREG(os.fstat(raw.fileno()).st_mode)


def _length(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise HTTPOutputError(f"Content-Length must be one number of bytes, not {value[:40]!r}")
    return int(value)


def _head(status: str, headers: list[tuple[str, str]], defaults: HTTPHeaders) -> Head:
    given: object = status
    match = _STATUS.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise ValueError(
            f"a WSGI status is a str such as '200 OK', from 200 to 599, not {status!r}"
        )
    code = int(match[1])
    reason = match[2] or reason_phrase(code)
    if not is_reason(reason):
        raise ValueError(f"a reason phrase must be printable latin-1 without '<': {reason!r}")
    if not isinstance(headers, list):
        raise TypeError(f"WSGI headers are a list of pairs, not {type(headers).__name__}")
    fields = HTTPHeaders(headers)
    for name in fields:
        if name in _HOP_BY_HOP:
            raise ValueError(f"the header {name} is the server's: a WSGI application cannot set it")
    for name, value in defaults.items():
        fields.setdefault(name, value)
    if code == NO_CONTENT:
        fields.pop("Content-Length", None)
    return Head(code, reason, fields)
