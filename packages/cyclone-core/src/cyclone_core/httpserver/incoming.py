"""The body of a request while it arrives: who takes it, and how long that may last."""

from typing import TYPE_CHECKING, Final

from cyclone_core.httpserver.clock import NEVER
from cyclone_core.limits import Limits

if TYPE_CHECKING:
    from cyclone_core.bodies import BodyReceiver

__all__ = ["IncomingBody"]

# A client may need a moment to get going, and a slow start must not cost it a short body.
_RATE_COUNTS_AFTER: Final = 10.0


class IncomingBody:
    """One body that has not come to its end; an idle connection has none.

    All times are seconds of the connection's clock.

    Attributes:
        receiver: Who takes it; None if the request is answered without it.
        continue_wanted: Whether the client waits for `100 Continue` before it sends.
        paused: Whether the application has asked to wait.
        received: Bytes that were passed on.
        heard: When the client was last waited for or heard of.
    """

    __slots__ = (
        "_paused_at",
        "_started",
        "_total",
        "continue_wanted",
        "heard",
        "paused",
        "received",
        "receiver",
    )

    def __init__(self, continue_wanted: bool, now: float) -> None:
        """Begin with a head that promises a body.

        Args:
            continue_wanted: Whether the client waits for `100 Continue`.
            now: The time.
        """
        self.receiver: BodyReceiver | None = None
        self.continue_wanted = continue_wanted
        self.paused = False
        self.received = 0
        self.heard = now
        self._started = now
        self._total = NEVER
        self._paused_at = now

    def set_timeout(self, seconds: float | None, now: float) -> None:
        """Bound the time from now to the end of the body.

        Args:
            seconds: The bound; None for none.
            now: The time.
        """
        self._total = NEVER if seconds is None else now + seconds
        self._paused_at = now

    def pause(self, now: float) -> None:
        """Take note that the application wants to wait."""
        self.paused = True
        self._paused_at = now

    def resume(self, now: float) -> None:
        """Go on; the time that the application took is not the client's."""
        self.paused = False
        waited = now - self._paused_at
        self._total += waited
        self._started += waited

    def deadline(self, limits: Limits) -> float:
        """Tell when the next piece must have come.

        Args:
            limits: `body_stall_timeout` and `min_body_rate` count, beside `set_timeout`.

        Returns:
            The earliest time at which one of them is broken.
        """
        deadline = min(self.heard + limits.body_stall_timeout, self._total)
        if limits.min_body_rate is None:
            return deadline
        # What came so far is worth this many seconds.
        paid = max(self.received / limits.min_body_rate, _RATE_COUNTS_AFTER)
        return min(deadline, self._started + paid)
