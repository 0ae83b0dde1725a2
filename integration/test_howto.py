"""The programs and commands of `docs/howto`, run as they are printed."""

import dataclasses
import importlib
import re
import shlex
import signal
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from startup_processes import BIN, Launcher, answers, environment, fetch, free_port, until

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
