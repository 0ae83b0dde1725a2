"""Applications of functions as real processes: the page, the log, the end, and a new source."""

import http.client
import re
import signal
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from startup_processes import PATIENCE, Launcher, fetch, free_port, until

HOWTO = Path(__file__).parents[1] / "docs" / "howto"

HELLO = """
from cyclone_core.bottle import route, run

@route("/")
def index(web):
    web.write("hello, world")

run(port={port})
"""

# What the demo of cyclone 1.x shows: a form, a signed cookie, a base handler, more handlers, and a log
# file that begins anew each day.
DEMO = """
import sys

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import deferLater
from twisted.python.logfile import DailyLogFile

import cyclone.web
from cyclone_core.bottle import error, get, post, route, run


class BaseHandler(cyclone.web.RequestHandler):
    def get_current_user(self):
        return self.get_secure_cookie("user")


class Upper(cyclone.web.RequestHandler):
    def get(self, text):
        self.write(text.upper())


@route("/")
@cyclone.web.authenticated
@inlineCallbacks
def index(web):
    yield deferLater(reactor, 0, lambda: None)
    web.write("hello, " + web.current_user.decode())


@get("/login")
def login_form(web):
    web.write('<form action="/login" method="post"><input name="name"></form>')


@post("/login")
async def login(web):
    await deferLater(reactor, 0, lambda: None)
    web.set_secure_cookie("user", web.get_argument("name"))
    web.redirect("/")


@route(r"/echo/([0-9]+)", method="ANY")
def echo(web, number):
    web.write(f"{web.request.method} {number}")


@error(404)
def missing(web, exception):
    web.write("nothing at " + web.request.path)


print("printed")
run(
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log=DailyLogFile("access.log", "."),
    base_handler=BaseHandler,
    more_handlers=[(r"/upper/(.*)", Upper)],
    login_url="/login",
    cookie_secret="a secret of at least 32 characters",
)
"""

WITH_OPTIONS = """
import logging
from cyclone_core.bottle import route, run
from cyclone_core.options import define, options, parse_command_line

define("port", default=8888)
define("text", env="HELLO_TEXT", default="hello")

@route("/")
def index(web):
    logging.getLogger("app").info("asked")
    web.write(options.text)

rest = parse_command_line()
run(port=options.port, log={log}, text=rest)
"""


class Client:
    """Asks a server on 127.0.0.1, one request a connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""

    def ask(self, path: str, method: str = "GET", **form: str) -> tuple[int, str, str]:
        """Send a request; returns status, body and `Location`."""
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE)) as client:
            client.request(method, path, urlencode(form) if form else None, headers)
            answer = client.getresponse()
            self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
            return answer.status, answer.read().decode(), answer.getheader("Location") or ""


def test_hello(launch: Launcher) -> None:
    """Ten lines are a server: it logs to stdout, says where it is, and ends on a signal."""
    port = free_port()
    launch.write("hello.py", HELLO.format(port=port))
    process = launch.start("python", "hello.py").serving(port)
    assert fetch(port) == "hello, world"
    assert process.end() == 0
    log = process.output
    assert f"cyclone.web.Application starting on {port}" in log
    assert f"http://127.0.0.1:{port}/; host='0.0.0.0' opens it to others" in log
    assert "[cyclone.access#info] 200 GET / (127.0.0.1) " in log


def test_demo(launch: Launcher) -> None:
    """A base handler, a form, signed cookies, more handlers, error pages and a daily log file."""
    port = free_port()
    launch.write("demo.py", DEMO)
    process = launch.start("python", "demo.py", str(port))
    until("login form", lambda: answers_login(port))
    client = Client(port)
    assert client.ask("/") == (302, "", "/login?next=%2F")
    assert client.ask("/login", "POST", name="bob") == (302, "", "/")
    assert client.ask("/") == (200, "hello, bob", "")
    assert client.ask("/echo/7", "DELETE") == (200, "DELETE 7", "")
    assert client.ask("/upper/a") == (200, "A", "")
    assert client.ask("/nowhere") == (404, "nothing at /nowhere", "")
    assert process.end(signal.SIGINT) == 0
    assert process.output == "printed\n"
    log = (launch.directory / "access.log").read_text(encoding="utf-8")
    assert log.count("404 GET /nowhere") == 1


def answers_login(port: int) -> bool:
    """Tell whether the demo is there."""
    try:
        return Client(port).ask("/login")[1].startswith("<form")
    except OSError:
        return False


def test_new_source(launch: Launcher) -> None:
    """With `debug=True` a new source is served, and the port stays open."""
    port = free_port()
    source = HELLO.replace("port={port}", "port={port}, debug=True").format(port=port)
    launch.write("hello.py", source)
    process = launch.start("python", "hello.py").serving(port)
    launch.write("hello.py", source.replace("hello, world", "a new world"))
    until("new page", lambda: fetch(port) == "a new world")
    assert process.end() == 0


def test_port_is_taken(launch: Launcher) -> None:
    """A port that somebody else has ends the program with a message that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        launch.write("hello.py", HELLO.format(port=port))
        done = launch.run("python", "hello.py")
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("None", r"\[I [0-9: ]+ access:[0-9]+\] 200 GET / \(127.0.0.1\) "),
        ("__import__('sys').stdout", r"\[cyclone\.access#info\] 200 GET / \(127.0.0.1\) "),
    ],
)
def test_options(launch: Launcher, log: str, line: str) -> None:
    """A program with options has its own lines and cyclone's, each once, in its form or in Twisted's."""
    port = free_port()
    launch.write("hello.py", WITH_OPTIONS.format(log=log))
    process = launch.start("python", "hello.py", f"--port={port}", "rest").serving(port)
    asked = process.output.count("asked")
    assert fetch(port) == "hello"
    assert process.end() == 0
    assert process.output.count("asked") == asked + 1
    assert len(re.findall(line, process.output)) == asked + 1
    assert process.output.count("200 GET /") == asked + 1


def test_wrong_option(launch: Launcher) -> None:
    """A wrong option ends the program with a line that says what is wrong, and where."""
    launch.write("hello.py", WITH_OPTIONS.format(log=None))
    done = launch.run("python", "hello.py", "--port=http")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "cyclone_core.options.errors.Error: command line: option 'port' takes an int"
    )


def blocks(page: str, language: str = "python") -> list[str]:
    """Return the code blocks of a page of `docs/howto`."""
    text = (HOWTO / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_howto_bottle(launch: Launcher) -> None:
    """The program of the page, and its application for twistd."""
    program, application = blocks("bottle")
    port = free_port()
    launch.write("hello.py", program.replace("run(cookie", f"run(port={port}, cookie"))
    process = launch.start("python", "hello.py").serving(port)
    client = Client(port)
    assert client.ask("/hello/you") == (200, "hello, you\n", "")
    token = client.ask("/form")[1].partition('value="')[2].partition('"')[0]
    assert client.ask("/form", "POST", text="me", _xsrf=token) == (302, "", "/hello/me")
    assert client.ask("/form", "POST", text="me")[0] == 403
    assert client.ask("/private")[2] == "/form?next=%2Fprivate"
    assert client.ask("/echo/a", "PUT", _xsrf=token) == (200, "PUT a\n", "")
    assert client.ask("/a") == (404, "there is no /a\n", "")
    assert process.end() == 0
    routes = program.partition("run(")[0].replace("post, route, run", "post, route")
    launch.write("app.py", routes + application)
    port = free_port()
    process = launch.start("cyclone", "run", "app.py", f"--port={port}").serving(port)
    assert fetch(port) == "hello, world\n"


def test_howto_options(launch: Launcher) -> None:
    """The program, the file and the command of the page, and its mistake."""
    program, config = blocks("options")
    launch.write("server.py", program)
    launch.write("server.conf", config)
    (command,) = blocks("options", "sh")
    port = free_port()
    assert command.startswith("PORT=8080 python server.py ")
    words = command.split()[3:]
    code = f"import os; os.environ['PORT'] = '{port}'; exec(open('server.py').read())"
    process = launch.start("python", "-c", code, *words).serving(port)
    assert fetch(port) == "welcome, here and there\n"
    assert re.search(r"^\[I [0-9: ]+ access:[0-9]+\] 200 GET / ", process.output, re.MULTILINE)
    launch.write("server.conf", config + 'port = "http"\n')
    done = launch.run("python", "server.py", *words)
    (said,) = [text for text in blocks("options", "text") if "line 3" in text]
    assert done.stderr.rstrip().endswith(said.rstrip())
