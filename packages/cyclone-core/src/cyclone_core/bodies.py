"""Bodies of messages on their way: who takes them, and the step that decodes them.

Requests and answers alike: nothing here knows which of the two it is.
"""

from collections.abc import Callable
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from cyclone_core.errors import HTTPInputError
from cyclone_core.httputil.inflate import Inflater

__all__ = ["BodyReceiver", "DecompressedBody"]

# 1 MiB, which takes some milliseconds: others wait no longer, whatever a peer has sent.
_STEPS_IN_ONE_TURN: Final = 16

_CONTENT_TOO_LARGE: Final = 413


class BodyReceiver(Protocol):
    """Takes the body of one message.

    That of a request may have a method `refuse(error)`, too, which is called instead of `body_failed`
    when the client breaks a rule or a limit in the middle of the body: it answers the `HTTPInputError`.
    Without it the connection does, with a page of its own.
    """

    def data_received(self, chunk: bytes) -> Deferred[object] | None:
        """Take a piece.

        Args:
            chunk: The next bytes of the body.

        Returns:
            None to go on, or a Deferred: the next piece comes when it has fired.
        """
        ...

    def body_finished(self) -> None:
        """Take note that the body is complete."""
        ...

    def body_failed(self) -> None:
        """Take note that the rest of the body will never come."""
        ...


class DecompressedBody:
    """Decodes a body on its way to who takes it: a `BodyReceiver` in front of another one.

    It waits while the receiver behind it waits, and lets the reactor turn after each 1 MiB.
    """

    __slots__ = (
        "_call_soon",
        "_done",
        "_ended",
        "_inflater",
        "_limit",
        "_receiver",
        "_refuse",
        "_size",
        "_steps",
    )

    def __init__(
        self,
        inflater: Inflater,
        receiver: BodyReceiver,
        refuse: Callable[[HTTPInputError], object],
        limit: Callable[[], int],
        call_soon: Callable[[Callable[[], object]], object],
    ) -> None:
        """Make a decoder.

        Args:
            inflater: What decodes.
            receiver: Who takes the decoded body.
            refuse: Called with the peer's mistake: status 413 if the body is too large, 400 if it is
                malformed. Then nothing more comes, and no method of the receiver is called.
            limit: Tells how many bytes the decoded body may have.
            call_soon: Calls a function in the next turn of the reactor.
        """
        self._inflater = inflater
        self._receiver = receiver
        self._refuse = refuse
        self._limit = limit
        self._call_soon = call_soon
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
            error: The peer's mistake.
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
        most = self._limit()
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
        self._call_soon(lambda: turn.callback(None))
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
