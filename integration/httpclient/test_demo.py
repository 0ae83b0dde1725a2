"""`demos/httpclient`: both programs run as its README says."""

import http.client
import re
import shlex
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from documented_blocks import listens
from startup_processes import PATIENCE, Launcher, free_port

from httpclient.servers.transfers import pattern
from httpclient.world import World

DEMO = Path(__file__).parents[2] / "demos" / "httpclient"
COMMANDS = re.findall(
    r"^\* `(.+?)`", (DEMO / "README.md").read_text(encoding="utf-8"), re.MULTILINE
)


def ask(port: int, path: str) -> tuple[int, str | None, bytes]:
    """Return status, type and body of a page."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()


@pytest.fixture(autouse=True)
def demo(launch: Launcher) -> None:
    """The programs of the demo lie in the directory."""
    for name in ("fetch.py", "mirror.py"):
        shutil.copy(DEMO / name, launch.directory)


def test_fetch(launch: Launcher) -> None:
    """Without a URL the script asks itself."""
    program, *words = shlex.split(COMMANDS[0].removesuffix(" [URL]"))
    ran = launch.run(program, *words)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = re.fullmatch(
        r"followRedirect = False\n    302 Found http://127\.0\.0\.1:\d+/old\n    /new\n.*\n"
        r"followRedirect = True\n    200 OK http://127\.0\.0\.1:\d+/new\n    text/html.*\n"
        r"    12 bytes in 0\.\d+ s\n",
        ran.stdout,
    )
    assert found, ran.stdout


def test_fetch_url(launch: Launcher, world: World) -> None:
    """With a URL it asks that."""
    ran = launch.run("python", "fetch.py", world.url("/redirect/2"))
    assert "200 OK " + world.url("/get") in ran.stdout


def test_mirror(launch: Launcher, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application gives pages, types and errors of the other server on."""
    variable, program, *words = shlex.split(COMMANDS[1])
    name, _, value = variable.partition("=")
    assert value == "http://127.0.0.1:8000"
    monkeypatch.setenv(name, world.url(""))
    port = free_port()
    listens(launch.start(program, *words, f"-p{port}"), port)
    assert ask(port, "/hello") == (200, "text/plain; charset=utf-8", "hello, wörld".encode())
    assert ask(port, "/bytes/200000") == (200, "application/octet-stream", pattern(200_000))
    assert ask(port, "/status/418")[0] == 418
