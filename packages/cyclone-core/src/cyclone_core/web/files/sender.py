"""Sending what was found: the part of `StaticFileHandler` that takes time."""

from collections.abc import Coroutine, Iterable, Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from cyclone_core.coroutines import settle
from cyclone_core.errors import StreamClosedError
from cyclone_core.web.files.finder import FileFinder
from cyclone_core.web.files.opening import OpenFile
from cyclone_core.web.output_transform import OutputTransform

__all__ = ["SMALL", "FileSender", "Rest"]

Rest = Deferred[None] | Coroutine[Any, Any, None]
"""What is left to do when the answer has begun."""

SMALL: Final = 64 * 1024
"""Bytes that are read at once. More of a file is never in memory."""


class FileSender(FileFinder):
    """The part of `StaticFileHandler` that sends larger files, and content that is made in pieces.

    Who has called `get` need not wait for it: the answer is finished when all was sent, as a page is that
    waits for its parts.
    """

    _sending = False  # get() has returned and goes on
    _finish_wanted = False  # who has called get() did not wait for it

    def _send_file(self, file: OpenFile, part: range) -> Rest:
        """Send a part of a file that is too large to be read at once."""
        self._flush()
        if not (self._headers_written and all(map(_passes_on, self._transforms or ()))):
            return self._send_pieces(_pieces(file, part))
        sending = self._exchange.send_file(file.file(), part.start, len(part))
        return sending.addBoth(self._file_sent)

    def _file_sent(self, result: Failure | None) -> Failure | None:
        self._close_files()
        if result is not None and result.check(StreamClosedError):
            return None  # nobody is left to send it to
        return result

    def _send_content(self, part: range, size: int) -> Rest | None:
        """Send what an override of `get_content` gives."""
        start, end = (None, None) if len(part) == size else (part.start, part.stop)
        content = self.get_content(str(self.absolute_path), start, end)
        if isinstance(content, bytes):
            self.write(content)
            return None
        return self._send_pieces(content)

    async def _send_pieces(self, content: Iterable[bytes]) -> None:
        try:
            for piece in content:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            pass  # nobody is left to send it to
        finally:
            close = getattr(content, "close", None)
            if close is not None:
                close()
            self._close_files()

    def _send_later(self, rest: Rest) -> Deferred[None]:
        """Do what is left to do, which may take some time."""
        waiting = settle(rest, self._context)
        if waiting is None:
            return succeed(None)
        self._sending = True
        return waiting.addCallbacks(self._end_sending, self._fail_sending)

    def _finish(self) -> None:
        if self._sending and not self._error_pending:
            self._finish_wanted = True  # who has called get() and does not wait
        else:
            super()._finish()

    def _end_sending(self, _: object) -> None:
        self._sending = False
        if self._finish_wanted:
            self._resume(None, self._finish)

    def _fail_sending(self, failure: Failure) -> Failure | None:
        self._sending = False
        if not self._finish_wanted:
            return failure
        self._fail(failure)
        return None


def _pieces(file: OpenFile, part: range) -> Iterator[bytes]:
    for start in range(part.start, part.stop, SMALL):
        yield file.read(start, min(SMALL, part.stop - start))


def _passes_on(transform: OutputTransform) -> bool:
    """Tell whether a transform leaves alone what follows the first piece."""
    if getattr(transform, "passes_on", False):
        return True
    method = getattr(transform.transform_chunk, "__func__", None)
    return method is OutputTransform.transform_chunk
