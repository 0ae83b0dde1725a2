"""The examples of the README, run as they are printed, with the addresses of servers that are there."""

import re
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from .servers.postgresql import PASSWORD, USER, PostgreSQLServer
from .servers.redis import RedisServer
from .sessions.handling import Handler, Plain, Request

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^## ([^\n]+)\n(?:(?!^## |^```python).)*^```python\n(.*?)^```(?:\n\n```text\n(.*?)^```)?",
    re.DOTALL | re.MULTILINE,
)
# By the heading that it stands under: the program and what it prints.
EXAMPLES = {heading: (program, printed) for heading, program, printed in EXAMPLE.findall(README)}
NEED_NOTHING = ["SQLite", "Rate limits", "A cache", "When a database is away"]


def run(directory: Path, heading: str, **addresses: str) -> None:
    """Run an example in a directory, and compare what it prints."""
    program, printed = EXAMPLES[heading]
    for found, wanted in addresses.items():
        address = {"redis": "127.0.0.1:6379", "sql": "ann:secret@127.0.0.1:5432/shop"}[found]
        assert address in program
        program = program.replace(address, wanted)
    path = directory / "example.py"
    path.write_text(program, encoding="utf-8")
    ran = subprocess.run(  # noqa: S603 -- the README is ours
        [sys.executable, "-W", "error", str(path)],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == (printed, "", 0)


def test_all() -> None:
    """No example of the README is forgotten here."""
    assert len(EXAMPLES) == README.count("```python")
    assert {*EXAMPLES} == {*NEED_NOTHING, "Redis", "PostgreSQL and MySQL", "Sessions"}


@pytest.mark.parametrize("heading", NEED_NOTHING)
def test_without_a_server(tmp_path: Path, heading: str) -> None:
    """Examples that need no server print what the README says."""
    run(tmp_path, heading)


def test_redis(tmp_path: Path, redis_server: RedisServer) -> None:
    """The example prints what the README says, with a real Redis."""
    run(tmp_path, "Redis", redis=f"127.0.0.1:{redis_server.port}")


@pytest.fixture
def postgresql() -> Iterator[PostgreSQLServer]:
    """A PostgreSQL server."""
    server = PostgreSQLServer()
    yield server
    server.close()


def test_postgresql(tmp_path: Path, postgresql: PostgreSQLServer) -> None:
    """The example prints what the README says, with a real PostgreSQL."""
    where = f"{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgresql.port}/{USER}"
    run(tmp_path, "PostgreSQL and MySQL", sql=where)


class Writer(Plain):
    """The handler of a web framework, as far as the example needs one."""

    written = ""

    def write(self, text: str) -> None:
        """Keep what is written."""
        self.written += text


def test_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler counts, for a handler class that has what sessions need of cyclone's."""
    settings: dict[str, object] = {}
    web = types.ModuleType("cyclone.web")
    web.RequestHandler = Writer  # type: ignore[attr-defined]
    web.Application = lambda _, **given: settings.update(given)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cyclone", types.ModuleType("cyclone"))
    monkeypatch.setitem(sys.modules, "cyclone.web", web)
    names: dict[str, type[Handler]] = {}
    exec(EXAMPLES["Sessions"][0], names)  # noqa: S102 -- as above
    cookies: dict[str, str] = {}
    assert [visit(names["Visits"], settings, cookies) for _ in range(2)] == ["visit 1", "visit 2"]


def visit(kind: type[Handler], settings: dict[str, object], cookies: dict[str, str]) -> str:
    """Ask once, keep the cookies, and return what was written."""
    handler = kind(settings, Request("http", cookies))
    for coroutine in (handler.get(), handler.send_head()):  # type: ignore[attr-defined]
        with pytest.raises(StopIteration):
            coroutine.send(None)
    cookies.update({name: str(value) for name, (value, _) in handler.jar.items()})
    return str(handler.written)  # type: ignore[attr-defined]
