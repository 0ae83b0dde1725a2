"""The page about porting from Tornado: its programs and commands, run as they are printed."""

import shlex

import pytest
from startup_processes import Launcher, fetch
from test_howto import blocks, put, run, with_ports

PAGE = "port-from-tornado"


@pytest.fixture
def renamed(launch: Launcher) -> int:
    """`hello.py`, renamed by the command of the page; the port in it."""
    rename, *_ = blocks(PAGE, "sh")
    port = put(launch, "hello.py", blocks(PAGE, "python")[0], 8888)
    launch.write("page.html", "{% import tornado.escape %}{{ tornado.escape.squeeze(x) }}")
    left = run(launch, rename)
    assert left == ""
    page = (launch.directory / "page.html").read_text("utf-8")
    assert page == "{% import cyclone.escape %}{{ cyclone.escape.squeeze(x) }}"
    return port


def test_renamed(launch: Launcher, renamed: int) -> None:
    """The program of the page runs after it was renamed, asked as the page says."""
    start, ask = blocks(PAGE, "sh")[1].splitlines()
    program, *words = shlex.split(start)
    launch.start(program, *words).serving(renamed)
    assert run(launch, ask.replace("8888", str(renamed)) + " -s") == "hello, world\n"


def test_rename_finds_the_rest(launch: Launcher) -> None:
    """The command prints what it cannot rename."""
    launch.write("old.py", "import tornado.ioloop\nfrom tornado import web, gen\nimport tornadox\n")
    left = run(launch, blocks(PAGE, "sh")[0])
    assert left == "./old.py:1:import tornado.ioloop\n"
    text = (launch.directory / "old.py").read_text("utf-8")
    assert text == "import tornado.ioloop\nfrom cyclone import web, gen\nimport tornadox\n"


@pytest.mark.usefixtures("renamed")
def test_on_a_reactor(launch: Launcher) -> None:
    """The lines for programs that called `IOLoop.current().start()`, on the asyncio reactor."""
    (lines,) = blocks(PAGE, "py")
    install = "from twisted.internet import asyncioreactor; asyncioreactor.install()\n"
    page = (launch.directory / "hello.py").read_text("utf-8")
    assert "asyncioreactor; asyncioreactor.install()" in install
    port = put(launch, "main.py", f"{install}from hello import make_app\n{lines}", 8888)
    assert "make_app" in page
    launch.start("python", "main.py").serving(port)
    assert fetch(port) == "hello, world\n"


@pytest.mark.usefixtures("renamed")
def test_with_the_command(launch: Launcher) -> None:
    """`cyclone run` serves the same application."""
    command, (port,) = with_ports(blocks(PAGE, "sh")[2], 8888)
    launch.start(*shlex.split(command)).serving(port)
    assert fetch(port) == "hello, world\n"


@pytest.mark.parametrize(
    ("place", "name", "printed"), [(1, "waiting", 8889), (2, "twisted_waiting", 8890)]
)
def test_waiting(launch: Launcher, place: int, name: str, printed: int) -> None:
    """The programs that wait, with asyncio and with Twisted, answer the same."""
    port = put(launch, f"{name}.py", blocks(PAGE, "python")[place], printed)
    launch.start("python", f"{name}.py").serving(port)
    assert fetch(port) in {"the same year\na message\n", "midnight\na message\n"}


@pytest.mark.usefixtures("renamed")
def test_tests(launch: Launcher) -> None:
    """The tests of the page pass under trial."""
    launch.write("test_hello.py", blocks(PAGE, "python")[3])
    program, *words = shlex.split(blocks(PAGE, "sh")[3])
    done = launch.run(program, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ran 3 tests" in done.stdout
