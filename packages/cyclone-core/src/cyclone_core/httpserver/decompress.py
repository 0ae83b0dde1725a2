"""Request bodies that came compressed (`decompress_request`).

Theory of operation. The bytes of such a body are bounded as those of any other; its inflated size is
bounded by `max_body_size` as well, which may be set until then. Deflate makes 1032 bytes of one at most,
so 100 KiB may become the 100 MiB that are allowed by default: that takes some tenths of a second, in
turns between which the reactor serves others, and memory only up to `body_memory_limit`. A bound on the
ratio was rejected: logs and sparse tables of honest clients reach hundreds to one, so it would have to
be so high that a smaller `max_body_size` does more.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPInputError
from cyclone_core.httpserver.clock import CoarseClock
from cyclone_core.httpserver.exchange import BodyReceiver
from cyclone_core.httpserver.inflate import CODINGS, Inflater
from cyclone_core.httputil import HTTPServerRequest

__all__ = ["DecompressedBody", "UnsupportedCoding", "consume_coding"]

# 1 MiB, which takes some milliseconds: others wait no longer, whatever a client has sent.
_STEPS_IN_ONE_TURN: Final = 16

_CONTENT_TOO_LARGE: Final = 413
_UNSUPPORTED_MEDIA_TYPE: Final = 415


class UnsupportedCoding(HTTPInputError):  # noqa: N818 -- named like the status
    """A body has a coding that is not decoded: status 415 (RFC 9110 section 15.5.16)."""

    http_headers = MappingProxyType({"Accept-Encoding": "gzip, deflate"})

    def __init__(self, coding: str) -> None:
        """Describe the mistake.

        Args:
            coding: The `Content-Encoding` that was sent.
        """
        message = f"a body with Content-Encoding {coding!r} came; gzip or deflate are decoded"
        super().__init__(message, _UNSUPPORTED_MEDIA_TYPE)


def consume_coding(request: HTTPServerRequest) -> str | None:
    """Take the content coding off a request whose body is going to be decoded.

    `Content-Encoding` becomes `X-Consumed-Content-Encoding`, as in Tornado; `Content-Length` remains
    that of what was sent. `identity` is no coding. An unknown coding, and a list of several, which is
    what bombs send and not what clients do, becomes the request's `body_error`.

    Args:
        request: A request whose body is still to come.

    Returns:
        The coding, for `DecompressedBody`; None if there is none to decode.
    """
    headers = request.headers
    sent = headers.get("Content-Encoding", "")
    codings = [name for each in sent.split(",") if (name := each.strip(" \t").lower())]
    codings = [name for name in codings if name != "identity"]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in CODINGS:
        request.body_error = UnsupportedCoding(sent)
        return None
    headers["X-Consumed-Content-Encoding"] = sent
    del headers["Content-Encoding"]
    return codings[0]


class DecompressedBody:
    """Decodes a body on its way to who takes it: a `BodyReceiver` in front of another one.

    It waits while the receiver behind it waits, and lets the reactor turn after each 1 MiB.
    """

    __slots__ = (
        "_clock",
        "_done",
        "_ended",
        "_inflater",
        "_receiver",
        "_refuse",
        "_request",
        "_size",
        "_steps",
    )

    def __init__(
        self,
        request: HTTPServerRequest,
        coding: str,
        receiver: BodyReceiver,
        refuse: Callable[[HTTPInputError], object],
        clock: CoarseClock,
    ) -> None:
        """Make a decoder.

        Args:
            request: The request; its exchange knows how large the decoded body may be.
            coding: What `consume_coding` has returned.
            receiver: Who takes the decoded body.
            refuse: Called with the client's mistake: status 413 if the body is too large, 400 if it is
                malformed. Then nothing more comes, and no method of the receiver is called.
            clock: What calls again in the next turn of the reactor.
        """
        self._request = request
        self._receiver = receiver
        self._refuse = refuse
        self._clock = clock
        self._inflater = Inflater(coding)
        self._size = 0
        self._steps = 0
        self._done: Deferred[object] | None = None
        self._ended = False

    def data_received(self, chunk: bytes) -> Deferred[object] | None:
        """Decode a piece and pass on what it holds.

        Args:
            chunk: The next bytes of the compressed body.

        Returns:
            None, or a Deferred that fires when all of it was taken.
        """
        if self._ended:
            return None
        self._inflater.feed(chunk)
        self._steps = 0
        wait = self._decode()
        if wait is None:
            return None
        self._done = done = Deferred[object]()
        wait.addCallbacks(self._go_on, self._fail)
        return done

    def body_finished(self) -> None:
        """Pass the end on, if it is one; a body without a byte has nothing that could be decoded."""
        if self._ended:
            return
        if not self._inflater.complete:
            self._end_with(HTTPInputError("the compressed body is cut off in the middle"))
            return
        self._ended = True
        self._receiver.body_finished()

    def body_failed(self) -> None:
        """Pass on that the rest will not come."""
        self._done = None
        if not self._ended:
            self._ended = True
            self._receiver.body_failed()

    def refuse(self, error: HTTPInputError) -> None:
        """Pass on what is wrong with the body beside its coding.

        Args:
            error: The client's mistake.
        """
        self._done = None
        if not self._ended:
            self._end_with(error)

    def _decode(self) -> Deferred[object] | None:
        """Decode what there is; returns what must be waited for before the rest of it."""
        inflater = self._inflater
        while inflater.waiting and not self._ended:
            if self._steps == _STEPS_IN_ONE_TURN:
                return self._next_turn()
            self._steps += 1
            try:
                piece = self._check(inflater.take())
            except HTTPInputError as error:
                # Its traceback leads here, and from here to the request that keeps it.
                self._end_with(error.with_traceback(None))
                break
            wait = self._receiver.data_received(piece) if piece else None
            if wait is not None:
                return wait
        return None

    def _check(self, piece: bytes) -> bytes:
        self._size += len(piece)
        exchange = self._request.connection
        most = self._request.limits.max_body_size if exchange is None else exchange.max_body_size
        if self._size > most:
            message = f"the body inflates to more than {most} bytes"
            raise HTTPInputError(message, _CONTENT_TOO_LARGE)
        return piece

    def _end_with(self, error: HTTPInputError) -> None:
        self._ended = True
        self._refuse(error)

    def _next_turn(self) -> Deferred[object]:
        self._steps = 0
        turn = Deferred[object]()
        self._clock.call_soon(lambda: turn.callback(None))
        return turn

    def _go_on(self, _: object) -> None:
        if self._done is None:
            return  # the body has failed in the meantime
        try:
            wait = self._decode()
        except Exception:  # noqa: BLE001 -- whatever the receiver raises is the connection's to answer
            self._fail(Failure())
            return
        if wait is not None:
            wait.addCallbacks(self._go_on, self._fail)
            return
        done, self._done = self._done, None
        if done is not None:
            done.callback(None)

    def _fail(self, failure: Failure) -> None:
        done, self._done = self._done, None
        if done is not None:
            done.errback(failure)
