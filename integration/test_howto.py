"""The programs and commands of `docs/howto`, run as they are printed."""

import dataclasses
import importlib
import json
import re
import shlex
import signal
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from startup_processes import BIN, Launcher, answers, environment, fetch, free_port, until
from twisted.logger import LogEvent, formatEvent

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.limits import Limits

HOWTO = Path(__file__).parents[1] / "docs" / "howto"


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a page."""
    text = (HOWTO / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def put(launch: Launcher, name: str, text: str, printed: int) -> int:
    """Write a program with a free port in the place of the one that is printed."""
    port = free_port()
    assert str(printed) in text
    launch.write(name, text.replace(str(printed), str(port)))
    return port


def run(launch: Launcher, command: str) -> str:
    """Run a command as printed, and return what it writes."""
    path = f"{BIN}:{environment()['PATH']}"
    return subprocess.run(
        ["sh", "-c", command],
        cwd=launch.directory,
        env={**environment(), "PATH": path, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture
def pair(launch: Launcher) -> Path:
    """The key and the certificate that the page makes; the path of the latter."""
    run(launch, blocks("tls", "sh")[0])
    return launch.directory / "server.crt"


def test_proxy_headers(launch: Launcher) -> None:
    """The application behind a proxy, asked as the page says."""
    client, *_ = blocks("proxies", "python")
    launch.write("client.py", client)
    start, ask = blocks("proxies", "sh")[0].splitlines()
    port = free_port()
    program, *words = shlex.split(start)
    launch.start(program, *words, f"--port={port}").serving(port)
    assert "8888" in ask
    assert run(launch, ask.replace("8888", str(port))) == "198.51.100.7 https\n"


def test_proxy_protocol(launch: Launcher) -> None:
    """The endpoint `haproxy:`."""
    client, proxied, _ = blocks("proxies", "python")
    launch.write("client.py", client)
    port = put(launch, "proxied.py", proxied, 8889)
    launch.start("python", "proxied.py")
    said = f"curl -s --haproxy-protocol http://127.0.0.1:{port}/ || true"
    until("answer", lambda: run(launch, said) == "127.0.0.1 http\n")


def test_proxy_protocol_with_tls(launch: Launcher, pair: Path) -> None:
    """The same before a TLS connection."""
    client, _, passed = blocks("proxies", "python")
    launch.write("client.py", client)
    port = put(launch, "passed.py", passed, 8443)
    launch.start("python", "passed.py")
    said = f"curl -s --haproxy-protocol --cacert {pair} https://localhost:{port}/ || true"
    until("answer", lambda: run(launch, said) == "127.0.0.1 https\n")


def test_https_from_the_command_line(launch: Launcher, pair: Path) -> None:
    """The demo over HTTPS, asked as the page says."""
    launch.hello("hello.py")
    start, ask = blocks("tls", "sh")[1].splitlines()
    port = free_port()
    program, *words = shlex.split(start.replace("8443", str(port)))
    launch.start(program, *words).serving(port, pair)
    assert run(launch, ask.replace("8443", str(port))) == "hello, world"


def test_https_in_a_program(launch: Launcher, pair: Path) -> None:
    """The program, and its renewal by a signal; a broken file is printed."""
    (program,) = blocks("tls", "python")
    port = put(launch, "secure.py", program, 8443)
    process = launch.start("python", "-u", "secure.py")
    until("answer", lambda: answers(port, pair))
    run(launch, blocks("tls", "sh")[0])
    process.send_signal(signal.SIGHUP)

    def renewed() -> bool:
        try:
            return fetch(port, pair) == "hello, world"
        except ssl.SSLCertVerificationError:
            return False

    until("new certificate", renewed)
    (launch.directory / "server.key").unlink()
    process.send_signal(signal.SIGHUP)
    until("reason", lambda: "server.key cannot be read" in process.output)
    assert answers(port, pair)


def test_the_other_contexts(launch: Launcher, pair: Path) -> None:
    """The calls with hosts and with clients' certificates."""
    folder = pair.parent
    for name in ("example.org", "example.net"):
        for end in ("key", "crt"):
            (folder / f"{name}.{end}").write_bytes((folder / f"server.{end}").read_bytes())
    (folder / "clients.crt").write_bytes(pair.read_bytes())
    calls = blocks("tls", "py")
    assert len(calls) == 2
    imported = "from cyclone_core.tls import server_context_factory\n"
    done = launch.run("python", "-c", imported + "".join(calls))
    assert (done.returncode, done.stderr) == (0, "")


def test_limits_are_listed() -> None:
    """The page about limits lists every setting with its default, and its programs run."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\S+) \|", (HOWTO / "limits.md").read_text("utf-8"), re.MULTILINE
    )
    fields = [field for field in dataclasses.fields(Limits) if field.init]
    assert sorted(rows) == sorted((field.name, str(field.default)) for field in fields)
    names: dict[str, Any] = {}
    for program in blocks("limits", "python"):
        exec(program, names)  # noqa: S102 -- our own page
    assert names["internal"].limits.body_timeout == 600
    assert names["application"].limits.max_body_size == 1024 * 1024


def test_fixed_limits_are_listed() -> None:
    """Each bound without a setting is a constant of the module that the page names."""
    page = (HOWTO / "limits.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) [^|]+ \| `([\w.]+)` \|", page, re.MULTILINE)
    assert len(rows) == 6
    for number, name in rows:
        module = importlib.import_module(name)
        constants = [value for key, value in vars(module).items() if key.startswith("_")]
        assert int(number) in [value for value in constants if type(value) is int]


# Does what systemd does: opens the socket, hands it over as number 3, and becomes the service.
ACTIVATE = """
import os, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(server.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="hello.socket", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@pytest.fixture
def sockets(launch: Launcher) -> list[str]:
    """The programs of the page about sockets; `pages.py` and `endpoints.py` are written."""
    pages, ports, endpoints, several = blocks("sockets", "python")
    launch.write("pages.py", pages)
    launch.write("endpoints.py", endpoints)
    return [ports, several]


def with_ports(text: str, *printed: int) -> tuple[str, list[int]]:
    """Replace the ports that are printed by free ones."""
    found = []
    for number in printed:
        assert str(number) in text
        found.append(free_port())
        text = text.replace(str(number), str(found[-1]))
    return text, found


def test_ports_and_sockets(launch: Launcher, sockets: list[str], pair: Path) -> None:
    """TCP, a unix socket and HTTPS, asked as the page says."""
    asked = blocks("sockets", "sh")[0]
    both, (port, secure) = with_ports(sockets[0] + "\0" + asked, 8888, 8443)
    program, asked = both.split("\0")
    launch.write("ports.py", program)
    launch.start("python", "ports.py").serving(port)
    assert answers(secure, pair)
    assert [run(launch, line) for line in asked.splitlines()] == ["hello\n"] * 3
    assert (launch.directory / "web.sock").stat().st_mode & 0o777 == 0o660


@pytest.mark.usefixtures("sockets")
def test_endpoint_strings(launch: Launcher) -> None:
    """The program listens where its arguments say; a port that is taken ends it."""
    command, (port,) = with_ports(blocks("sockets", "sh")[1], 8888)
    words = shlex.split(command)
    launch.start(*words).serving(port)
    assert run(launch, "curl -s --unix-socket hello.sock http://localhost/") == "hello\n"
    again = launch.run(*words[:-1])
    assert again.returncode == 1
    assert "Address already in use" in again.stderr


@pytest.mark.usefixtures("sockets")
def test_strings_of_the_table(launch: Launcher, pair: Path) -> None:
    """All the strings of the table, but the one that needs systemd, open a port."""
    assert pair.exists()
    page = (HOWTO / "sockets.md").read_text("utf-8")
    strings = re.findall(r"^\| `(\w+:[^`]+)` \|", page, re.MULTILINE)
    assert len(strings) == 6
    port = free_port()
    usable = [re.sub(r"8888|8443", "0", text) for text in strings if "systemd" not in text]
    words = ["endpoints.py", *usable, f"tcp:{port}:interface=127.0.0.1"]
    assert launch.start("python", *words).serving(port).end() in {0, -signal.SIGTERM}


@pytest.mark.usefixtures("sockets")
def test_systemd_units(launch: Launcher) -> None:
    """The command of the service, started with the socket of the socket unit."""
    socket_unit, service = blocks("sockets", "ini")
    assert "ListenStream=127.0.0.1:8888\n" in socket_unit
    (command,) = re.findall(r"^ExecStart=\S+/bin/python (.*)$", service, re.MULTILINE)
    port = free_port()
    launch.start("python", "-c", ACTIVATE, str(port), *shlex.split(command)).serving(port)
    assert fetch(port) == "hello\n"


def test_several_applications(launch: Launcher, sockets: list[str]) -> None:
    """Two applications in one process, one of them on two ports with different limits."""
    asked = blocks("sockets", "sh")[2]
    both, (port, _) = with_ports(sockets[1] + "\0" + asked, 8888, 8889)
    program, asked = both.split("\0")
    launch.write("several.py", program)
    launch.start("python", "several.py").serving(port)
    private, posted, refused = asked.splitlines()
    assert run(launch, private) == "for us\n"
    assert run(launch, posted) == "12 bytes"
    assert "413" in run(launch, refused)


def test_logging_fields(launch: Launcher) -> None:
    """The first program of the page about logging writes the fields that the page lists."""
    launch.write("hello.py", blocks("logging", "python")[0])
    start, ask = blocks("logging", "sh")[0].splitlines()
    port = free_port()
    program, *words = shlex.split(start)
    process = launch.start(program, *words, f"--port={port}").serving(port)
    assert "8888" in ask
    assert run(launch, ask.replace("8888", str(port))) == "hello, world"
    process.end()
    lines = [line for line in process.output.splitlines() if line.startswith("{")]
    found = json.loads(lines[-1])
    assert found["uri"] == "/?voucher=***"
    text = (HOWTO / "logging.md").read_text("utf-8")
    rows = text.partition("| field |")[2].partition("\n\n")[0].splitlines()
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert listed == list(found)


def test_logging_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """The programs of the page about logging run one after the other, and log what it says."""
    names: dict[str, Any] = {}
    for program in blocks("logging", "python"):
        exec(program, names)  # noqa: S102 -- our own page
    assert names["Application"]().settings.access_log == "json"

    class Slow(HTTPServerRequest):
        def request_time(self) -> float:
            return 2.0

    events: list[LogEvent] = []
    names["log"].observer = events.append
    quick = HTTPServerRequest("GET", "/")
    for request in (quick, Slow("GET", "/\x1b")):
        handler = names["Hello"](names["application"], request)
        names["application"].log_request(handler)
    assert [formatEvent(event) for event in events] == [r"/\x1b took 2.0 seconds"]

    paths: list[str] = []
    quiet = names["Quiet"](log_function=lambda handler: paths.append(handler.request.path))
    for path in ("/health", "/"):
        quiet.log_request(names["Hello"](quiet, HTTPServerRequest("GET", path)))
    assert paths == ["/"]
    assert capsys.readouterr().out == ""
