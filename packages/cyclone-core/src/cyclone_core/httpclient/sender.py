"""Sending the body of a request piece by piece, no faster than the server takes it."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IConsumer, IPushProducer
from twisted.logger import Logger
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from cyclone_core.errors import HTTPOutputError

__all__ = ["BodySender"]

_log = Logger(namespace="cyclone.httpclient")


@implementer(IConsumer, IPushProducer)
class BodySender:
    """Stands between the producer of a body and the transport: it counts, or frames chunks.

    Attributes:
        done: Whether all of the body is with the transport.
    """

    def __init__(
        self,
        producer: IBodyProducer,
        length: int | None,
        transport: Any,  # noqa: ANN401 -- ITCPTransport and IConsumer
        moved: Callable[[], None],
    ) -> None:
        """Prepare to send a body.

        Args:
            producer: What makes it.
            length: How many bytes that will be; None for chunks.
            transport: Where it goes.
            moved: Called when a piece is there, and when the server has taken what was there.
        """
        self.done = False
        self._producer = producer
        self._transport = transport
        self._moved = moved
        self._length = length
        self._left = length or 0
        self._registered = False
        self._started = False

    def start(self) -> Deferred[None]:
        """Begin.

        Returns:
            A Deferred that fires when all of it is with the transport. It fails with whatever the
            producer fails with, or with `HTTPOutputError` if that makes more or less than it has said.
        """
        self._registered = True
        self._transport.registerProducer(self, streaming=True)
        if not self._registered:
            return succeed(None)  # the connection is lost already, which is told elsewhere
        self._started = True
        try:
            waiting: object = self._producer.startProducing(self)
        except Exception:  # noqa: BLE001 -- a program's, which its caller is to see
            self._unregister()
            return fail()
        if not isinstance(waiting, Deferred):
            self._unregister()
            kind = type(waiting).__name__
            return fail(TypeError(f"startProducing() of a body returns a Deferred, not {kind}"))
        return waiting.addCallbacks(self._finished, self._failed)

    def stop(self) -> None:
        """End before the end: the server wants no more, or has gone."""
        if self._registered:
            self._unregister()
            if self._started:
                try:
                    self._producer.stopProducing()
                except Exception:  # noqa: BLE001 -- a program's; whoever stops has other things to end
                    _log.failure("A body could not be stopped")

    # What the producer calls.

    def write(self, data: bytes) -> None:
        """Send a piece."""
        if not self._registered:
            return  # nobody wants it any more
        self._moved()
        if self._length is None:
            if data:
                self._transport.writeSequence([b"%x\r\n" % len(data), data, b"\r\n"])
            return
        if len(data) > self._left:
            raise HTTPOutputError(
                f"the body of the request is longer than its length, {self._length} bytes"
            )
        self._left -= len(data)
        self._transport.write(data)

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: N802 -- Twisted's name
        """Take note of nothing: the producer of a body is known already."""

    def unregisterProducer(self) -> None:  # noqa: N802 -- Twisted's name
        """Do nothing, as above."""

    # What the transport calls.

    def pauseProducing(self) -> None:
        """Pause: the server takes no more for now."""
        self._producer.pauseProducing()

    def resumeProducing(self) -> None:
        """Go on: there is room."""
        self._moved()
        self._producer.resumeProducing()

    def stopProducing(self) -> None:
        """End: the connection is lost."""
        self.stop()

    def _finished(self, _: object) -> None:
        if not self._registered:
            return
        if self._left:
            self._unregister()
            raise HTTPOutputError(
                f"the body of the request lacks {self._left} of its {self._length} bytes"
            )
        if self._length is None:
            self._transport.write(b"0\r\n\r\n")
        self._unregister()
        self.done = True

    def _failed(self, failure: Any) -> Any:  # noqa: ANN401 -- a Failure
        self._unregister()
        return failure

    def _unregister(self) -> None:
        if self._registered:
            self._registered = False
            self._transport.unregisterProducer()
