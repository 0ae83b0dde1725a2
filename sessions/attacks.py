"""Sessions that attack a server, or load it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import nox
from support import ROOT, VERSION, clean_environment, group, install_built, need, test_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

# The two kinds of keys that servers have, as openssl names them.
KEY_KINDS = {
    "RSA": ["-newkey", "rsa:2048"],
    "ECDSA": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
}


@nox.session
def hostile(session: nox.Session) -> None:
    """Attack a server with `slowhttptest`: slow heads, bodies and readers, and ranges."""
    need(session, "openssl", "slowhttptest")
    install_built(session, *group("integration"), f"cyclone[ssl]=={VERSION}")
    run = ["-m", "pytest", "-p", "no:cacheprovider", "integration/slowhttptest_attacks.py"]
    session.run("python", *run, *session.posargs, env=test_environment(session))


@nox.session
def soak(session: nox.Session) -> None:
    """Hold 10,000 idle connections, and ask 100,000 times; what it costs is bounded."""
    install_built(session, *group("integration"), f"cyclone=={VERSION}")
    run = ["-m", "pytest", "-p", "no:cacheprovider", "integration/test_soak.py"]
    environment = test_environment(session) | {"CYCLONE_SOAK": "1"}
    session.run("python", *run, *session.posargs, env=environment)


@contextlib.contextmanager
def _serve_https(session: nox.Session, folder: Path, key: list[str]) -> Iterator[int]:
    """Serve the demo with a certificate that lasts a day, and yield the port."""
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt")]
    request = ["openssl", "req", "-x509", "-nodes", "-days", "1", *key, *names, *files]
    session.run(*request, external=True, silent=True)
    shutil.copy(ROOT / "demos/helloworld/hello.py", folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    program = str(Path(session.bin, "cyclone"))
    command = [program, "run", "--ssl-app=hello.Application", f"--ssl-port={port}"]
    child = subprocess.Popen(command, cwd=folder, env=clean_environment())
    try:
        deadline = time.monotonic() + 30
        while child.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(timeout=30)


@nox.session
def testssl(session: nox.Session) -> None:
    """Let testssl.sh look for weaknesses in our TLS; anything that it notes is an error."""
    need(session, "openssl", "testssl")
    install_built(session, f"cyclone[ssl]=={VERSION}")
    asked = ["--quiet", "--color", "0", "--warnings", "off", "-p", "-s", "-f", "-P", "-U"]
    notes = []
    for kind, key in KEY_KINDS.items():
        with tempfile.TemporaryDirectory(prefix="cyclone-testssl-") as temporary:
            found = Path(temporary, "found.json")
            with _serve_https(session, Path(temporary), key) as port:
                where = ["--ip", "127.0.0.1", "--jsonfile", str(found), f"https://localhost:{port}"]
                # Its status counts mistakes of its own; what it thinks of the server is in the file.
                session.run("testssl", *asked, *where, external=True, success_codes=range(50))
            findings = json.loads(found.read_text(encoding="utf-8"))
        severities = [each["severity"] for each in findings]
        session.log(f"{kind}: {severities.count('OK')} OK, {severities.count('INFO')} INFO")
        told = {each["id"]: each["finding"] for each in findings}
        if not told.get("TLS1_2", "").startswith("offered") or len(told) < len(asked):
            session.error(f"testssl did not reach the server: {told}")
        notes += [
            f"{kind}: {each['severity']} {each['id']}: {each['finding']}"
            for each in findings
            if each["severity"] not in {"OK", "INFO"}
        ]
    if notes:
        session.error("\n".join(["testssl notes:", *notes]))
