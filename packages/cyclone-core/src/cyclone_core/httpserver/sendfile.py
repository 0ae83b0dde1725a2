"""Sending a part of a file as a piece of a body: `Exchange.send_file` on HTTP/1.1.

Where the bytes of the file are the bytes on the wire, the kernel moves them from the file to the socket
(`sendfile(2)`), which costs a fifth of reading and writing them, and no memory. That goes past Twisted's
transport, so it is done only while the transport has nothing queued; and it is told when there is room as
any producer of the transport is. All else is read and written in pieces: chunks, TLS, and files that are
no files of the system.

Both ways have the same bounds as every other answer: the kernel takes no more than it can send (see
`cyclone_core.sending`), a client that takes nothing is cut off after `write_timeout`, and one
that takes everything waits for its turn after 1 MiB.
"""

import errno
import io
import os
from collections.abc import Callable
from typing import IO, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPOutputError, StreamClosedError
from cyclone_core.http1 import ResponseWriter
from cyclone_core.httpserver.link import Link
from cyclone_core.httpserver.streams import close_stream
from cyclone_core.sending import (
    LARGEST_UNSENT,
    LARGEST_UNSENT_OF_FILE,
    bound_unsent,
    count_unsent,
    has_socket,
)

__all__ = ["FileTransfer"]

# As much as Twisted's transport keeps before it asks a producer to pause.
_PIECE: Final = 64 * 1024

# So much of a file goes in one turn of the reactor: as much work as 256 KiB that are copied.
_BY_KERNEL: Final = 1024 * 1024

# What a kernel or a file system says that cannot do it, although it has the call.
_UNABLE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


class FileTransfer:
    """A part of a file on its way to a client.

    Attributes:
        active: Whether it goes on; meanwhile nothing else may be written.
    """

    __slots__ = (
        "_abort",
        "_by_kernel",
        "_count",
        "_done",
        "_file",
        "_link",
        "_offset",
        "_raised",
        "_writer",
        "active",
    )

    def __init__(
        self, link: Link, writer: ResponseWriter, file: IO[bytes], abort: Callable[[str], None]
    ) -> None:
        """Prepare a transfer; nothing is sent.

        Args:
            link: The connection.
            writer: What frames the answer.
            file: A binary file; it is not closed.
            abort: Cuts the connection and says why, unless the answer is over.
        """
        self.active = False
        self._link = link
        self._writer = writer
        self._file = file
        self._abort = abort

    def start(self, offset: int, count: int) -> Deferred[None]:
        """Send.

        Args:
            offset: Where to begin, bytes from the start of the file.
            count: How many bytes to send.

        Returns:
            See `Exchange.send_file`. Cancelling it cuts the connection.
        """
        self._done: Deferred[None] = Deferred(self._cancel)
        done = self._done
        self._offset = offset
        self._count = count
        self.active = True
        self._raised = False
        self._by_kernel = _is_plain(self._file) and has_socket(self._link.transport)
        if not self._by_kernel or type(self._file) is not io.FileIO:
            # This also writes what a buffered file was given and has not written yet.
            self._file.seek(offset)
        self._go_on(None)
        return done

    def _cancel(self, _: object) -> None:
        self._abort("the sending of a file was cancelled")

    def _go_on(self, _: object) -> None:
        try:
            while self._count:
                waiting = self._send_by_kernel() if self._by_kernel else self._send_piece()
                if waiting is not None:
                    waiting.addCallbacks(self._go_on, self._stop)
                    return
        except (ConnectionError, TimeoutError) as error:
            # The reactor would find out in its next turn, if it were told once more.
            self._abort(str(error))
            self._stop(Failure(StreamClosedError(str(error))))
        except Exception as error:  # noqa: BLE001 -- whatever reading raises is the caller's to know
            self.active = False
            if self._writer.started:
                self._abort(f"a file could not be sent: {error}")
            self._done.errback()
        else:
            self.active = False
            self._done.callback(None)

    def _stop(self, failure: Failure) -> None:
        """Tell who waits for the end that the client has gone."""
        self.active = False
        close_stream(self._done, failure.getErrorMessage())

    def _send_by_kernel(self) -> Deferred[None] | None:
        """Send what the socket takes; returns what must be waited for before more is sent."""
        link = self._link
        if self._writer.room < self._count:
            self._read_instead()  # in chunks, or not at all: then it is refused there
            return None
        waiting = link.wait_for_turn()
        if waiting is not None:
            return waiting
        if not self._raised and self._count > LARGEST_UNSENT:
            self._raised = True
            bound_unsent(link.transport, LARGEST_UNSENT_OF_FILE)
        wanted = min(self._count, _BY_KERNEL)
        try:
            sent = os.sendfile(link.transport.fileno(), self._file.fileno(), self._offset, wanted)
        except BlockingIOError:
            return link.wait_until_writable()
        except OSError as error:
            if error.errno in _UNABLE:
                self._read_instead()
                return None
            raise
        if not sent:
            raise self._too_short()
        self._writer.count_data(sent)
        self._offset += sent
        self._count -= sent
        link.count_sent(sent)
        if self._count:
            # As long as it has room, the socket would take the file of one client to its end.
            return link.wait_until_writable()
        self._lower()
        # What the client has not taken when this is over may be no more than that of other answers.
        left = count_unsent(link.transport) or 0
        return link.wait_until_writable() if left > LARGEST_UNSENT else None

    def _read_instead(self) -> None:
        self._by_kernel = False
        self._lower()
        self._file.seek(self._offset)

    def _lower(self) -> None:
        if self._raised:
            self._raised = False
            bound_unsent(self._link.transport)

    def _send_piece(self) -> Deferred[None] | None:
        """Send a piece; returns what must be waited for before more is sent."""
        piece = self._file.read(min(self._count, _PIECE))
        if not piece:
            raise self._too_short()
        data = self._writer.send_data(piece)
        if data:
            self._link.write_now(data)
        self._offset += len(piece)
        self._count -= len(piece)
        return self._link.drained()

    def _too_short(self) -> HTTPOutputError:
        return HTTPOutputError(f"the file ended {self._count} bytes too early")


def _is_plain(file: IO[bytes]) -> bool:
    """Tell whether reading a file gives the bytes that the system has: a `GzipFile` gives others."""
    raw = file.raw if isinstance(file, (io.BufferedReader, io.BufferedRandom)) else file
    return type(raw) is io.FileIO and hasattr(os, "sendfile")
