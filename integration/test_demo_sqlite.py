"""`demos/sqlite`: the application runs as its README says."""

import json
import re
import shutil
from pathlib import Path

import pytest
from documented_blocks import listens
from startup_processes import Launcher, free_port
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
