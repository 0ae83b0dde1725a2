"""The access log of real servers: where its lines go, in which order, and that none is lost."""

import contextlib
import json
import os
import re
import signal
import socket
import threading
from pathlib import Path

import pytest
from startup_processes import PATIENCE, Launcher, Process, free_port, is_running, until

APPLICATION = """
import sys

import cyclone.web
from twisted.logger import Logger
from twisted.python import log

class Page(cyclone.web.RequestHandler):
    def get(self, number):
        Logger(namespace="page").info("new {number}", number=number)
        self.write(number)

    def post(self, number):
        log.msg("old " + number)
        print("print " + number)
        raise KeyError(number)

class Application(cyclone.web.Application):
    def __init__(self):
        super().__init__([("/([0-9]*)", Page)])

class JSON(cyclone.web.Application):
    def __init__(self):
        super().__init__([("/([0-9]*)", Page)], access_log="json")
"""

STARTED_BY_HAND = """
import sys
from pages import Application
from twisted.internet import reactor
from twisted.python import log

log.startLogging(sys.stdout)
reactor.listenTCP(int(sys.argv[1]), Application(), interface="127.0.0.1")
reactor.run()
"""

DAILY = """
import sys
sys.path.insert(0, "")
from pages import Application
from twisted.application import internet, service
from twisted.python.log import FileLogObserver, ILogObserver
from twisted.python.logfile import DailyLogFile

application = service.Application("pages")
observer = FileLogObserver(DailyLogFile.fromFullPath("daily.log"))
application.setComponent(ILogObserver, observer.emit)
internet.TCPServer(PORT, Application(), interface="127.0.0.1").setServiceParent(application)
"""

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}"
CLASSIC_STAMP = STAMP.replace("T", " ")


@pytest.fixture
def place(launch: Launcher) -> Launcher:
    """A directory with the application."""
    launch.write("pages.py", APPLICATION)
    return launch


def ask(port: int, first: int, count: int = 1, method: str = "GET") -> bytes:
    """Send requests for numbered pages in one piece, and return all answers."""
    requests = [
        f"{method} /{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
        for number in range(first, first + count)
    ]
    data = "\r\n".join(requests) + "Connection: close\r\n\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(data.encode("ascii"))
        while piece := client.recv(65536):
            answer += piece
    assert answer.count(b"HTTP/1.1 ") == count
    return answer


def plugin(port: int, app: str = "pages.Application") -> list[str]:
    """Return the words of a start behind twistd's own options."""
    return ["cyclone", f"--port={port}", f"--app={app}"]


def shape(text: str, stamp: str = STAMP) -> list[str]:
    """Return the lines of our pages without what differs from run to run."""
    found = []
    for line in text.splitlines():
        stripped = re.sub(rf"^{stamp} ", "", line)
        stripped = re.sub(r"\d+\.\d\dms$", "ms", stripped)
        if re.search(r"\] (\d{3} [A-Z]+ /\d|new \d|old \d|print \d|Uncaught)", stripped):
            assert stripped != line, line
            found.append(stripped)
    return found


def expected(numbers: range, system: str = "{}") -> list[str]:
    """Return what GET requests for some pages leave in the log."""
    lines = []
    for number in numbers:
        lines.append(f"[{system.format('page#info')}] new {number}")
        lines.append(f"[{system.format('cyclone.access#info')}] 200 GET /{number} (127.0.0.1) ms")
    return lines


def rotate(place: Launcher) -> None:
    """Ask `twistd -n` to rotate its log."""
    os.kill(int((place.directory / "twistd.pid").read_text("ascii")), signal.SIGUSR1)


def stop(process: Process) -> None:
    """End a server with SIGTERM, which `twistd -n` in turn dies from when all is done."""
    assert process.end() in (0, -signal.SIGTERM)


def check_order(process: Process, port: int) -> None:
    """Compare all lines that some requests leave, line by line, and end the process."""
    ask(port, 1, 300)
    ask(port, 1, method="POST")
    stop(process)
    assert shape(process.output) == [
        *expected(range(1, 301)),
        "[HTTPConnection,2,127.0.0.1] old 1",
        "[stdout#info] print 1",
        "[cyclone.web#critical] Uncaught exception: POST /1 (127.0.0.1)",
        "[cyclone.access#error] 500 POST /1 (127.0.0.1) ms",
    ]


def test_order_in_twistd(place: Launcher) -> None:
    """`twistd -n`: each line stands between those that were logged before and after it."""
    port = free_port()
    process = place.start("twistd", "-n", *plugin(port)).serving(port)
    check_order(process, port)
    assert "Server Shut Down" in process.output


def test_order_in_cyclone_run(place: Launcher) -> None:
    """`cyclone run`: the same."""
    port = free_port()
    check_order(place.start("cyclone", "run", *plugin(port)[1:]).serving(port), port)


def test_order_behind_start_logging(place: Launcher) -> None:
    """`log.startLogging`: the same, in the form of the classic log."""
    port = free_port()
    place.write("start.py", STARTED_BY_HAND)
    process = place.start("python", "start.py", str(port)).serving(port)
    ask(port, 1, 300)
    stop(process)
    assert shape(process.output, CLASSIC_STAMP) == expected(range(1, 301), "-")


def test_daily_file(place: Launcher) -> None:
    """A `.tac` with a log file of its own has the lines there."""
    port = free_port()
    place.write("pages.tac", DAILY.replace("PORT", str(port)))
    process = place.start("twistd", "-ny", "pages.tac").serving(port)
    ask(port, 1, 300)
    stop(process)
    text = (place.directory / "daily.log").read_text("ascii")
    assert shape(text, CLASSIC_STAMP) == expected(range(1, 301), "-")
    assert "200 GET" not in process.output


def test_rotation(place: Launcher) -> None:
    """SIGUSR1 rotates the file: what came before stays there, what comes later is in the new one."""
    port = free_port()
    path = place.directory / "pages.log"
    process = place.start("twistd", "-n", "--logfile=pages.log", *plugin(port)).serving(port)
    ask(port, 1, 100)
    until("lines", lambda: len(shape(path.read_text("ascii"))) == 200)
    rotate(place)
    until("rotated file", (place.directory / "pages.log.1").exists)
    ask(port, 101, 100)
    stop(process)
    assert shape((place.directory / "pages.log.1").read_text("ascii")) == expected(range(1, 101))
    assert shape(path.read_text("ascii")) == expected(range(101, 201))


def test_rotation_under_load(place: Launcher) -> None:
    """Rotated while requests come, the files together have every line once and in order."""
    port = free_port()
    process = place.start("twistd", "-n", "--logfile=pages.log", *plugin(port)).serving(port)
    for number in range(20):
        rotate(place)
        ask(port, number * 10, 10)
    stop(process)
    rotated = list(place.directory.glob("pages.log.*"))
    assert len(rotated) > 1
    rotated.sort(key=lambda path: int(path.suffix[1:]), reverse=True)
    files = [*rotated, place.directory / "pages.log"]
    text = "".join([path.read_text("ascii") for path in files])
    assert shape(text) == expected(range(200))


def test_daemon_loses_nothing(place: Launcher) -> None:
    """A daemon that is ended right behind its last answer has written that line, too."""
    port = free_port()
    path = place.directory / "pages.log"
    words = ["--logfile=pages.log", "--pidfile=pages.pid", *plugin(port)]
    assert place.run("twistd", *words).returncode == 0
    pid = int((place.directory / "pages.pid").read_text("ascii"))
    try:
        ask(port, 1, 500)
    finally:
        os.kill(pid, signal.SIGTERM)
        until("end of the daemon", lambda: not is_running(pid))
    assert shape(path.read_text("ascii")) == expected(range(1, 501))


def test_json(place: Launcher) -> None:
    """A line that begins with a brace is an object by itself; the others are the log's."""
    port = free_port()
    process = place.start("twistd", "-n", *plugin(port, "pages.JSON")).serving(port)
    ask(port, 1, 300)
    stop(process)
    lines = process.output.splitlines()
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["uri"] for each in objects[1:]] == [f"/{number}" for number in range(1, 301)]
    assert {each["status"] for each in objects} == {200}
    rest = [line for line in lines if not line.startswith("{")]
    assert all(re.match(STAMP, line) for line in rest)


def test_other_logger(place: Launcher) -> None:
    """A logger of one's own gets each line as an event, in order."""
    port = free_port()
    place.write(
        "own.py",
        "import sys\nfrom twisted.logger import jsonFileLogObserver\n"
        "def make():\n    return jsonFileLogObserver(sys.stdout, '')\n",
    )
    # An installed twistd looks for the logger before the plugin puts the directory on the path.
    code = "import sys; sys.path.insert(0, ''); from twisted.scripts.twistd import run; run()"
    words = ["-c", code, "-n", "--logger=own.make", *plugin(port)]
    process = place.start("python", *words).serving(port)
    ask(port, 1, 20)
    stop(process)
    events = [json.loads(line) for line in process.output.splitlines()]
    uris = [event["uri"] for event in events if event["log_namespace"] == "cyclone.access"]
    assert uris[1:] == [f"/{number}" for number in range(1, 21)]


def test_full_disk(place: Launcher) -> None:
    """A log that cannot be written costs one complaint on stderr; the server goes on."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full: a log file on a full disk was NOT tested")
    port = free_port()
    place.write(
        "full.py",
        "import sys\nfrom pages import Application\nfrom twisted.internet import reactor\n"
        "from twisted.logger import globalLogBeginner, textFileLogObserver\n"
        "full = open('/dev/full', 'w')\n"
        "globalLogBeginner.beginLoggingTo([textFileLogObserver(full)], redirectStandardIO=False)\n"
        "reactor.listenTCP(int(sys.argv[1]), Application(), interface='127.0.0.1')\n"
        "reactor.run()\n",
    )
    process = place.start("python", "full.py", str(port)).serving(port)
    for number in range(5):
        ask(port, number, 10)
    stop(process)
    assert process.output.count("cyclone: a log file cannot be written") == 1
    assert "lines of cyclone.access are lost: [Errno 28] No space left on device" in process.output


@pytest.mark.skipif(
    os.geteuid() != 0 or Path("/dev/log").exists(),
    reason="only root may make a /dev/log where there is none: the access lines of --syslog were "
    "NOT tested",
)
def test_syslog(place: Launcher) -> None:
    """`--syslog`: a message for each line, in order, none of them an alert."""
    port = free_port()
    messages: list[str] = []

    def receive(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while message := server.recv(65536).decode("ascii"):
                messages.append(message)

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        server.bind("/dev/log")
        stack.callback(Path("/dev/log").unlink)
        # All the time: who logs waits for room in the socket.
        thread = threading.Thread(target=receive, args=(server,))
        thread.start()
        process = place.start("twistd", "-n", "--syslog", "--prefix=pages", *plugin(port))
        process.serving(port)
        ask(port, 1, 3)
        ask(port, 4, method="POST")
        stop(process)
        server.shutdown(socket.SHUT_RD)
        thread.join()
    lines = [message for message in messages if re.search(r"\d{3} [A-Z]+ /\d|new \d", message)]
    found = [re.fullmatch(r"<(\d+)>.* pages: \[-\] (.*)", line.rstrip("\0")) for line in lines]
    user = 1 << 3  # the facility
    pairs = [(int(each[1]) - user, re.sub(r" \S+ms$", "", each[2])) for each in found if each]
    expected_pairs = []
    for number in (1, 2, 3):
        expected_pairs.append((6, f"new {number}"))
        expected_pairs.append((6, f"200 GET /{number} (127.0.0.1)"))
    assert [pair for pair in pairs if "Uncaught" not in pair[1]] == [
        *expected_pairs,
        (3, "500 POST /4 (127.0.0.1)"),
    ]
