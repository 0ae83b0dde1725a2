"""Every mistake at the start: one line, no traceback, the right exit status, nothing left behind."""

import socket
from collections.abc import Iterator

import pytest
from startup_processes import Launcher, free_port, self_signed

HOWS = ["cyclone run", "twistd -n cyclone", "twistd cyclone"]

FILES = {
    "broken.py": "import os\n\nraise RuntimeError('out of order')\n",
    "typo.py": "def get(self:\n",
    "needy.py": "import a_module_that_is_not_there\n",
    "empty.py": "x = 1\n",
    "calls.py": (
        "import cyclone.web\n"
        "def make_app():\n    return 1 / 0\n"
        "def needs_app(argument):\n    return cyclone.web.Application([])\n"
        "def wrong_app():\n    return 'text'\n"
        "instance = cyclone.web.Application([])\n"
        "Application = lambda: instance\n"
        "number = 7\n"
    ),
    "notes.txt": "nothing\n",
}

# What is typed, the exit status, and what the line says.
MISTAKES = [
    ("", 2, "No application is named"),
    ("--bogus calls.py", 2, "--bogus"),
    ("calls.py --port", 2, "--help` lists all options."),
    ("calls.py other.py", 2, "--help` lists all options."),
    ("calls.py --port=web", 2, "--port=web is no port"),
    ("calls.py --port=65536", 2, "--port=65536 is no port"),
    ("calls.py --port=-1", 2, "--port=-1 is no port"),
    ("calls.py --ssl-port=x", 2, "--ssl-port=x is no port"),
    ("calls.py --unix=", 2, "--unix is empty"),
    ("calls.py -r calls.Application", 2, "give only one"),
    ("notes.txt", 2, "notes.txt is no Python file"),
    ("cals.py", 2, "Did you mean calls.py?"),
    ("-r cals.Application", 2, "There is no module cals in "),
    ("-r calls.Aplication", 2, "calls has no Aplication. Did you mean Application? It defines "),
    ("-r calls.instance.nothing", 2, "calls.instance has no nothing."),
    ("-r calls", 2, "calls is a module, not an application"),
    ("-r ..calls", 2, "'..calls' is no dotted name"),
    ("-r calls.instance -c text", 2, "--appopts is for an application that is made at the start"),
    ("-r calls.instance --ssl-app=calls.instance --ssl-port=8888", 2, "HTTP and HTTPS need a port"),
    ("broken.py", 1, "RuntimeError: out of order (broken.py, line 3)"),
    ("-r broken.Application", 1, "RuntimeError: out of order (broken.py, line 3)"),
    ("-r typo.Application", 1, "SyntaxError: '(' was never closed (typo.py, line 1)"),
    ("needy.py", 1, "No module named 'a_module_that_is_not_there' (needy.py, line 1)"),
    ("empty.py", 1, "No Application found in empty.py"),
    ("-r calls.make_app", 1, "ZeroDivisionError: division by zero (calls.py, line 3)"),
    ("-r calls.needs_app", 1, "missing 1 required positional argument"),
    ("-r calls.wrong_app", 1, "calls.wrong_app() is no application but of type str"),
    ("-r calls.number", 1, "calls.number is no application but of type int"),
    ("calls.py -l 192.0.2.1", 1, "this machine has no address 192.0.2.1"),
    ("calls.py -u notes.txt", 1, "notes.txt is there and no socket, so it is left alone"),
    ("calls.py -u nowhere/web.sock", 1, "nowhere is no directory"),
    ("--ssl-app=calls.instance", 1, "The certificate file server.crt cannot be read"),
    ("--ssl-app=calls.instance --ssl-cert=notes.txt --ssl-key=notes.txt", 1, "no usable PEM"),
    ("--ssl-app=calls.instance --ssl-cert=a.crt --ssl-key=b.key", 1, "key values mismatch"),
]


@pytest.fixture
def files(launch: Launcher) -> Launcher:
    """The launcher, with the files above in its directory."""
    for name, text in FILES.items():
        launch.write(name, text)
    return launch


def check(launch: Launcher, how: str, typed: str, status: int, told: str) -> None:
    """Type something wrong and look at what happens."""
    before = {path.name for path in launch.directory.iterdir()}
    done = launch.run(*how.split(), *typed.split())
    assert told in done.stderr
    assert done.returncode == status
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    after = {path.name for path in launch.directory.iterdir()}
    assert after == before, "something was left behind"


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("typed", "status", "told"), MISTAKES)
def test_a_mistake_is_one_line(
    files: Launcher, how: str, typed: str, status: int, told: str
) -> None:
    """The same line and status in the foreground, in the background and from `cyclone run`."""
    if "a.crt" in typed:
        for name in ("a", "b"):
            self_signed(files.directory, name)
    if "-r" in typed.split() or "py" in typed:
        # A port that is free, where the mistake is another one.
        typed = typed if "port" in typed else f"{typed} --port={free_port()}"
    check(files, how, typed, status, told)


def test_the_three_ways_say_the_same(files: Launcher) -> None:
    """The line of an application's problem does not depend on how it was started."""
    lines = {files.run(*how.split(), "broken.py").stderr for how in HOWS}
    assert len(lines) == 1


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("how", HOWS)
def test_a_port_in_use_is_status_3(files: Launcher, how: str, taken: int) -> None:
    """In the foreground, in the background and from `cyclone run`; no pid file stays."""
    told = f"Port {taken} on 127.0.0.1 is already in use."
    check(files, how, f"calls.py --port={taken}", 3, told)


@pytest.mark.parametrize("how", HOWS)
def test_a_tls_port_in_use_is_status_3(files: Launcher, how: str, taken: int) -> None:
    """The same for HTTPS, with the option that moves it."""
    self_signed(files.directory)
    typed = f"--ssl-app=calls.instance --ssl-port={taken}"
    check(files, how, typed, 3, f"--ssl-port={taken + 1}")


@pytest.mark.parametrize("how", HOWS)
def test_a_unix_socket_in_use_is_status_3(files: Launcher, how: str) -> None:
    """A living socket is left to its server."""
    files.hello("hello.py")
    files.start("cyclone", "run", "hello.py", "-u", "web.sock").serving(
        files.directory / "web.sock"
    )
    check(files, how, "calls.py -u web.sock", 3, "web.sock is already in use by another process")


@pytest.mark.parametrize(
    ("words", "told"), [("", "No command is given"), ("rum", "no command 'rum'")]
)
def test_a_wrong_command_is_status_2(launch: Launcher, words: str, told: str) -> None:
    """`cyclone` alone, and with an unknown command, names the commands there are."""
    done = launch.run("cyclone", *words.split())
    assert done.returncode == 2
    assert told in done.stderr
    assert "Commands: run" in done.stderr
    assert done.stderr.count("\n") == 1
