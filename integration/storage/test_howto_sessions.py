"""The programs of `docs/howto/sessions.md`, run as they are printed."""

import re

from documented_blocks import listens
from startup_processes import Launcher, free_port
from test_howto import HOWTO, blocks, run

from cyclone_storage.sessions import SessionPolicy

PAGE = "sessions"
TEXT = (HOWTO / f"{PAGE}.md").read_text(encoding="utf-8")


def test_shop(launch: Launcher) -> None:
    """The application is started and asked as the page says, and answers as it says."""
    launch.write("shop.py", blocks(PAGE, "python")[0])
    start, *asks = blocks(PAGE, "sh")[0].splitlines()
    port = free_port()
    command, *words = start.split()
    listens(launch.start(command, *words, f"-p{port}"), port)
    said = "".join([run(launch, f"{ask.replace('8888', str(port))} -s") for ask in asks])
    assert said == blocks(PAGE, "text")[0]


def test_stores(launch: Launcher) -> None:
    """The stores are made as the page says, without asking anybody."""
    launch.write("stores.py", blocks(PAGE, "python")[1])
    ran = launch.run("python", "stores.py")
    assert (ran.stdout, ran.returncode) == ("", 0), ran.stderr


def test_settings() -> None:
    """The table has all settings, with their defaults where they are numbers."""
    rows = dict(re.findall(r"^\| `session_(\w+)` \| ([^|]+) \|", TEXT, re.MULTILINE))
    del rows["store"]
    policy = SessionPolicy()
    assert set(rows) == set(SessionPolicy.__dataclass_fields__)
    numbers = {name: float(value) for name, value in rows.items() if value.isdigit()}
    assert numbers == {name: getattr(policy, name) for name in numbers}
    assert len(numbers) == 3
