"""Programs written for Tornado: `listen` in a `main()` that `asyncio.run` runs."""

import http.client
import importlib.util
import signal
import socket
import time
from contextlib import closing

import pytest
from startup_processes import (
    PATIENCE,
    Launcher,
    Process,
    answers,
    free_port,
    self_signed,
    until,
)

PROGRAM = """
import asyncio

import cyclone.web


class MainHandler(cyclone.web.RequestHandler):
    def get(self):
        self.write("Hello, world")


class Slow(cyclone.web.RequestHandler):
    async def get(self, seconds):
        print("in flight", flush=True)
        await asyncio.sleep(float(seconds))
        self.write("done")


class Both(cyclone.web.RequestHandler):
    async def get(self):
        from twisted.internet import reactor, threads, utils

        async with asyncio.timeout(20):
            self.write(await asyncio.sleep(0.01, "a"))
            self.write(await threads.deferToThread(str, "b"))
            self.write(await asyncio.to_thread(str, "c"))
            {process}
        self.write(type(reactor).__name__)


def make_app():
    return cyclone.web.Application(
        [("/", MainHandler), ("/slow/([0-9.]+)", Slow), ("/both", Both)], drain_timeout=5
    )


async def main():
    app = make_app()
    app.listen({port})
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up", flush=True)


if __name__ == "__main__":
    {run}
    print("the end", flush=True)
"""
PROCESS = 'self.write((await utils.getProcessOutput("/bin/echo", [b"-n", b"d"])))'
RUNS = {
    "asyncio": "asyncio.run(main())",
    "uvloop": "import uvloop; uvloop.run(main())",
}
WAYS = [
    "asyncio",
    pytest.param(
        "uvloop",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed"
        ),
    ),
]


@pytest.fixture(params=WAYS)
def server(request: pytest.FixtureRequest, launch: Launcher) -> tuple[Process, int]:
    """The program, running, and its port."""
    port = free_port()
    # uvloop keeps SIGCHLD to itself.
    process = PROCESS if request.param == "asyncio" else "pass"
    text = PROGRAM.format(port=port, run=RUNS[request.param], process=process)
    launch.write("program.py", text)
    return launch.start("python", "program.py").serving(port), port


def begin(port: int, path: str) -> http.client.HTTPConnection:
    """Send a request and leave the answer where it is."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    client.request("GET", path)
    return client


def test_serves(server: tuple[Process, int]) -> None:
    """It serves on every address, with what belongs to asyncio and what belongs to Twisted."""
    process, port = server
    with closing(begin(port, "/both")) as client:
        body = client.getresponse().read()
    assert body in (b"abcdHostedReactor", b"abcHostedReactor")
    with closing(http.client.HTTPConnection("::1", port, timeout=PATIENCE)) as client:
        client.request("GET", "/")
        assert client.getresponse().read() == b"Hello, world"
    assert process.output == ""


def test_terminate(server: tuple[Process, int]) -> None:
    """SIGTERM closes the port, answers what is in flight, and runs every `finally`."""
    process, port = server
    with closing(begin(port, "/slow/1")) as client:
        until("a request in flight", lambda: "in flight" in process.output)
        process.send_signal(signal.SIGTERM)
        until("end of the service", lambda: not answers(port))
        answer = client.getresponse()
        assert (answer.read(), answer.getheader("Connection")) == (b"done", "close")
    assert process.wait() == 0
    assert process.output == "in flight\ncleaned up\n"


def test_terminate_twice(server: tuple[Process, int]) -> None:
    """Who does not want to wait for that sends it again."""
    process, port = server
    with closing(begin(port, "/slow/60")):
        until("a request in flight", lambda: "in flight" in process.output)
        process.send_signal(signal.SIGTERM)
        until("end of the service", lambda: not answers(port))
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM


def test_interrupt(server: tuple[Process, int]) -> None:
    """Ctrl-C cancels `main()`, as asyncio does it; what is in flight gets 503 at once."""
    process, port = server
    with closing(begin(port, "/slow/60")) as client:
        until("a request in flight", lambda: "in flight" in process.output)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert client.getresponse().status == http.HTTPStatus.SERVICE_UNAVAILABLE
        assert process.wait() in {-signal.SIGINT, 128 + signal.SIGINT}
        assert time.monotonic() - began < PATIENCE / 2
    assert "cleaned up" in process.output
    assert "the end" not in process.output
    for complaint in ("never retrieved", "was destroyed", "never awaited", "Unhandled"):
        assert complaint not in process.output


ENDS = """
import asyncio
import threading

import cyclone.web


class Handler(cyclone.web.RequestHandler):
    @cyclone.web.asynchronous
    def get(self):
        print("in flight", flush=True)
        asyncio.get_running_loop().call_later(0.5, self.finish, "done")


async def main():
    server = cyclone.web.Application([("/", Handler)]).listen({port}, "127.0.0.1")
    reader, writer = await asyncio.open_connection("127.0.0.1", {port})
    writer.write(b"GET / HTTP/1.0\\r\\n\\r\\n")
    await asyncio.sleep(0.2)
    answers.append((reader, writer))

answers = []
asyncio.run(main())
print(threading.active_count(), "thread", flush=True)
"""


def test_end_of_main(launch: Launcher) -> None:
    """When `main()` is done the reactor drains, then the program goes on; no thread is left."""
    launch.write("program.py", ENDS.format(port=free_port()))
    done = launch.run("python", "program.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "in flight\n1 thread\n"
    assert done.stderr == ""


SCRIPT = """
from twisted.internet import reactor
import cyclone.httpserver
import cyclone.web

class Main(cyclone.web.RequestHandler):
    def get(self):
        self.write(self.request.protocol)

app = cyclone.web.Application([("/", Main)])
server = cyclone.httpserver.HTTPServer(app, xheaders=True)
server.bind({port}, "127.0.0.1")
server.start()
app.listen({secure}, "127.0.0.1", ssl_options={{"certfile": "server.crt", "keyfile": "server.key"}})
server.add_socket(cyclone.httpserver.bind_unix_socket("socket"))
reactor.run()
"""


def test_reactor_run(launch: Launcher) -> None:
    """The same works with Twisted's `reactor.run`: bound ports, TLS, unix sockets, and the end."""
    port, secure = free_port(), free_port()
    certificate = self_signed(launch.directory)
    launch.write("program.py", SCRIPT.format(port=port, secure=secure))
    process = launch.start("python", "program.py").serving(port)
    assert answers(secure, certificate)
    assert answers(launch.directory / "socket")
    assert process.end() in {0, -signal.SIGTERM}
    assert not (launch.directory / "socket").exists()


WRONG = """
import asyncio
from twisted.internet import reactor
import cyclone.web

async def main():
    cyclone.web.Application().listen({port})

asyncio.run(main())
"""


def test_wrong_reactor(launch: Launcher) -> None:
    """A program that has installed another reactor is told what to do."""
    launch.write("program.py", WRONG.format(port=free_port()))
    done = launch.run("python", "program.py")
    assert done.returncode == 1
    assert "WrongReactor" in done.stderr
    assert "Let nothing import twisted.internet.reactor before listen()" in done.stderr


def test_port_in_use(launch: Launcher) -> None:
    """A port that is taken is an `OSError` with its number, as in Tornado."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = PROGRAM.format(port=taken.getsockname()[1], run=RUNS["asyncio"], process="pass")
        launch.write("program.py", text)
        done = launch.run("python", "program.py")
    assert done.returncode == 1
    assert "OSError: [Errno 98] port" in done.stderr
    assert "already in use" in done.stderr


RELOADED = """
import asyncio
import cyclone.web

class Main(cyclone.web.RequestHandler):
    def get(self):
        self.write("{version}")

async def main():
    cyclone.web.Application([("/", Main)], debug=True).listen({port})
    await asyncio.Event().wait()

asyncio.run(main())
"""


def page(port: int, address: str = "127.0.0.1") -> bytes:
    """Fetch the page; nothing while nobody answers."""
    with closing(http.client.HTTPConnection(address, port, timeout=PATIENCE)) as client:
        client.request("GET", "/")
        return client.getresponse().read()


def pages_until(version: bytes, port: int) -> list[bytes]:
    """Fetch the page again and again until it is a new one."""
    pages = [page(port)]
    end = time.monotonic() + PATIENCE
    while pages[-1] != version and time.monotonic() < end:
        pages.append(page(port))
    return pages


def test_autoreload(launch: Launcher) -> None:
    """With `debug=True` a changed source starts the program again, and no client is turned away."""
    port = free_port()
    launch.write("program.py", RELOADED.format(port=port, version="first"))
    process = launch.start("python", "program.py").serving(port)
    for version in ("second", "third"):
        launch.write("program.py", RELOADED.format(port=port, version=version))
        # Nobody is refused on the way there.
        assert pages_until(version.encode(), port)[-1] == version.encode(), process.output
        assert page(port, "::1") == version.encode()
    assert process.end() == 0
