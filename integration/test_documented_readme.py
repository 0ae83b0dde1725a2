"""The examples that cyclone's READMEs and an article on it print, run as printed.

Programs run as processes by the printed command, on a free port in the place of 8888. Parts of programs
run in memory. `docs/explanation/examples.md` lists what was changed, and why.
"""

import base64
import http.client
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from documented_blocks import Block, block, listens, printed, variables_of
from startup_processes import (
    PATIENCE,
    Launcher,
    Process,
    fetch,
    free_port,
    self_signed,
)
from twisted.application.service import IServiceCollection
from twisted.internet import defer
from twisted.internet.defer import Deferred, succeed

import cyclone.web
from cyclone_core.testing import Client, result_of


def start(launch: Launcher, example: Block, name: str) -> tuple[Process, int]:
    """Start a program by the command that its first line tells."""
    launch.write(name, example.text)
    port = free_port()
    process = launch.start(*example.command, f"-p{port}")
    return process, port


def put(launch: Launcher, example: Block, name: str, *printed_ports: int) -> list[int]:
    """Write a program with free ports in the place of those that are printed."""
    text, ports = example.text, []
    for number in printed_ports:
        port = free_port()
        assert f"({number}, " in text
        text = text.replace(f"({number}, ", f"({port}, ")
        ports.append(port)
    launch.write(name, text)
    return ports


@contextmanager
def page_on(port: int) -> Iterator[http.client.HTTPResponse]:
    """Ask for `/` and look at the answer while it comes."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request("GET", "/")
        yield client.getresponse()


@printed("README: hello.py")
def test_hello(example: Block) -> None:
    """The first program says hello."""
    application = example.run()["Application"]()
    assert result_of(Client(application).get("/")).content == b"hello, world"


@printed("README: a dev server", "README of version 1.0: cyclone run")
def test_commands(launch: Launcher, example: Block) -> None:
    """Both printed commands serve it, and the log has the printed lines."""
    launch.write("hello.py", block("README: hello.py").text)
    port = free_port()
    process = launch.start(*example.command, f"-p{port}").serving(port)
    assert fetch(port) == "hello, world"
    for line in example.text.splitlines()[1:]:
        # Which reactor is the default depends on the system.
        beginning = line.partition("selectreactor")[0].replace("8888", str(port))
        assert beginning in process.output


@printed("README: the options")
def test_options(launch: Launcher, example: Block) -> None:
    """The help names every option with the letter, the value and the default that are printed."""
    program, *words = example.command
    told = " ".join(launch.run(program, *words).stdout.split())
    for line in example.text.splitlines()[3:]:
        option, _, rest = line.strip().partition("  ")
        assert option in told
        if "[" in rest:
            shown = told.partition(option)[2]
            assert rest[rest.index("[") :] in shown[: shown.index("]") + 1]


@printed("README: delayed.py")
def test_delayed(launch: Launcher, example: Block) -> None:
    """The page comes after the five seconds that the program sleeps."""
    process, port = start(launch, example, "delayed.py")
    listens(process, port)
    begin = time.monotonic()
    assert fetch(port) == "hello, world"
    assert time.monotonic() - begin >= 5


@printed("README: a request that ends at once")
def test_ends_at_once(example: Block) -> None:
    """Without `asynchronous` an answer ends when the method returns, or when its Deferred fires."""
    handler = example.run()["MainHandler"]
    waiting: Deferred[None] = Deferred()

    class Later(handler):  # type: ignore[misc,valid-type]
        def get(self) -> "Deferred[None]":
            super().get()
            return waiting

    client = Client(cyclone.web.Application([("/", handler), ("/later", Later)]))
    assert result_of(client.get("/")).content == b"hello, world"
    response = client.get("/later")
    assert not response.called
    waiting.callback(None)
    assert result_of(response).content == b"hello, world"


def second_told_by(clock: http.client.HTTPResponse) -> float:
    """Wait for the next line of a clock and read it."""
    line = clock.readline()
    assert line.endswith(b"\r\n")
    return time.mktime(time.strptime(line.decode().strip()))


@printed("README: clock.py")
def test_clock(launch: Launcher, example: Block) -> None:
    """A client gets a line a second until it goes, and the others do not notice that."""
    process, port = start(launch, example, "clock.py")
    listens(process, port)
    with page_on(port) as stays:
        with page_on(port) as goes:
            assert goes.getheader("Content-Type") == "text/plain"
            last = second_told_by(goes)
        seconds = [second_told_by(stays)]
        while seconds[-1] <= last:
            seconds.append(second_told_by(stays))
    assert seconds[-1] - seconds[0] >= len(seconds) - 1
    assert "Traceback" not in process.output


class SignedIn:
    """A user who sends a header. Goes in front of a handler."""

    request: Any

    def get_current_user(self) -> str | None:
        """Return the header."""
        user: str | None = self.request.headers.get("User")
        return user


@printed("README: mixed decorators")
def test_mixed_decorators(example: Block) -> None:
    """Signed in: the answer ends with `finish`, in either order. Else nothing of the method runs."""
    questions: list[Deferred[str]] = []

    def ask_database() -> "Deferred[str]":
        questions.append(Deferred())
        return questions[-1]

    handler = example.run(defer=defer, ask_database=ask_database)["MainHandler"]
    page = type("Page", (SignedIn, handler), {})
    client = Client(cyclone.web.Application([("/", page)], login_url="/login"))
    refused = result_of(client.get("/"))
    assert (refused.status, refused.headers["Location"]) == (302, "/login?next=%2F")
    assert result_of(client.post("/")).status == 403
    assert questions == []
    for method in ("GET", "POST"):
        response = client.request(method, "/", headers={"User": "bob"})
        assert not response.called
        questions[-1].callback(f"{method} is answered")
        assert result_of(response).text == f"{method} is answered"


@printed("README: Keep-Alive", "Older README: Keep-Alive")
def test_no_keep_alive(example: Block) -> None:
    """The connection is closed after the answer, and the answer says so; another one is kept."""
    handler = example.run()["IndexHandler"]
    kept = type("Kept", (handler,), {"no_keep_alive": False})
    client = Client(cyclone.web.Application([("/", handler), ("/kept", kept)]))
    connection = client.connect()
    assert "Connection" not in result_of(client.get("/kept", connection=connection)).headers
    assert connection.open
    assert result_of(client.get("/", connection=connection)).headers["Connection"] == "close"
    assert not connection.open


class Form(cyclone.web.RequestHandler):
    """A form that may be posted."""

    def get(self) -> None:
        """Give the form."""
        self.write(self.xsrf_form_html())

    def post(self) -> None:
        """Take it."""
        self.write("taken")


@printed("README: XSRF for the whole server")
def test_xsrf_cookies(example: Block) -> None:
    """A POST needs the token of the form and of the cookie."""
    client = Client(example.value(handlers=[("/", Form)]))
    assert result_of(client.post("/", {})).status == 403
    form = result_of(client.get("/")).text
    token = form.partition('value="')[2].partition('"')[0]
    assert result_of(client.post("/", {"_xsrf": token})).content == b"taken"
    client.cookies.clear()
    assert result_of(client.post("/", {"_xsrf": token})).status == 403


@printed("README: XSRF for one handler")
def test_no_xsrf(example: Block) -> None:
    """The one handler wants the token, the other one does not; both get the argument."""
    names = example.run()
    web, api = names["WebLoginHandler"], names["APILoginHandler"]
    handlers = [("/web", web), ("/api", api), ("/", Form)]
    client = Client(cyclone.web.Application(handlers, xsrf_cookies=True))
    assert result_of(client.post("/web", {"username": "bob"})).status == 403
    with variables_of(api.post) as found:
        assert result_of(client.post("/api", {"username": "bob"})).status == 200
    assert found["u"] == "bob"
    assert result_of(client.post("/api", {})).status == 400
    token = result_of(client.get("/")).text.partition('value="')[2].partition('"')[0]
    with variables_of(web.post) as found:
        assert result_of(client.post("/web", {"username": "eve", "_xsrf": token})).status == 200
    assert found["u"] == "eve"


@printed(
    "README: socket closed notification",
    "Older README: socket closed notification",
)
def test_notify_finish(example: Block) -> None:
    """The Deferred fires with None after the answer, and with a reason when the client goes."""
    gone: list[str | None] = []
    handler = example.run(remove_from_comet_handlers_list=gone.append)["IndexHandler"]
    comet = type("Comet", (handler,), {"get": cyclone.web.asynchronous(handler.get)})
    client = Client(cyclone.web.Application([("/", handler), ("/comet", comet)]))
    with variables_of(handler.on_finish) as found:
        assert result_of(client.get("/")).status == 200
    assert gone == [None]
    assert "self" in found, "on_finish has run"
    client.open("GET", "/comet")
    assert len(gone) == 1
    client.disconnect()
    assert len(gone) == 2
    assert isinstance(gone[1], str)


class WhoAsks(cyclone.web.RequestHandler):
    """Says who asks, and how."""

    def get(self) -> None:
        """Answer."""
        self.write(f"{self.request.remote_ip} {self.request.protocol}")


def check_xheaders(application: cyclone.web.Application) -> None:
    """Ask through a proxy, and without one."""
    client = Client(application)
    assert result_of(client.get("/")).text == "127.0.0.1 http"
    proxied = {"X-Real-Ip": "198.51.100.7", "X-Scheme": "https"}
    assert result_of(client.get("/", headers=proxied)).text == "198.51.100.7 https"


@printed("README: HTTP X-Headers")
def test_xheaders(example: Block) -> None:
    """Address and protocol are those that the proxy tells."""
    check_xheaders(example.value(handlers=[("/", WhoAsks)]))


@printed("Older README: HTTP X-Headers")
def test_xheaders_in_a_class(
    example: Block, monkeypatch: pytest.MonkeyPatch, launch: Launcher
) -> None:
    """The same as a class of its own, which serves static files, too."""
    (launch.directory / "static").mkdir()
    launch.write("static/robots.txt", "User-agent: *\n")
    monkeypatch.chdir(launch.directory)
    application = example.run(IndexHandler=WhoAsks)["Application"]()
    check_xheaders(application)
    assert result_of(Client(application).get("/static/robots.txt")).text == "User-agent: *\n"


class Signed(cyclone.web.RequestHandler):
    """Sets a signed cookie."""

    def get(self) -> None:
        """Answer."""
        self.set_secure_cookie("user", "bob")


@printed("README: Cookie-Secret generation", "Older README: Cookie-Secret generation")
def test_cookie_secret(example: Block) -> None:
    """The generated secret is long enough, new each time, and signs cookies."""
    imports, expression, shown = example.text.replace(">>> ", "").splitlines()
    names = Block(example.place, imports).run()
    first, second = (Block(example.place, expression).value(**names) for _ in range(2))
    assert first != second
    assert len(base64.b64decode(first)) == 32
    assert len(repr(first)) == len(shown)
    client = Client(cyclone.web.Application([("/", Signed)], cookie_secret=first))
    result_of(client.get("/"))
    assert client.cookies.get_secure_cookie("user") == b"bob"


@printed("README: SSL")
def test_ssl(launch: Launcher, example: Block) -> None:
    """One application serves HTTP and HTTPS on two ports, as a script with `listenSSL`."""
    certificate = self_signed(launch.directory)
    port, secure = put(launch, example, "hello_ssl.py", 8888, 8443)
    process = launch.start("python", "hello_ssl.py").serving(port)
    assert fetch(port) == fetch(secure, certificate) == "Hello, world"
    assert f"cyclone.web.Application starting on {port}" in process.output
    assert f"cyclone.web.Application (TLS) starting on {secure}" in process.output


@printed("Older README: a script")
def test_script(launch: Launcher, example: Block) -> None:
    """A script that starts the reactor itself."""
    (port,) = put(launch, example, "script.py", 8888)
    launch.start("python", "script.py").serving(port)
    assert fetch(port) == "Hello, world"


@printed("Older README: foobar.tac")
def test_application_called(example: Block) -> None:
    """The application in the file is an instance; called, it is the factory that TCPServer takes."""
    names = example.run()
    (server,) = IServiceCollection(names["application"])
    assert server.args[:2] == (8888, names["foobar"])
    assert result_of(Client(names["foobar"]).get("/")).content == b"hello world"


@printed("Older README: a twisted application for testing")
def test_twisted_application(launch: Launcher, example: Block) -> None:
    """The printed command serves the file in the foreground."""
    (port,) = put(launch, block("Older README: foobar.tac"), "foobar.tac", 8888)
    launch.start(*example.command).serving(port)
    assert fetch(port) == "hello world"


@printed(
    "Older README: authenticated and inlineCallbacks", "Article: authentication over decorators"
)
def test_authenticated_first(example: Block) -> None:
    """The download is asked for only by who is signed in, and its result is the page."""
    downloads: list[Deferred[str]] = []

    def do_download(_: object) -> "Deferred[str]":
        downloads.append(Deferred())
        return downloads[-1]

    handler = example.run(defer=defer)["IndexHandler"]
    page = type("Page", (SignedIn, handler), {"do_download": do_download})
    client = Client(cyclone.web.Application([("/", page)], login_url="/login"))
    assert result_of(client.get("/")).status == 302
    assert downloads == []
    response = client.get("/", headers={"User": "bob"})
    downloads.pop().callback("downloaded")
    told = b"downloaded" if "self.write(result)" in example.text else b""
    assert result_of(response).content == told


@printed("Older README: asynchronous without inlineCallbacks")
def test_asynchronous_with_callbacks(example: Block) -> None:
    """The request stays open until the callback finishes it."""
    download: Deferred[str] = Deferred()
    handler = example.run()["Indexhandler"]
    page = type("Page", (handler,), {"do_download": lambda _: download})
    response = Client(cyclone.web.Application([("/", page)])).get("/")
    assert not response.called
    download.callback("downloaded")
    assert result_of(response).content == b"downloaded"
    page = type("Page", (handler,), {"do_download": lambda _: succeed("at once")})
    response = Client(cyclone.web.Application([("/", page)])).get("/")
    assert result_of(response).content == b"at once"


def ask(handler: Any, method: str = "get", uri: str = "/", **options: Any) -> dict[str, Any]:  # noqa: ANN401 -- a fragment's class
    """Ask a handler in memory; returns the local variables of the method."""
    client = Client(cyclone.web.Application([("/.*", handler)]))
    with variables_of(getattr(handler, method)) as found:
        assert result_of(client.request(method.upper(), uri, **options)).status == 200
    return found


@printed("README: FAQ: request headers", "Older README: FAQ: request headers")
def test_request_headers(example: Block) -> None:
    """A header of the request is text; one that was not sent is None."""
    handler = example.run()["MyHandler"]
    assert ask(handler, headers={"user-agent": "me/1.0"})["user_agent"] == "me/1.0"
    assert ask(handler)["user_agent"] is None


@printed("README: FAQ: raw POST data", "Older README: FAQ: raw POST data")
def test_raw_data(example: Block) -> None:
    """The query as it was sent, and the body in bytes."""
    handler = example.run()["MyHandler"]
    assert ask(handler, uri="/?a=%20&b")["raw"] == "a=%20&b"
    assert ask(handler, "post", body=b"\x00 any bytes")["raw"] == b"\x00 any bytes"


@printed("README: FAQ: request information", "Older README: FAQ: request information")
def test_request_information(example: Block) -> None:
    """What the request says of itself."""
    found = ask(
        example.run()["MyHandler"], uri="/a?b=c", remote_ip="198.51.100.7", protocol="https"
    )
    assert found["remote_ip"] == "198.51.100.7"
    assert (found["method"], found["uri"], found["version"]) == ("GET", "/a?b=c", "HTTP/1.1")
    assert ("proto" in found) == ("proto =" in example.text)
    assert found.get("proto", "https") == "https"


@printed("README: FAQ: headers of the reply", "Older README: FAQ: headers of the reply")
def test_reply_headers(example: Block) -> None:
    """The reply has the header that the handler has set; `cyclone.escape` needs no import."""
    client = Client(cyclone.web.Application([("/", example.run()["MyHandler"])]))
    response = result_of(client.get("/"))
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"success": True}


@printed("README: FAQ: HTTP methods", "Older README: FAQ: HTTP methods")
def test_http_methods(example: Block) -> None:
    """Each method of the class is one of HTTP; the others are refused, and TRACE with them."""
    handler = example.run()["MyHandler"]
    own = {name for name in ("get", "head", "post", "delete") if name in vars(handler)}
    client = Client(cyclone.web.Application([("/", handler)]))
    for name in ("get", "head", "post", "delete", "patch", "put", "trace"):
        status = result_of(client.request(name.upper(), "/")).status
        assert status == (200 if name in own else 405)
    allowed = result_of(client.options("/")).headers["Allow"].lower().split(", ")
    assert set(allowed) == own | {"options"}


@printed("README: FAQ: file uploads")
def test_uploads(example: Block) -> None:
    """The first of several files under one name: its name, its type and its bytes."""
    files = [
        ("photos", ("one.png", b"\x89PNG", "image/png")),
        ("photos", ("two.txt", b"2", "text/plain")),
    ]
    found = ask(example.run()["MyHandler"], "post", files=files)
    assert len(found["photos"]) == 2
    photo = found["first_photo"]
    assert (photo.filename, photo.content_type, photo.body) == ("one.png", "image/png", b"\x89PNG")
