"""The end of a process: requests in flight are answered, nobody else comes in."""

import http.client
import signal
import time
from contextlib import ExitStack, closing

import pytest
from startup_processes import Launcher, Process, answers, free_port, until

APPLICATION = """
import cyclone.web
from twisted.internet import reactor, task

class Index(cyclone.web.RequestHandler):
    def get(self):
        self.write("ready")

class Slow(cyclone.web.RequestHandler):
    async def get(self, seconds):
        print("in flight", flush=True)
        await task.deferLater(reactor, float(seconds))
        self.write("done")

class Stream(cyclone.web.RequestHandler):
    async def get(self):
        self.write("begin")
        await self.flush()
        print("in flight", flush=True)
        await task.deferLater(reactor, 1)
        self.write("end")

application = cyclone.web.Application(
    [("/", Index), ("/slow/([0-9.]+)", Slow), ("/stream", Stream)], drain_timeout=3
)
"""
SCRIPT = """
from application import application
reactor.listenTCP({port}, application, interface="127.0.0.1")
reactor.run()
"""
# twistd ends by the signal that it was sent, when everything else is done.
ENDED = {0, -signal.SIGTERM}
WAYS = ["plugin", "cyclone", "script"]


@pytest.fixture(params=WAYS)
def server(request: pytest.FixtureRequest, launch: Launcher) -> tuple[Process, int]:
    """A running server, started in one of three ways, and its port."""
    port = free_port()
    launch.write("application.py", APPLICATION)
    launch.write("script.py", "from twisted.internet import reactor" + SCRIPT.format(port=port))
    commands = {
        "plugin": ["twistd", "-n", "cyclone", "--app=application.application", f"-p{port}"],
        "cyclone": ["cyclone", "run", "application.py", f"-p{port}"],
        "script": ["python", "script.py"],
    }
    return launch.start(*commands[request.param]).serving(port), port


class Client(http.client.HTTPConnection):
    """A client that has sent its request and leaves the answer where it is."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__("127.0.0.1", port, timeout=30)
        self.request("GET", path)

    def read(self) -> tuple[bytes, str | None]:
        """Read the answer: its body, and its header `Connection`."""
        with self.getresponse() as answer:
            return answer.read(), answer.getheader("Connection")


def test_in_flight(server: tuple[Process, int]) -> None:
    """SIGTERM waits for the answers that are being made, and closes idle connections at once."""
    process, port = server
    with ExitStack() as stack:
        idle = stack.enter_context(closing(Client(port, "/")))
        assert idle.read() == (b"ready", None)
        slow = stack.enter_context(closing(Client(port, "/slow/1")))
        stream = stack.enter_context(closing(Client(port, "/stream")))
        until("two requests in flight", lambda: process.output.count("in flight") == 2)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        idle.sock.settimeout(5)
        assert idle.sock.recv(1) == b""
        assert time.monotonic() - began < 0.9
        assert slow.read() == (b"done", "close")
        assert stream.read() == (b"beginend", None)
    assert process.wait() in ENDED


def test_nobody_else(server: tuple[Process, int]) -> None:
    """Who comes while the last answer is made is not served."""
    process, port = server
    with closing(Client(port, "/slow/1.5")) as client:
        until("a request in flight", lambda: "in flight" in process.output)
        process.send_signal(signal.SIGTERM)
        until("end of the service", lambda: not answers(port))
        assert client.read() == (b"done", "close")
    assert process.wait() in ENDED


def test_too_slow(server: tuple[Process, int]) -> None:
    """What is not done within `drain_timeout` is cut off, and the process ends."""
    process, port = server
    with closing(Client(port, "/slow/60")) as client:
        until("a request in flight", lambda: "in flight" in process.output)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            client.getresponse()
        assert 2 < time.monotonic() - began < 10
    assert process.wait() in ENDED
