"""SIGHUP renews certificates, as in other servers; a terminal that closes still ends its server."""

import os
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from cyclone_core.tls import TLSError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyclone_core.cli.bindings import Reactor, Reloadable

__all__ = ["HangupHandler"]

_log = Logger(namespace="cyclone.cli")

# The same signal for two things: what an administrator sends, and what the kernel sends when the
# terminal goes. The latter is known by the terminal, which cannot be opened any more.
_TERMINAL = "/dev/tty"


class HangupHandler:
    """Handles SIGHUP while a server runs; who handled it in Python before is called as well.

    Args:
        bindings: What is renewed.
        reactor: The reactor that runs.
    """

    def __init__(self, bindings: "Sequence[Reloadable]", reactor: "Reactor") -> None:
        self._bindings = bindings
        self._reactor = reactor
        self._has_terminal = False
        self._previous: Any = None

    def install(self) -> None:
        """Begin, if there is such a signal and this thread may handle it."""
        if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
            self._has_terminal = _terminal_opens()
            self._previous = signal.signal(signal.SIGHUP, self._received)

    def uninstall(self) -> None:
        """Leave the signal to whom it belonged, unless somebody else has taken it over."""
        # None stands for a handler that is not Python's: it cannot be put back.
        if self._previous is not None and signal.getsignal(signal.SIGHUP) == self._received:
            signal.signal(signal.SIGHUP, self._previous)
            self._previous = None

    def _received(self, signum: int, frame: FrameType | None) -> None:
        # Between any two instructions of the program: the work is done later, in the reactor.
        if self._has_terminal and not _terminal_opens():
            # `nohup` has the signal ignored, and goes on.
            if self._previous is signal.SIG_DFL:
                self._reactor.callFromThread(self._reactor.stop)
        else:
            self._reactor.callFromThread(self._reload)
        if callable(self._previous):
            self._previous(signum, frame)

    def _reload(self) -> None:
        for binding in self._bindings:
            try:
                binding.reload()
            except TLSError as error:
                _log.error("The old certificate stays in use. {reason}", reason=str(error))
            else:
                _log.info("The certificate was read again; new connections get it.")


def _terminal_opens() -> bool:
    try:
        os.close(os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
