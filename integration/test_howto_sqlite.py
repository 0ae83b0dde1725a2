"""The programs of `docs/howto/sqlite.md`, run as they are printed."""

import re

import pytest
from documented_blocks import listens
from startup_processes import Launcher, free_port
from test_howto import HOWTO, blocks, run

TEXT = (HOWTO / "sqlite.md").read_text(encoding="utf-8")
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


def test_every_program() -> None:
    """Each program of the page has a name, and is run here."""
    assert len(PROGRAMS) == len(blocks("sqlite", "python")) == 4
    assert PROGRAMS.keys() == OUTPUTS.keys() | {"board.py"}


@pytest.mark.parametrize("name", OUTPUTS)
def test_programs(launch: Launcher, name: str) -> None:
    """Each program prints what the page says, a second time, too."""
    launch.write(name, PROGRAMS[name])
    for _ in range(2):
        ran = launch.run("python", name)
        assert (ran.stdout, ran.stderr, ran.returncode) == (OUTPUTS[name], "", 0)


def test_application(launch: Launcher) -> None:
    """The application is started and asked as the page says; its notes survive a restart."""
    launch.write("board.py", PROGRAMS["board.py"])
    ((start, *asked),) = [block.splitlines() for block in blocks("sqlite", "sh")]
    program, *words = start.split()
    port = free_port()
    lines = [line.replace("8888", str(port)) for line in asked]
    process = launch.start(program, *words, f"-p{port}")
    listens(process, port)
    printed = "".join(run(launch, f"{line} -s") for line in lines)
    assert printed + "\n" == blocks("sqlite", "text")[1]
    assert process.end() == 0
    assert "Traceback" not in process.output
    listens(launch.start(program, *words, f"-p{port}"), port)
    assert run(launch, f"{lines[1]} -s") == '{"notes": [{"id": 1, "text": "hello"}]}'
