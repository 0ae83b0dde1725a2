"""The programs of `docs/howto/redis.md`, run as they are printed against a real server."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from documented_blocks import listens
from servers.redis import RedisServer
from startup_processes import Launcher, free_port
from test_howto import HOWTO, blocks, run

TEXT = (HOWTO / "redis.md").read_text(encoding="utf-8")
PROGRAMS: dict[str, str] = dict(
    re.findall(r"`(\w+\.py)`:\n\n```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
)
OUTPUTS = dict(
    re.findall(
        r"`(\w+\.py)`:\n\n```python\n[^`]*^```\n\n```text\n(.*?)^```",
        TEXT,
        re.DOTALL | re.MULTILINE,
    )
)
# The commands under each application.
COMMANDS = dict(zip(["visits.py", "classic.py"], blocks("redis", "sh"), strict=True))


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a server for one test."""
    with closing(RedisServer(port=str(free_port()))) as redis:
        yield redis.port


def put(launch: Launcher, name: str, server: int) -> None:
    """Write a program that asks a port instead of the printed one."""
    assert "6379" in PROGRAMS[name]
    launch.write(name, PROGRAMS[name].replace("6379", str(server)))


def start(launch: Launcher, name: str, server: int) -> list[str]:
    """Start an application as the page says; return what the page asks it."""
    put(launch, name, server)
    command, *asked = COMMANDS[name].splitlines()
    program, *words = command.split()
    port = free_port()
    printed = words.pop() if "-p" in words else "8888"
    listens(launch.start(program, *[word for word in words if word != "-p"], f"-p{port}"), port)
    return [line.replace(printed, str(port)) for line in asked]


def test_every_program() -> None:
    """Each program of the page has a name, and is run here with its output or its commands."""
    assert len(PROGRAMS) == len(blocks("redis", "python")) == 6
    assert len(OUTPUTS) == len(blocks("redis", "text"))
    assert PROGRAMS.keys() == OUTPUTS.keys() | COMMANDS.keys()


@pytest.mark.parametrize("name", OUTPUTS)
def test_programs(launch: Launcher, server: int, name: str) -> None:
    """Each program prints what the page says, a second time, too."""
    put(launch, name, server)
    for _ in range(2):
        ran = launch.run("python", name)
        assert (ran.stdout, ran.stderr, ran.returncode) == (OUTPUTS[name], "", 0)


def test_application(launch: Launcher, server: int) -> None:
    """The application counts visits, and refuses the fourth within a minute."""
    (ask,) = start(launch, "visits.py", server)
    for number in range(1, 4):
        assert run(launch, f"{ask} -s") == f"visit {number} of tea\n"
    answer = run(launch, f"{ask} -s -i")
    assert answer.startswith("HTTP/1.1 429 ")
    assert 10 < int(re.findall(r"Retry-After: (\d+)", answer)[0]) <= 20


def test_application_without_redis(launch: Launcher) -> None:
    """While there is no Redis the application answers 503, and lives."""
    (ask,) = start(launch, "visits.py", free_port())
    for _ in range(2):
        assert run(launch, f"{ask} -s -i").startswith("HTTP/1.1 503 ")


def test_classic_application(launch: Launcher, server: int) -> None:
    """The classic application sets and gets."""
    put_text, get_text = start(launch, "classic.py", server)
    assert run(launch, f"{put_text} -s") == "howto:colour is set\n"
    assert run(launch, f"{get_text} -s") == "howto:colour is green\n"
