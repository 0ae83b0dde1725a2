"""The page `docs/howto/port-from-cyclone-1.md`: its programs as they are printed, and what it promises."""

import ast
import base64
import gzip
import hashlib
import hmac
import importlib
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from documented_blocks import listens
from startup_processes import BIN, PATIENCE, Launcher, environment, free_port

from cyclone_core.limits import Limits
from cyclone_core.testing import Client, result_of
from cyclone_core.web import Application

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "howto" / "port-from-cyclone-1.md").read_text(encoding="utf-8")
BEHAVIOUR = ROOT / "packages" / "cyclone-core" / "tests" / "testing" / "test_client_behaviour.py"

SECRET = "the secret that signs the cookies of your users"  # noqa: S105 -- it is printed


def blocks(language: str) -> list[str]:
    """Return the code blocks of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def shelf() -> tuple[str, str]:
    """Return the application of the page: as it was, and as it is."""
    (diff,) = blocks("diff")
    lines = diff.splitlines(keepends=True)[3:]
    was, now = ["".join([line[1:] for line in lines if line[0] in side]) for side in (" -", " +")]
    return was, now


def run(launch: Launcher, command: str) -> str:
    """Run a command as it is printed, and return what it writes."""
    path = f"{BIN}:{environment()['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=launch.directory,
        env={**environment(), "PATH": path, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def classic_cookie(name: str, value: str) -> str:
    """Sign a value in the manner of cyclone 1.x."""
    encoded = base64.b64encode(value.encode()).decode()
    seconds = str(int(time.time()))
    signed = f"{name}{encoded}{seconds}".encode()
    return "|".join([encoded, seconds, hmac.new(SECRET.encode(), signed, hashlib.sha1).hexdigest()])


def section(title: str) -> str:
    """Return what stands below a heading, up to the next one of its level."""
    found = re.search(
        rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{2,3}} |\Z)", PAGE, re.DOTALL | re.MULTILINE
    )
    assert found is not None, title
    return found[2]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines[2:]]


def test_installed(launch: Launcher) -> None:
    """The command that tells whether the plugin is there tells it."""
    told = blocks("sh")[0].splitlines()[-1]
    assert run(launch, told).startswith("cyclone 2.")


def test_application(launch: Launcher) -> None:
    """The application that was ported answers what the page asks."""
    start, *asked = blocks("sh")[1].splitlines()
    port = free_port()
    program = shelf()[1].replace("8888", str(port))
    launch.write("shelf.py", program)
    process = launch.start("python", "-W", "error", *start.split()[1:])
    listens(process, port)
    said = [run(launch, line.replace("8888", str(port))) for line in asked]
    name = hashlib.md5(b"shelf.py", usedforsecurity=False).hexdigest()
    shown = f"hello, you\n{name}: {len(program)} bytes\n"
    assert said == ["", "", shown, "looking for a b\n", "later\n"]
    assert (launch.directory / name).read_text(encoding="utf-8") == program
    old = classic_cookie("user", "before")
    url = f"http://127.0.0.1:{port}"
    assert run(launch, f"curl -s -H 'Cookie: user={old}' {url}/").startswith("hello, before\n")
    assert run(launch, f"curl -s -b jar {url}/upload -d file=no") == "sorry, 500\n"
    assert "failed: 'file'\n" in process.output
    leaving = f"curl -s -D - -d user=you -d next=//evil.example/ {url}/login"
    assert "\nLocation: /\n" in run(launch, leaving)


def test_application_as_it_was(launch: Launcher) -> None:
    """What is left of Python 2 in the old application is done by the tool that the page names."""
    was, _ = shelf()
    with pytest.raises(SyntaxError):
        ast.parse(was)
    if sys.version_info >= (3, 13):
        pytest.skip("Python 3.13 has no lib2to3")
    launch.write("shelf.py", was)
    run(launch, blocks("sh")[2])
    text = (launch.directory / "shelf.py").read_text(encoding="utf-8")
    ast.parse(text)
    assert "iteritems" not in text


def test_async_def(launch: Launcher) -> None:
    """The handler with `async def` runs."""
    port = free_port()
    launch.write("later.py", blocks("python")[0])
    process = launch.start("cyclone", "run", "later.py", f"--port={port}")
    listens(process, port)
    assert run(launch, f"curl -s http://127.0.0.1:{port}/later") == "later\n"


def test_protocol_of_ones_own(launch: Launcher) -> None:
    """A detached connection speaks the other protocol, also for what was sent ahead."""
    port = free_port()
    launch.write("raw.py", blocks("python")[2])
    listens(launch.start("cyclone", "run", "raw.py", f"--port={port}"), port)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            received += client.recv(1000)
        assert received.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        client.sendall(b"anything")
        assert client.recv(1000) == b"anything"


def test_as_it_was() -> None:
    """The settings and attributes give back the behaviour of cyclone 1.x."""
    names: dict[str, Any] = {}
    exec(blocks("python")[1], names)  # noqa: S102 -- our own page

    base: Any = names["Base"]

    class Handler(base):  # type: ignore[misc]
        def get(self) -> None:
            self.set_cookie("plain", "1")
            self.set_secure_cookie("signed", "1", expires_days=None)
            user = self.get_secure_cookie("user")
            self.write(f"{user!r} {self.xsrf_token.decode()} " + 20 * "x")

    application = Application(
        [(r"/", Handler)], cookie_secret=SECRET, gzip=True, **names["settings"]
    )
    with Client(application) as client:
        assert [result_of(ask("/")).status for ask in (client.head, client.options)] == [405, 405]
        headers = {"Cookie": f"user={classic_cookie('user', 'you')}", "Accept-Encoding": "gzip"}
        response = result_of(client.get("/", headers=headers, protocol="https"))
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Server"] == "cyclone/1.2"
    text = gzip.decompress(response.content).decode()
    assert re.fullmatch(r"b'you' [0-9a-f]{32} x+", text)
    cookies = response.headers.get_list("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["plain", "signed", "_xsrf"]
    for cookie in cookies:
        assert cookie.endswith("; Path=/")
        assert not re.search("SameSite|Secure|HttpOnly", cookie)


def test_limits() -> None:
    """The limits that the page names have the defaults that it tells."""
    limits = Limits()
    told = {name.strip("`"): value for name, _, value in rows(section("Settings"))}
    assert told["max_body_size"] == f"{limits.max_body_size // 2**20} MiB"
    assert told["max_arguments"] == str(limits.max_arguments)
    assert told["idle_connection_timeout"] == f"{limits.idle_connection_timeout:.0f} seconds"
    assert told["header_timeout"] == f"{limits.header_timeout:.0f} seconds"
    assert f"one of more than {limits.body_memory_limit // 2**20} MiB stays on disk" in PAGE


def test_still_to_come() -> None:
    """What is said to be still to come is not there yet, and everything else that 1.x had is."""
    sentence = re.search(r"\*\*Still to come\*\* are (.*?)\(", PAGE, re.DOTALL)
    assert sentence is not None
    coming = {name.removeprefix("cyclone.") for name in re.findall(r"`([\w.]+)`", sentence[1])}
    modules = """
        app auth bottle escape httpclient httpserver httputil jsonrpc locale mail options redis sqlite
        sse template testing util web websocket xmlrpc
    """
    missing = set()
    for name in modules.split():
        try:
            importlib.import_module(f"cyclone.{name}")
        except ModuleNotFoundError:
            missing.add(name)
    assert coming == missing


# Each difference that a test of the old behaviours pins, with the words by which the page tells it.
CHANGED = {
    "head_and_options": "HEAD is `get` without its body",
    "path_arguments": "another one that `prepare` sets reaches the method",
    "on_connection_close": "only if the client goes; an argument is optional",
    "status": "the reason is `Unknown`",
    "clear_header": "takes that away, too",
    "header_values": "a header value has at most 4000 characters",
    "plus_in_path": "a `+` in a path stays `+`",
    "cookie_attributes": "any domain, path and attribute | checked: `ValueError`",
    "cookie_format": "`signed_cookie_min_version=1` or `min_version=1`",
    "redirect": "as given: the client joins them",
    "json": "`application/json; charset=UTF-8`",
    "xsrf_token": "bytes, another one in each",
    "reverse": "unescapes the dot, writes `%20`",
    "status_line": "the status line repeats the version of the request",
    "coroutines": "`async def` gave an empty answer",
    "render_without_return": "need not be returned",
    "custom_error_page": "the custom error page calls itself",
    "continue": "`100 Continue`",
    "malformed": "malformed requests end without a word",
    "blank_fields": "an empty field of a form is dropped",
    "forwarded_for": "a list: the last one that is no proxy of yours",
    "bad_cookie": "one malformed cookie loses all",
    "folding": "header lines that go on in the next one are joined",
    "multipart": "the whole form is a 400",
    "response": "a `Response` with `content`, `headers`, `status`",
    "escape": "`&#x27;`",
}


def test_every_change_is_told() -> None:
    """Each difference from the tests of cyclone 1.x that a test of ours pins stands on the page."""
    tree = ast.parse(BEHAVIOUR.read_text(encoding="utf-8"))
    prefix = "test_changed_"
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    pinned = {name.removeprefix(prefix) for name in functions if name.startswith(prefix)}
    assert pinned == set(CHANGED)
    assert [words for words in CHANGED.values() if words not in PAGE] == []


def test_links() -> None:
    """Every link of the page leads to a file, or to a heading of the page."""
    headings = {
        re.sub(r"[^a-z -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in headings, target
        else:
            assert (ROOT / "docs" / "howto" / target).exists(), target
