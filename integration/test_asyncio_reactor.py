"""Handlers on Twisted's asyncio reactor, over sockets: they await what belongs to asyncio and to Twisted."""

import http.client
import importlib.util
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from served import request, rest_of
from startup_processes import PATIENCE, Launcher, Process, answers, free_port, until

APPLICATION = """
import asyncio
from contextvars import ContextVar

from twisted.internet import defer, task, threads

import cyclone.web

request_id = ContextVar("request_id")


class Handler(cyclone.web.RequestHandler):
    def deferred(self, value, seconds=0.01):
        from twisted.internet import reactor

        return task.deferLater(reactor, seconds, lambda: value)


class Plain(Handler):
    async def get(self):
        self.write(type(asyncio.current_task()).__name__)


class Both(Handler):
    async def get(self):
        async with asyncio.timeout(20):
            self.write(await self.deferred("a"))
            self.write(await asyncio.sleep(0.01, "b"))
            self.write("".join(await asyncio.gather(*[asyncio.sleep(0.01, each) for each in "cd"])))
            async with asyncio.TaskGroup() as group:
                child = group.create_task(asyncio.sleep(0.01, "e"))
            self.write(child.result())
            self.write(await asyncio.to_thread(str, "f"))
            self.write(await threads.deferToThread(str, "g"))
            await self.flush()
            self.write(await defer.gatherResults([self.deferred("h")]).addCallback("".join))


class Timeout(Handler):
    async def get(self):
        try:
            async with asyncio.timeout(0.01):
                await self.deferred("never", 60)
        except TimeoutError:
            self.write("too late")


class Inline(Handler):
    @defer.inlineCallbacks
    def get(self):
        value = yield self.deferred("a")
        more = yield defer.Deferred.fromFuture(asyncio.ensure_future(asyncio.sleep(0.01, "b")))
        self.write(value + more)


class Future(Handler):
    def get(self):
        future = asyncio.ensure_future(asyncio.sleep(0.01, "a future"))
        future.add_done_callback(lambda done: self.write(done.result()))
        return future


class Process(Handler):
    async def get(self):
        process = await asyncio.create_subprocess_exec("echo", "a child", stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        self.write(out.strip())


class Network(Handler):
    async def get(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(b"GET /plain HTTP/1.0\\r\\n\\r\\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        self.write(answer.partition(b"\\r\\n\\r\\n")[2])


class Context(Handler):
    async def prepare(self):
        request_id.set(self.get_argument("id"))
        await asyncio.sleep(0.05)

    async def get(self):
        await self.deferred(None, 0.05)
        self.write(request_id.get())


class Error(Handler):
    async def get(self):
        await asyncio.sleep(0.01)
        await defer.fail(ValueError("on purpose"))


class Cancelled(Handler):
    cancel_on_disconnect = True

    async def get(self):
        print("in flight", flush=True)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print("cancelled", flush=True)
            raise
        finally:
            await self.deferred(None)
            print("cleaned up", flush=True)

    def on_connection_close(self):
        print("client gone", flush=True)


class Slow(Handler):
    async def get(self):
        print("in flight", flush=True)
        await asyncio.sleep(0.5)
        self.write("done")


application = cyclone.web.Application([
    ("/", Plain), ("/plain", Plain), ("/both", Both), ("/timeout", Timeout), ("/inline", Inline),
    ("/future", Future), ("/process", Process), ("/network", Network), ("/context", Context),
    ("/error", Error), ("/cancelled", Cancelled), ("/slow", Slow),
])
"""
SCRIPT = """
import sys
import {library}
from twisted.internet import asyncioreactor
asyncioreactor.install({library}.new_event_loop())
from twisted.internet import reactor
from twisted.python import log
from application import application
log.startLogging(sys.stdout)
reactor.listenTCP({port}, application, interface="127.0.0.1")
reactor.run()
"""
WAYS = [
    "twistd",
    "script",
    pytest.param(
        "uvloop",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed"
        ),
    ),
]
# twistd ends by the signal that it was sent, when everything else is done.
ENDED = {0, -signal.SIGTERM}


class Server:
    """A running server."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def begin(self, path: str) -> socket.socket:
        """Send a request and leave the answer where it is."""
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        client.sendall(request(path, "Connection: close"))
        return client

    def ask(self, path: str) -> bytes:
        """Fetch a page: its body, or the status of an error."""
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        ) as client:
            client.request("GET", path)
            answer = client.getresponse()
            body = answer.read()
        return body if answer.status == http.HTTPStatus.OK else str(answer.status).encode()


@pytest.fixture(scope="module", params=WAYS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The application on an asyncio loop, started in one of three ways."""
    port = free_port()
    directory = tmp_path_factory.mktemp("asyncio")
    launcher = Launcher(directory, tmp_path_factory.mktemp("logs"))
    launcher.write("application.py", APPLICATION.replace("PORT", str(port)))
    library = "uvloop" if request.param == "uvloop" else "asyncio"
    launcher.write("script.py", SCRIPT.format(port=port, library=library))
    twistd = ["twistd", "--reactor=asyncio", "-n", "cyclone", "--app=application.application"]
    words = [*twistd, f"-p{port}"] if request.param == "twistd" else ["python", "script.py"]
    yield Server(launcher.start(*words).serving(port), port)
    launcher.close()


PAGES = {
    "/plain": b"Task",
    "/both": b"abcdefgh",
    "/timeout": b"too late",
    "/inline": b"ab",
    "/future": b"a future",
    "/process": b"a child",
    "/network": b"Task",
    "/error": b"500",
}


@pytest.mark.parametrize("path", PAGES)
def test_pages(server: Server, path: str) -> None:
    """A method may await futures, Tasks, Deferreds, threads, processes and streams of asyncio."""
    assert server.ask(path) == PAGES[path]


def test_many_at_once(server: Server) -> None:
    """Context variables belong to one request, whatever runs in between."""
    names = [str(number).encode() for number in range(30)]
    with ThreadPoolExecutor(10) as pool:
        assert (
            list(pool.map(lambda name: server.ask(f"/context?id={name.decode()}"), names)) == names
        )


def test_client_goes(server: Server) -> None:
    """What runs for a client that has gone is cancelled, and cleans up; the log says 499 and no more."""
    with server.begin("/cancelled"):
        until("a request in flight", lambda: "in flight" in server.process.output)
    until("end of the handler", lambda: "cleaned up" in server.process.output)
    lines = server.process.output.split("in flight")[1]
    assert lines.index("client gone") < lines.index("cancelled") < lines.index("cleaned up")
    until("access line", lambda: "499" in server.process.output)
    assert "CancelledError" not in server.process.output


def test_end(server: Server) -> None:
    """SIGTERM waits for what Tasks still do, and nothing is left over that asyncio complains of."""
    with server.begin("/slow") as client:
        until("a request in flight", lambda: server.process.output.count("in flight") == 2)
        server.process.send_signal(signal.SIGTERM)
        until("end of the service", lambda: not answers(server.port))
        assert rest_of(client).endswith(b"done")
    assert server.process.wait() in ENDED
    for complaint in ("never retrieved", "was destroyed", "never awaited", "Unhandled"):
        assert complaint not in server.process.output
