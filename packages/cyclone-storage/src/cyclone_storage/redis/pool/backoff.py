"""When to try again: soon after a connection that lasted, later and later after failures."""

import random
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

__all__ = ["LASTING", "Backoff", "retry_delay"]

# A connection that was lost sooner counts as a failed attempt: a server that accepts and hangs up
# (too many clients, a wrong certificate) would otherwise be asked without a pause.
LASTING: Final = 1.0
# Seconds within which the first attempt after a lasting connection follows. At random, as all
# clients of a server lose it at the same moment.
_SOON: Final = 0.1


def retry_delay(
    attempt: int, initial: float, factor: float, longest: float, jitter: float | None
) -> float:
    """Return the seconds to wait before an attempt to connect.

    Args:
        attempt: How many attempts have failed, one or more.
        initial: Seconds after the first.
        factor: By how much they grow with each.
        longest: Seconds that are never exceeded.
        jitter: The part of it, from 0 to 1, that is left to chance; None for none.
    """
    try:
        delay = min(initial * factor ** (attempt - 1), longest)
    except OverflowError:
        delay = longest
    # Downwards, so that the cap holds; what the delay is for needs differences and not a mean.
    spread = random.uniform(1.0 - (jitter or 0.0), 1.0)  # noqa: S311 -- no secret
    return max(0.0, delay * spread)


class Backoff:
    """Calls something again after a pause that grows."""

    def __init__(
        self, clock: IReactorTime, delay_of: Callable[[int], float], again: Callable[[], object]
    ) -> None:
        """Begin with no failures.

        Args:
            clock: What time it has.
            delay_of: Gives the seconds before the next attempt for the number of those that failed.
            again: What makes an attempt.
        """
        self._clock = clock
        self._delay_of = delay_of
        self._again = again
        self._timer: IDelayedCall | None = None
        self.failures = 0

    def ended(self, lasted: float | None) -> None:
        """Plan the next attempt.

        Args:
            lasted: Seconds for which there was a connection; None if there was none.
        """
        if lasted is not None and lasted >= LASTING:
            self.failures = 0
            delay = random.uniform(0.0, _SOON)  # noqa: S311 -- no secret
        else:
            self.failures += 1
            delay = self._delay_of(self.failures)
        self._plan(delay)

    def at_once(self) -> None:
        """Plan the next attempt for now: we have closed the connection ourselves."""
        self.failures = 0
        self._plan(0.0)

    def _plan(self, delay: float) -> None:
        self.cancel()
        clock: Any = self._clock
        self._timer = clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._again()

    @property
    def waits(self) -> bool:
        """Whether an attempt is planned."""
        return self._timer is not None

    def cancel(self) -> None:
        """Plan nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
