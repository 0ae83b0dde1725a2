"""SIGHUP: certificates are renewed, terminals that close end their server."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs

from cyclone_core.cli import hangup
from cyclone_core.cli.binding_tcp import TCPBinding, TLSBinding
from cyclone_core.cli.hangup import HangupHandler
from cyclone_core.cli.service import CycloneService
from cyclone_core.tls import CertificateError, PrivateKeyError

FACTORY = ServerFactory()


class Renewable:
    """A binding that counts, or fails.

    Args:
        error: What renewing it raises, or None.
    """

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.count = 0

    def reload(self) -> None:
        """Count or fail."""
        self.count += 1
        if self.error is not None:
            raise self.error


class Reactor(MemoryReactorClock):
    """A reactor that does what it was asked when the test says so.

    Attributes:
        calls: What it was asked.
        stopped: Whether it was told to end.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[Callable[[], object]] = []
        self.stopped = False

    def callFromThread(self, callable: Callable[[], object]) -> None:  # noqa: A002, N802 -- Twisted's name
        """Take note."""
        self.calls.append(callable)

    def stop(self) -> None:
        """End."""
        self.stopped = True

    def work(self) -> None:
        """Do it."""
        while self.calls:
            self.calls.pop(0)()


@pytest.fixture
def reactor() -> Reactor:
    """A reactor in memory."""
    return Reactor()


@pytest.fixture(autouse=True)
def before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[int]]:
    """The signals that the handler before ours has got; there is no terminal."""
    monkeypatch.setattr(hangup, "_TERMINAL", str(tmp_path / "tty"))
    seen: list[int] = []

    def handler(signum: int, _: FrameType | None) -> None:
        seen.append(signum)

    number = signal.SIGHUP
    saved = signal.signal(number, handler)
    yield seen
    signal.signal(number, saved)


def hang_up() -> None:
    """Send the signal to this process."""
    signal.raise_signal(signal.SIGHUP)


def test_renewal(reactor: Reactor, before: list[int]) -> None:
    """The work is done in the reactor; who had the signal before still gets it."""
    renewable = Renewable()
    handler = HangupHandler([renewable], reactor)
    handler.install()
    hang_up()
    assert (renewable.count, before) == (0, [signal.SIGHUP])
    with capturedLogs() as events:
        reactor.work()
    assert renewable.count == 1
    (event,) = events
    assert event["log_namespace"] == "cyclone.cli"
    assert event["log_format"] == "The certificate was read again; new connections get it."
    handler.uninstall()
    hang_up()
    assert (reactor.calls, len(before)) == ([], 2)


@pytest.mark.parametrize("error", [CertificateError("No file."), PrivateKeyError("No file.")])
def test_failure(reactor: Reactor, error: Exception) -> None:
    """What fails is one line, and the next one is renewed nevertheless."""
    failing, renewable = Renewable(error), Renewable()
    handler = HangupHandler([failing, renewable], reactor)
    handler.install()
    hang_up()
    with capturedLogs() as events:
        reactor.work()
    assert renewable.count == 1
    assert [event["log_level"].name for event in events] == ["error", "info"]
    line = events[0]["log_format"].format(**events[0])
    assert line == "The old certificate stays in use. No file."
    assert "log_failure" not in events[0]


@pytest.mark.parametrize("previous", [signal.SIG_DFL, signal.SIG_IGN])
def test_no_handler_before(reactor: Reactor, previous: signal.Handlers) -> None:
    """Without a terminal the signal is always a wish, whatever it did before."""
    signal.signal(signal.SIGHUP, previous)
    renewable = Renewable()
    handler = HangupHandler([renewable], reactor)
    handler.install()
    hang_up()
    reactor.work()
    assert (renewable.count, reactor.stopped) == (1, False)
    handler.uninstall()
    assert signal.getsignal(signal.SIGHUP) is previous


def terminal() -> Path:
    """Make what stands for the terminal."""
    path = Path(hangup._TERMINAL)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("previous", "stopped"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False), (None, False)]
)
def test_terminal(
    reactor: Reactor, before: list[int], previous: signal.Handlers | None, stopped: bool
) -> None:
    """The end of the terminal is the end of the server, unless the signal was ignored or handled."""
    if previous is not None:
        signal.signal(signal.SIGHUP, previous)
    path = terminal()
    renewable = Renewable()
    handler = HangupHandler([renewable], reactor)
    handler.install()
    hang_up()
    reactor.work()
    assert (renewable.count, reactor.stopped) == (1, False)
    path.unlink()
    hang_up()
    reactor.work()
    assert (renewable.count, reactor.stopped) == (1, stopped)
    assert len(before) == (0 if previous is not None else 2)
    handler.uninstall()


def test_somebody_took_over(reactor: Reactor) -> None:
    """A handler that was installed later is left alone."""
    handler = HangupHandler([], reactor)
    handler.uninstall()
    handler.install()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handler.uninstall()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_other_threads(reactor: Reactor) -> None:
    """Python lets the main thread handle signals only."""
    present = signal.getsignal(signal.SIGHUP)
    handler = HangupHandler([Renewable()], reactor)
    thread = threading.Thread(target=handler.install)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGHUP) is present
    handler.uninstall()


def test_other_systems(reactor: Reactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no such signal."""
    present = signal.getsignal(signal.SIGHUP)
    number = signal.SIGHUP
    monkeypatch.delattr(signal, "SIGHUP")
    handler = HangupHandler([Renewable()], reactor)
    handler.install()
    handler.uninstall()
    assert signal.getsignal(number) is present


class TestService:
    """The service that installs it."""

    def test_certificates(
        self, reactor: Reactor, certificate: Callable[..., tuple[Path, Path]]
    ) -> None:
        """From the start to the end the files are read again; the context is the reactor's."""
        present = signal.getsignal(signal.SIGHUP)
        key, crt = certificate()
        service = CycloneService([TLSBinding(FACTORY, 8443, "", str(key), str(crt))], reactor)
        service.privilegedStartService()
        assert signal.getsignal(signal.SIGHUP) is present
        service.startService()
        context = reactor.sslServers[0][2]
        first = context.getContext()
        hang_up()
        reactor.work()
        second = context.getContext()
        assert second is not first
        key.write_text("nonsense")
        hang_up()
        with capturedLogs() as events:
            reactor.work()
        assert context.getContext() is second
        assert "server.key does not work" in events[0]["reason"]
        service.stopService()
        assert signal.getsignal(signal.SIGHUP) is present

    def test_end_of_the_process(
        self, reactor: Reactor, certificate: Callable[..., tuple[Path, Path]]
    ) -> None:
        """When the reactor stops nothing is renewed any more."""
        present = signal.getsignal(signal.SIGHUP)
        key, crt = certificate()
        service = CycloneService([TLSBinding(FACTORY, 8443, "", str(key), str(crt))], reactor)
        service.startService()
        for stop, *_ in reactor.triggers["before"]["shutdown"]:
            stop()
        assert signal.getsignal(signal.SIGHUP) is present

    def test_no_certificates(self, reactor: Reactor) -> None:
        """Without them the signal is nobody's business."""
        present = signal.getsignal(signal.SIGHUP)
        CycloneService([TCPBinding(FACTORY, 8888, "")], reactor).startService()
        assert signal.getsignal(signal.SIGHUP) is present


def test_a_file_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that is opened is closed again."""
    monkeypatch.setattr(hangup, "_TERMINAL", os.devnull)
    count = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 -- the names are not wanted
    assert hangup._terminal_opens()
    assert len(os.listdir("/proc/self/fd")) == count  # noqa: PTH208 -- the names are not wanted
