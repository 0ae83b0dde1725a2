"""The service: opens all places or none, closes them at the end."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from twisted.internet import reactor as real_reactor
from twisted.internet.protocol import ServerFactory
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs
from twisted.trial.unittest import TestCase

from cyclone_core.cli.binding_tcp import TCPBinding
from cyclone_core.cli.binding_unix import UnixBinding
from cyclone_core.cli.problems import PortInUse
from cyclone_core.cli.service import CycloneService

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from cyclone_core.cli.bindings import Reactor

FACTORY = ServerFactory()
REAL = cast("Reactor", real_reactor)


class Port:
    """A port that remembers whether it listens.

    Args:
        error: What closing it raises, or None.
    """

    def __init__(self, error: OSError | None = None) -> None:
        self.open = True
        self.error = error

    def getHost(self) -> None:
        """Return no address."""

    def stopListening(self) -> None:  # noqa: N802 -- Twisted's name
        """Close it."""
        self.open = False
        if self.error is not None:
            raise self.error


class Place:
    """A binding that hands out one port, or fails.

    Args:
        port: What `listen` returns, or raises.
    """

    def __init__(self, port: Port | Exception) -> None:
        self.port = port

    def probe(self) -> None:
        """Find everything free."""

    def listen(self, _: object) -> Port:
        """Return the port or fail."""
        if isinstance(self.port, Exception):
            raise self.port
        return self.port

    def announce(self, _: object) -> str:
        """Say that it is open."""
        return "It is open."


@pytest.fixture
def memory() -> MemoryReactorClock:
    """A reactor without sockets."""
    return MemoryReactorClock()


def test_ports_are_opened_while_privileged(memory: MemoryReactorClock) -> None:
    """privilegedStartService() opens the ports, startService() opens none again."""
    service = CycloneService([TCPBinding(FACTORY, 8888, "127.0.0.1")], memory)
    service.privilegedStartService()
    assert [server[0] for server in memory.tcpServers] == [8888]
    service.startService()
    assert len(memory.tcpServers) == 1


def test_a_service_that_is_only_started_opens_its_ports(memory: MemoryReactorClock) -> None:
    """A parent that runs already starts its children without asking for privileges first."""
    CycloneService([TCPBinding(FACTORY, 8888, "127.0.0.1")], memory).startService()
    assert len(memory.tcpServers) == 1


def test_the_global_reactor_is_used_if_none_is_given(
    memory: MemoryReactorClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reactor has been chosen by the time the ports are opened."""
    import twisted.internet

    monkeypatch.setitem(sys.modules, "twisted.internet.reactor", memory)
    monkeypatch.setattr(twisted.internet, "reactor", memory)
    CycloneService([TCPBinding(FACTORY, 8888, "127.0.0.1")]).privilegedStartService()
    assert len(memory.tcpServers) == 1


def test_the_address_is_logged(memory: MemoryReactorClock) -> None:
    """One line for each place that was opened."""
    with capturedLogs() as events:
        CycloneService([Place(Port())], memory).privilegedStartService()
    assert [event["line"] for event in events] == ["It is open."]


class Reloading(ServerFactory):
    """A factory with settings, as an application."""

    settings = {"autoreload": True}  # noqa: RUF012 -- nobody changes it


def test_changed_files_are_looked_for(memory: MemoryReactorClock) -> None:
    """An application in debug mode is started again with a change; others and places are not."""
    others = [Place(Port()), TCPBinding(FACTORY, 8888, "127.0.0.1")]
    CycloneService(others, memory).reload_when_changed()
    assert memory.getDelayedCalls() == []
    binding = TCPBinding(Reloading(), 8888, "127.0.0.1")
    CycloneService([binding], memory).reload_when_changed()
    assert len(memory.getDelayedCalls()) == 1


def test_stopping_closes_every_port(memory: MemoryReactorClock) -> None:
    """The Deferred fires when all are closed; a second stop finds nothing to do."""
    ports = [Port(), Port()]
    service = CycloneService([Place(port) for port in ports], memory)
    service.privilegedStartService()
    fired: list[object] = []
    service.stopService().addCallback(fired.append)
    assert [port.open for port in ports] == [False, False]
    assert len(fired) == 1
    service.stopService().addCallback(fired.append)
    assert fired[1] == []


def test_ports_close_before_anything_else_shuts_down(memory: MemoryReactorClock) -> None:
    """The trigger is installed ahead of those that an application adds when it is started."""
    port = Port()
    CycloneService([Place(port)], memory).privilegedStartService()
    call, args, kwargs = memory.triggers["before"]["shutdown"][0]
    call(*args, **kwargs)
    assert not port.open


def test_a_failure_leaves_no_port_open(memory: MemoryReactorClock) -> None:
    """If the second place is taken, the first is closed again."""
    port = Port()
    service = CycloneService([Place(port), Place(PortInUse("taken"))], memory)
    with pytest.raises(PortInUse, match="taken"):
        service.privilegedStartService()
    assert not port.open


def test_a_port_that_does_not_close_is_one_line(memory: MemoryReactorClock) -> None:
    """A unix socket that may not be removed any more is told, and the stop goes on."""
    ports = [Port(PermissionError(13, "Permission denied")), Port()]
    service = CycloneService([Place(port) for port in ports], memory)
    service.privilegedStartService()
    with capturedLogs() as events:
        service.stopService()
    assert [event["reason"] for event in events] == ["[Errno 13] Permission denied"]
    assert not ports[1].open


class RealPorts(TestCase):
    """The same with Twisted's own reactor and real sockets."""

    def test_port_zero_is_announced_with_its_number(self) -> None:
        """Port 0 takes a free port; the line names it."""
        binding = TCPBinding(FACTORY, 0, "127.0.0.1")
        port = binding.listen(REAL)
        self.addCleanup(port.stopListening)
        number = port.getHost().port
        assert number > 0
        assert f"http://127.0.0.1:{number}/" in binding.announce(port)

    def test_the_unix_socket_is_gone_after_the_stop(self) -> "Deferred[None]":
        """stopService() removes the file."""
        # Not trial's mktemp(): that leaves folders in the working directory.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name, "socket")
        service = CycloneService([UnixBinding(FACTORY, str(path))], REAL)
        service.privilegedStartService()
        assert path.is_socket()

        def check(_: object) -> None:
            assert not path.exists()

        return service.stopService().addCallback(check)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # Twisted 24.11's own
def test_what_twisted_raises_is_understood(taken: int) -> None:
    """A real reactor's CannotListenError becomes the problem."""
    with pytest.raises(PortInUse):
        TCPBinding(FACTORY, taken, "127.0.0.1").listen(REAL)
