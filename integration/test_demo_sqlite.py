"""`demos/sqlite`: the application runs as its README says."""

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from documented_blocks import listens
from startup_processes import Launcher, answers, free_port, is_running, until
from test_howto import run

DEMO = Path(__file__).parents[1] / "demos" / "sqlite"
START, ASK = re.findall(
    r"^```sh\n(.*?)^```", (DEMO / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
)


@pytest.fixture
def asked(launch: Launcher) -> list[str]:
    """What the README asks the application."""
    shutil.copy(DEMO / "phonebook.py", launch.directory)
    program, *words = START.split()
    port = free_port()
    listens(launch.start(program, *words, f"-p{port}"), port)
    return [line.replace("8888", str(port)) for line in ASK.splitlines()]


def test_phonebook(launch: Launcher, asked: list[str]) -> None:
    """People are put there, found, listed and deleted."""
    ann, anton, get, search, delete = [f"{line} -s" for line in asked]
    assert run(launch, ann) == run(launch, anton) == '{"before": null}'
    assert run(launch, ann) == '{"before": "555-1234"}'
    assert json.loads(run(launch, get)) == {"name": "ann", "number": "555-1234"}
    assert [each["name"] for each in json.loads(run(launch, search))["people"]] == ["ann", "anton"]
    assert run(launch, delete) == ""
    assert run(launch, f"{get} -o out -w '%{{http_code}}'") == "404"


def test_bad_numbers(launch: Launcher, asked: list[str]) -> None:
    """What the database refuses is answered by 400, and nothing is kept of it."""
    put, get = asked[0].replace("555-1234", "1"), asked[2]
    assert run(launch, f"{put} -s -i").startswith("HTTP/1.1 400 No Such Number\n")
    assert run(launch, f"{get} -s -o out -w '%{{http_code}}'") == "404"


def test_injection(launch: Launcher, asked: list[str]) -> None:
    """Whatever stands in a parameter stays a value."""
    search = asked[3].replace("?name=an", "\"?name='%20OR%20''='\"")
    run(launch, asked[0] + " -s")
    assert run(launch, f"{search} -s") == '{"people": []}'


@pytest.fixture
def daemon(launch: Launcher) -> Iterator[tuple[int, int]]:
    """The number and the port of the application in the background, as it runs in production."""
    shutil.copy(DEMO / "phonebook.py", launch.directory)
    port, pid_file = free_port(), launch.directory / "web.pid"
    words = ["--logfile=web.log", "--pidfile=web.pid", "cyclone", f"--port={port}"]
    done = launch.run("twistd", *words, "--listen=127.0.0.1", "--app=phonebook.Application")
    assert (done.returncode, done.stderr) == (0, "")
    until("pid file", pid_file.exists)
    pid = int(pid_file.read_text("ascii"))
    yield pid, port
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_in_the_background(launch: Launcher, daemon: tuple[int, int]) -> None:
    """The daemon, a fork of the process that has made the pool, writes, reads and ends."""
    pid, port = daemon
    put, get = [
        f"{line} -s".replace("8888", str(port)) for line in (ASK.splitlines()[i] for i in (0, 2))
    ]
    until("page", lambda: run(launch, f"{get} -o out -w '%{{http_code}}' || true") == "404")
    assert run(launch, put) == '{"before": null}'
    assert json.loads(run(launch, get))["number"] == "555-1234"
    os.kill(pid, signal.SIGTERM)
    until("end of the daemon", lambda: not is_running(pid))
    assert not answers(port)
    assert "Traceback" not in (launch.directory / "web.log").read_text("utf-8")
