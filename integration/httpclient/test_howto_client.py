"""The programs of `docs/howto/http-client.md`, run as they are printed."""

import re

import pytest
from documented_blocks import listens
from startup_processes import Launcher, free_port
from test_howto import HOWTO, blocks, run

PAGE = "http-client"
TEXT = (HOWTO / f"{PAGE}.md").read_text(encoding="utf-8")
NAMES = ["shop.py", "ask.py", "front.py", "transfer.py", "ported.py", "classic.py"]
PROGRAMS = dict(zip(NAMES, blocks(PAGE, "python"), strict=True))
# The program that each printed output belongs to.
OUTPUTS = dict(
    zip(["ask.py", "transfer.py", "ported.py", "classic.py"], blocks(PAGE, "text"), strict=True)
)


def program(name: str, port: int) -> str:
    """Return a program that asks a port instead of the printed one."""
    assert f"`{name}`" in TEXT
    return PROGRAMS[name].replace(":8888/", f":{port}/")


@pytest.fixture
def shop(launch: Launcher) -> int:
    """The port of the server that all programs ask."""
    launch.write("shop.py", PROGRAMS["shop.py"])
    found = re.search(r"`(cyclone run shop\.py)`", TEXT)
    assert found is not None
    start, *words = found[1].split()
    port = free_port()
    listens(launch.start(start, *words, f"-p{port}"), port)
    return port


@pytest.mark.parametrize("name", OUTPUTS)
def test_programs(launch: Launcher, shop: int, name: str) -> None:
    """Each program prints what the page says."""
    launch.write(name, program(name, shop))
    ran = launch.run("python", name)
    assert (ran.stdout, ran.returncode) == (OUTPUTS[name], 0), ran.stderr


def test_handler(launch: Launcher, shop: int) -> None:
    """The application that asks another server is started and asked as the page says."""
    launch.write("front.py", program("front.py", shop))
    start, ask = blocks(PAGE, "sh")[0].splitlines()
    port = free_port()
    command, *words = start.replace("8889", str(port)).split()
    launch.start(command, *words).serving(port)
    assert run(launch, f"{ask.replace('8889', str(port))} -s") == "chair, table"
