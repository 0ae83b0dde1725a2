"""Programs that are started again when their source has changed: real files, processes and sockets."""

import contextlib
import http.client
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from startup_processes import PATIENCE, Launcher, Process, UnixConnection, answers, free_port, until

APPLICATION = """
import cyclone.web
from twisted.internet import reactor, task
import words

class Index(cyclone.web.RequestHandler):
    def get(self):
        self.write(words.TEXT)

class Slow(cyclone.web.RequestHandler):
    async def get(self):
        print("in flight", flush=True)
        await task.deferLater(reactor, 0.5)
        self.write(words.TEXT)

class Page(cyclone.web.RequestHandler):
    def get(self):
        self.render("page.html")

application = cyclone.web.Application(
    [("/", Index), ("/slow", Slow), ("/page", Page)], debug=True, template_path="."
)
"""
SCRIPT = """
from cyclone_core import autoreload
from twisted.internet import reactor
from application import application
reactor.listenTCP(int({port}), application, interface="127.0.0.1")
autoreload.start_for(application)
reactor.run()
"""
# It knows nothing of being started again, and takes another reactor than the others.
INNOCENT = """
from twisted.internet import asyncioreactor
asyncioreactor.install()
from twisted.internet import endpoints, reactor
import cyclone.web
import words

class Index(cyclone.web.RequestHandler):
    def get(self):
        self.write(words.TEXT)

application = cyclone.web.Application([("/", Index)])
endpoints.serverFromString(reactor, "tcp:{port}:interface=127.0.0.1").listen(application)
reactor.run()
"""
# What Tornado's programs look like.
MAIN = """
import asyncio
import cyclone.web
import words

class Index(cyclone.web.RequestHandler):
    async def get(self):
        await asyncio.sleep(0)
        self.write(words.TEXT)

async def main():
    cyclone.web.Application([("/", Index)], debug=True).listen({port}, "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
"""
LISTEN = """
from application import application
from twisted.internet import reactor
application.listen({port})
reactor.run()
"""
WITHOUT_LIBRARY = "import sys; sys.modules['watchfiles'] = None\n"
# Python ends by the signal that it was sent.
ENDED = {0, -signal.SIGTERM}

WAYS = {
    "plugin": ["twistd", "-n", "cyclone", "--app=application.application", "-p{port}"],
    "plugin-pidfile": ["twistd", "-n", "--pidfile=my.pid", "cyclone", "application.py", "-p{port}"],
    "cyclone": ["cyclone", "run", "application.py", "-p{port}"],
    "script": ["python", "-B", "script.py"],
    "module": ["python", "-m", "package.serve"],
    "listen": ["python", "listen.py"],
    "asyncio": ["python", "main.py"],
    "wrapper": ["python", "-m", "cyclone_core.autoreload", "innocent.py"],
}


class Site:
    """An application in files, and the process that serves it.

    Args:
        launch: Starts processes.
        way: How it is started.
        library: Whether it may use `watchfiles`, if that is installed.
    """

    def __init__(self, launch: Launcher, way: str, *, library: bool = True) -> None:
        self.launch = launch
        self.port = free_port()
        self.change("one")
        launch.write("page.html", "page {{ 1 + 1 }}")
        launch.write("application.py", ("" if library else WITHOUT_LIBRARY) + APPLICATION)
        launch.write("innocent.py", INNOCENT.format(port=self.port))
        launch.write("listen.py", LISTEN.format(port=self.port))
        launch.write("main.py", MAIN.format(port=self.port))
        launch.write("script.py", SCRIPT.format(port=self.port))
        (launch.directory / "package").mkdir(exist_ok=True)
        launch.write("package/__init__.py", "")
        launch.write("package/serve.py", SCRIPT.format(port=self.port))
        words = [word.format(port=self.port) for word in WAYS[way]]
        self.process = launch.start(*words).serving(self.port)

    def change(self, text: str) -> Path:
        """Let the page have this text: a module of the application is written anew."""
        return self.write("words.py", f"TEXT = {text!r}\n")

    def write(self, name: str, text: str) -> Path:
        """Write a file as editors do: nobody reads the half of it."""
        new = self.launch.write(f"{name}.new", text)
        return new.rename(self.launch.directory / name)

    def get(self, path: str = "/") -> str:
        """Fetch a page."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(client):
            client.request("GET", path)
            return client.getresponse().read().decode()

    def serves(self, text: str) -> None:
        """Wait until the page has this text."""
        until(f"{text} on the page", lambda: self.get() == text)


class Hammer(threading.Thread):
    """Connects again and again, and takes note of what becomes of it.

    Args:
        port: The port.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.refused: list[OSError] = []
        self.answers: list[bytes] = []
        self.longest = 0.0
        self._end = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join(PATIENCE)

    def run(self) -> None:
        """Do it."""
        while not self._end.is_set():
            began = time.monotonic()
            try:
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    self.answers.append(b"".join(iter(lambda: client.recv(4096), b"")))
            except OSError as error:
                self.refused.append(error)
            self.longest = max(self.longest, time.monotonic() - began)


@pytest.mark.parametrize("way", WAYS)
def test_nobody_is_refused(launch: Launcher, way: str) -> None:
    """New code answers on the same port, in the same process; who connects meanwhile is served."""
    site = Site(launch, way)
    assert site.get() == "one"
    pid = site.process.pid
    with Hammer(site.port) as first, Hammer(site.port) as second:
        for text in ("two", "three"):
            site.change(text)
            site.serves(text)
        until("answers", lambda: len(first.answers) > 20 and len(second.answers) > 20)
    for hammer in (first, second):
        assert hammer.refused == []
        statuses = {answer.partition(b"\r\n")[0] for answer in hammer.answers}
        assert statuses == {b"HTTP/1.1 200 OK"}
    assert site.process.pid == pid
    assert site.process.output.count("words.py changed") == 2
    assert site.process.end() in ENDED
    assert not answers(site.port)


@pytest.mark.parametrize("library", [True, False])
def test_syntax_error(launch: Launcher, library: bool) -> None:
    """A file that Python cannot read keeps the old program, and the log says where; once."""
    site = Site(launch, "cyclone", library=library)
    path = site.write("words.py", "TEXT = 'two'\ndef broken(:\n")
    until("complaint", lambda: "Not restarted" in site.process.output)
    assert f"{path}, line 2: SyntaxError: invalid syntax" in site.process.output
    assert "def broken(:" in site.process.output
    assert site.get() == "one"
    site.change("three")
    site.serves("three")
    assert site.process.output.count("Not restarted") == 1


@pytest.mark.parametrize("way", ["plugin", "cyclone", "script", "listen", "wrapper"])
def test_failing_start(launch: Launcher, way: str) -> None:
    """A program that fails on its way up shows why, keeps its sockets and is started once more."""
    site = Site(launch, way)
    site.write("words.py", "TEXT = undefined_name\n")
    until("failure", lambda: "has failed with status 1" in site.process.output)
    assert "name 'undefined_name' is not defined" in site.process.output
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        site.change("two")
        assert b"two" in b"".join(iter(lambda: early.recv(4096), b""))
    assert site.get() == "two"
    assert site.process.end() in ENDED


def test_end_while_it_waits(launch: Launcher) -> None:
    """Ctrl-C ends a program that waits to be mended, without a traceback of ours."""
    site = Site(launch, "cyclone")
    site.write("words.py", "1 / 0\n")
    until("failure", lambda: "has failed with status 1" in site.process.output)
    assert site.process.end(signal.SIGINT) in {130, -signal.SIGINT}
    assert "KeyboardInterrupt" not in site.process.output


def test_template(launch: Launcher) -> None:
    """A template is read each time: to change one needs no new program."""
    site = Site(launch, "cyclone")
    assert site.get("/page") == "page 2"
    site.write("page.html", "new page {{ 1 + 1 }}")
    assert site.get("/page") == "new page 2"
    assert "Restarting" not in site.process.output


def test_in_flight(launch: Launcher) -> None:
    """A request in flight is answered by the program that has begun it."""
    site = Site(launch, "cyclone")
    answer: list[str] = []
    client = threading.Thread(target=lambda: answer.append(site.get("/slow")))
    client.start()
    until("request in flight", lambda: "in flight" in site.process.output)
    site.change("two")
    site.serves("two")
    client.join(PATIENCE)
    assert answer == ["one"]


def test_unix_socket(launch: Launcher) -> None:
    """A unix socket is kept, and gone when the process has ended."""
    launch.write("application.py", APPLICATION)
    launch.write("words.py", "TEXT = 'one'\n")
    path = launch.directory / "web.sock"
    process = launch.start("cyclone", "run", "application.py", "--unix=web.sock").serving(path)

    def page() -> str:
        client = UnixConnection(path)
        with contextlib.closing(client):
            client.request("GET", "/")
            return client.getresponse().read().decode()

    def shows(text: str) -> bool:
        return page() == text

    inode = path.stat().st_ino
    for text in ("two", "three"):
        launch.write("words.py", f"TEXT = {text!r}\n")
        until(f"{text} on the page", partial(shows, text))
    assert path.stat().st_ino == inode
    assert process.end() in ENDED
    assert not path.exists()


def test_children_get_no_socket(launch: Launcher) -> None:
    """What a program starts after it was started again has neither its sockets nor its variable."""
    site = Site(launch, "cyclone")
    listing = """
import subprocess, sys
CHILD = "import os; print(sorted(os.listdir('/proc/self/fd')), 'CYCLONE_AUTORELOAD' in os.environ)"
TEXT = subprocess.run(
    [sys.executable, "-c", CHILD], close_fds=False, capture_output=True, text=True
).stdout.strip()
"""
    site.write("words.py", listing)
    until("page of the child", lambda: site.get().startswith("["))
    assert site.get() == "['0', '1', '2', '3'] False"


@pytest.fixture
def daemon(launch: Launcher) -> Iterator[int]:
    """The port of an application in debug mode, served by a daemon."""
    port = free_port()
    launch.write("application.py", APPLICATION)
    launch.write("words.py", "TEXT = 'one'\n")
    ran = launch.run("twistd", "--logfile=log", "cyclone", "application.py", f"-p{port}")
    assert ran.returncode == 0, ran.stderr
    until("daemon", lambda: answers(port))
    pid = int((launch.directory / "twistd.pid").read_text())
    yield port
    os.kill(pid, signal.SIGTERM)
    until("end of the daemon", lambda: not answers(port))


def test_not_in_a_daemon(launch: Launcher, daemon: int) -> None:
    """A daemon is not started again, whatever its settings say."""
    launch.write("words.py", "TEXT = 'two'\n")
    # Twice the time in which it would have been seen, and some.
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        client = http.client.HTTPConnection("127.0.0.1", daemon, timeout=PATIENCE)
        with contextlib.closing(client):
            client.request("GET", "/")
            assert client.getresponse().read() == b"one"
    assert "Restarting" not in (launch.directory / "log").read_text()


def test_program_that_ends(launch: Launcher) -> None:
    """With `--until-success` a program, such as a test, runs with each change until it passes."""
    launch.write(
        "check.py", "import value\nprint('checked', flush=True)\nassert value.VALUE == 3\n"
    )
    launch.write("value.py", "VALUE = 1\n")
    words = ["-m", "cyclone_core.autoreload", "--until-success", "check.py"]
    process: Process = launch.start("python", *words)

    def failed(times: int) -> bool:
        return process.output.count("has failed") == times

    for number, value in enumerate((2, 3), start=1):
        until(f"{number} failures", partial(failed, number))
        new = launch.write("value.new", f"VALUE = {value}\n")
        new.rename(launch.directory / "value.py")
    assert process.wait() == 0
    assert process.output.count("checked") == 3
