"""The programs of the pages about PostgreSQL, MySQL and MongoDB, run against real servers.

There is no MongoDB in Debian: where no `mongod` is found, its page is run without a server only.
"""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from documented_blocks import listens
from servers.mariadb import MariaDBServer
from servers.postgresql import PASSWORD, USER, PostgreSQLServer
from startup_processes import Launcher, free_port, self_signed, until
from test_howto import HOWTO, blocks, run

from cyclone_storage.sql import SQLPool, connect

PRINTED = {
    "postgresql": "postgresql://shop:secret@127.0.0.1:5432/shop",
    "mysql": "mysql://shop:secret@127.0.0.1:3306/shop",
}
PAGES = list(PRINTED)


class Page(NamedTuple):
    """A page, and a server for its programs."""

    name: str
    server: PostgreSQLServer | MariaDBServer

    def put(self, launch: Launcher, program: str) -> None:
        """Write a program that asks the server."""
        url = f"{self.name}://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.server.port}/{USER}"
        text = programs(self.name)[program]
        assert PRINTED[self.name] in text
        launch.write(program, text.replace(PRINTED[self.name], url))

    def start(self, launch: Launcher) -> list[str]:
        """Start the application as the page says; return what the page asks it."""
        self.put(launch, "guests.py")
        return start(launch, self.name)


def programs(page: str) -> dict[str, str]:
    """Return the programs of a page by their names."""
    text = (HOWTO / f"{page}.md").read_text("utf-8")
    return dict(re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def outputs(page: str) -> dict[str, str]:
    """Return what the programs of a page print, by their names."""
    text = (HOWTO / f"{page}.md").read_text("utf-8")
    form = r"`(\w+\.py)`:\n\n```python\n[^`]*^```\n\n```text\n(.*?)^```"
    return dict(re.findall(form, text, re.DOTALL | re.MULTILINE))


def start(launch: Launcher, page: str) -> list[str]:
    """Start the application of a page as it says; return what it asks."""
    command, *asked = blocks(page, "sh")[1].splitlines()
    port = free_port()
    program, *words = shlex.split(command.replace("8888", str(port)))
    listens(launch.start(program, *words), port)
    return [line.replace("8888", str(port)) for line in asked]


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page with a server of its own."""
    server = PostgreSQLServer() if request.param == "postgresql" else MariaDBServer()
    yield Page(request.param, server)
    server.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_program(name: str) -> None:
    """Each program of a page has a name, and is run here: with its output, or as the application."""
    assert len(programs(name)) == len(blocks(name, "python"))
    assert programs(name).keys() == outputs(name).keys() | {"guests.py"}


def test_programs(launch: Launcher, page: Page) -> None:
    """Each program prints what the page says, a second time, too."""
    for name, output in outputs(page.name).items():
        page.put(launch, name)
        for _ in range(2):
            ran = launch.run("python", name)
            assert (ran.stdout, ran.stderr, ran.returncode) == (output, "", 0)


def test_application(launch: Launcher, page: Page) -> None:
    """The application answers, says 503 while its database is away, and goes on when it is back."""
    asked = page.start(launch)
    if page.name == "postgresql":
        add, read, health = asked
        expected, seconds = "Ann\n", 5
        # The table is made while the application begins.
        until("table", lambda: "HTTP/1.1 200 " in run(launch, f"{read} -i"))
        assert run(launch, add) == ""
        assert re.fullmatch(r'{"ok": true, "connections": \d}', run(launch, health))
    else:
        (read,) = asked
        expected, seconds = f"{USER}\n", 10
    assert run(launch, read) == expected
    page.server.kill()
    answer = run(launch, f"{read} -i")
    assert answer.startswith("HTTP/1.1 503 ")
    assert f"\nRetry-After: {seconds}\n" in answer
    if page.name == "postgresql":
        assert '"ok": false' in run(launch, health)
    page.server.start()
    assert run(launch, read) == expected


@pytest.mark.parametrize("name", PAGES)
def test_tls(launch: Launcher, name: str) -> None:
    """The calls about TLS make pools; nothing is connected."""
    certificate = self_signed(launch.directory)
    (block,) = blocks(name, "py")
    calls = block.replace("ca.pem", str(certificate)).splitlines()
    assert len(calls) >= 3
    for call in calls:
        names = {"connect": connect}
        exec(call, names)  # noqa: S102 -- our own page
        pool = names["pool"]
        assert isinstance(pool, SQLPool)
        pool.close()


def test_mongodb_away(launch: Launcher) -> None:
    """While there is no MongoDB the application answers 503, and lives."""
    (program,) = programs("mongodb").values()
    assert "27017" in program
    launch.write("guests.py", program.replace("27017", str(free_port())))
    post, get = start(launch, "mongodb")
    for command in (get, post):
        answer = run(launch, f"{command} -i")
        assert answer.startswith("HTTP/1.1 503 ")
        assert "\nRetry-After: 5\n" in answer


@pytest.mark.skipif(shutil.which("mongod") is None, reason="there is no mongod here")
def test_mongodb(launch: Launcher, tmp_path: Path) -> None:
    """With a MongoDB the application keeps guests."""
    port = free_port()
    words = ["mongod", "--dbpath", str(tmp_path), "--bind_ip", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            (program,) = programs("mongodb").values()
            launch.write("guests.py", program.replace("27017", str(port)))
            post, get = start(launch, "mongodb")
            until("MongoDB", lambda: "HTTP/1.1 200" in run(launch, f"{get} -i"))
            assert run(launch, post) == ""
            assert run(launch, get) == "Ann\n"
        finally:
            server.terminate()
