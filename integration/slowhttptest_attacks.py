"""The four attacks of `slowhttptest` (a package of Debian): `nox -s hostile` runs them, they take minutes.

All deadlines of the server are five seconds. An attack has failed when the tool ends, before its time is
up, with the words that none of its connections is open.
"""

import re
import subprocess
import threading
from collections.abc import Iterator

import pytest
from hostile_server import Server, running

DEADLINE = 5.0
CONNECTIONS = 60
COMMON = ["-c", str(CONNECTIONS), "-i", "2", "-r", "60", "-p", "2", "-x", "10"]
SLOW_READ = ["-X", "-l", "20"]
ATTACKS = {
    "headers": ["-H", "-l", "14"],
    "body": ["-B", "-l", "14"],
    "ranges": ["-R", "-l", "14"],
    "read": SLOW_READ,
}
# Bytes a second. By default the tool reads 5: with what arrived before the server cut the connection it
# would be busy for minutes, and not notice. With TLS that is a whole record, of 16 KiB.
READ_RATES = {"hasty": "512", "hasty_tls": "8192"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The application, running."""
    directory, logs = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("logs")
    with running(directory, logs, DEADLINE) as found:
        yield found


def attack(server: Server, port: str, path: str, *options: str) -> str:
    """Run the tool and return what it prints, without colours."""
    scheme = "https" if port.endswith("_tls") else "http"
    url = f"{scheme}://127.0.0.1:{server.ports[port]}{path}"
    ran = subprocess.run(
        ["slowhttptest", *COMMON, *options, "-u", url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", ran.stdout + ran.stderr)


@pytest.mark.parametrize("path", ["/", "/large"])
@pytest.mark.parametrize("port", ["hasty", "hasty_tls"])
@pytest.mark.parametrize("name", ATTACKS)
def test_attack(server: Server, name: str, port: str, path: str) -> None:
    """The server gets rid of all attackers, and answers others meanwhile."""
    rate = ["-n", "1", "-z", READ_RATES[port]] if name == "read" else []
    printed = attack(server, port, path, *ATTACKS[name], *rate)
    assert "No open connections left" in printed, printed
    assert "service available:   YES" in printed, printed
    assert server.status["files"] < CONNECTIONS


@pytest.mark.parametrize("port", ["hasty", "hasty_tls"])
def test_slowest_read(server: Server, port: str) -> None:
    """Readers of five bytes a second are gone at the server although they do not notice it."""
    samples = []
    attackers = threading.Thread(target=attack, args=(server, port, "/large", *SLOW_READ))
    attackers.start()
    while attackers.is_alive():
        samples.append(server.status["files"])
        attackers.join(0.5)
    assert max(samples) > CONNECTIONS  # they were there
    assert samples[-4] < CONNECTIONS  # and two seconds before they went they no longer were
