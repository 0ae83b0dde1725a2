"""Sessions that do what a newcomer does: install, and what the README says first."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import nox
from support import (
    PACKAGES,
    ROOT,
    RUN_TWICE,
    VERSION,
    clean_environment,
    fresh_dist,
    need,
    new_environment,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

# Set for the `nox` that the session `clone` starts: a clone of a clone of a clone never ends.
INSIDE_CLONE = "CYCLONE_INSIDE_CLONE"
README_ADDRESS = ("127.0.0.1", 8888)


def _readme_example(package: str) -> str:
    """Return the first Python block of a package's README."""
    text = (ROOT / "packages" / package / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    if found is None:
        message = f"packages/{package}/README.md has no ```python block"
        raise ValueError(message)
    return found[1]


def _allowed_closures() -> Mapping[str, frozenset[str]]:
    """Return what each package may bring along; the walls keep the lists."""
    sys.path.insert(0, str(ROOT / "tests"))
    allowed: Mapping[str, frozenset[str]] = importlib.import_module("walls.closure").ALLOWED
    return allowed


# Runs in the new environment: prints name and version of everything that is installed there.
_LIST_INSTALLED = """
import importlib.metadata, json, re
found = ((d.metadata["Name"], d.version) for d in importlib.metadata.distributions())
print(json.dumps({re.sub("[-_.]+", "-", name).lower(): version for name, version in found}))
"""
_TEMPLATE_IS_ALONE = """
import cyclone_template, sys
loaded = sorted(name for name in sys.modules if name.split(".")[0] == "twisted")
sys.exit(f"import cyclone_template imports {loaded}" if loaded else 0)
"""


def _check_install(requirement: str, allowed: frozenset[str], folder: Path) -> list[str]:
    """Install one requirement into an empty environment and return what is wrong there."""
    package = requirement.partition("[")[0]
    python = str(new_environment(folder / "env") / "python")
    (folder / "empty").mkdir()

    def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, *args],
            cwd=cwd,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    # pip compiles everything and says nothing of what does not compile: that takes half the time.
    words = ["--no-compile", "--find-links", "dist", requirement]
    installed = run("-m", "pip", "install", *words, cwd=ROOT)
    if installed.returncode:
        return [f"pip install --find-links dist {requirement}:\n{installed.stderr}"]
    wrong = []
    checks = {"README.md": _readme_example(package)}
    if package == "cyclone-template":
        checks["alone"] = _TEMPLATE_IS_ALONE
    for name, code in checks.items():
        ran = run("-c", code, cwd=folder / "empty")
        if ran.returncode:
            wrong.append(f"{name} of {package} exits with {ran.returncode}:\n{ran.stderr}")
    versions = json.loads(run("-c", _LIST_INSTALLED, cwd=folder / "empty").stdout)
    closure = versions.keys() - {"pip", "setuptools", "wheel"}
    # The lists are upper bounds: an older Twisted brings more. Of ours, all must be there; and all
    # of the list where no Twisted is in it, so that an extra brings what it is for.
    if surplus := sorted(closure - allowed):
        wrong.append(f"{requirement} brings {surplus}, which it may not")
    exact = allowed if package in RUN_TWICE else allowed.intersection(PACKAGES)
    if missing := sorted(exact - closure):
        wrong.append(f"{requirement} does not bring {missing}")
    wrong += [
        f"{requirement} installs {name} {versions[name]}, not {VERSION}"
        for name in sorted(closure & set(PACKAGES))
        if versions[name] != VERSION
    ]
    return wrong


@nox.session(python=False)
def install(session: nox.Session) -> None:
    """Install each package with pip into an empty environment and run its README's example."""
    fresh_dist(session)
    allowed = _allowed_closures()
    # What cyclone only passes through is the same as below; `all` brings everything once.
    extras = [name for name in allowed if "[" in name and name.partition("[")[0] in RUN_TWICE]
    requirements = [*PACKAGES, *extras, "cyclone[ssl]", "cyclone[all]"]
    with (
        tempfile.TemporaryDirectory(prefix="cyclone-install-") as temporary,
        ThreadPoolExecutor(max_workers=os.cpu_count()) as threads,
    ):
        folders = [Path(temporary, str(number)) for number in range(len(requirements))]
        for folder in folders:
            folder.mkdir()
        lists = [allowed[requirement] for requirement in requirements]
        results = list(threads.map(_check_install, requirements, lists, folders))
    for requirement, wrong in zip(requirements, results, strict=True):
        session.log(f"{requirement}: {'; '.join(wrong) or 'installs, runs, brings what it may'}")
    if any(results):
        session.error("see the lines above")


def _readme_commands() -> tuple[str, str]:
    """Return the README's first command, and the one that runs the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines[0], next(line for line in lines if line.endswith("nox && nox"))


def _fetch_while_running(child: subprocess.Popen[bytes], seconds: float) -> tuple[int, bytes]:
    """Fetch the README's page as soon as the child serves it."""
    deadline = time.monotonic() + seconds
    while child.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection(*README_ADDRESS, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/")
                answer = connection.getresponse()
                return answer.status, answer.read()
        time.sleep(0.1)
    message = f"nothing was served; the command's exit status is {child.poll()}"
    raise TimeoutError(message)


def _serve_from_clone(command: str, clone: Path, environment: dict[str, str]) -> tuple[int, bytes]:
    """Run the README's first command, fetch its page, and end the server by its pid."""
    child = subprocess.Popen(
        ["bash", "-c", command],
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        fetched = _fetch_while_running(child, seconds=300)
        os.kill(int((clone / "twistd.pid").read_text()), signal.SIGTERM)
        child.wait(timeout=15)
    finally:
        # The group is our child's own: this reaches a server that did not end when asked.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    return fetched


@nox.session(python=False)
def clone(session: nox.Session) -> None:
    """Do what the README says first, in a fresh clone of what is committed."""
    if INSIDE_CLONE in os.environ:
        session.error("a clone does not clone itself again")
    need(session, "git")
    with contextlib.suppress(OSError):
        socket.create_connection(README_ADDRESS, timeout=5).close()
        session.error(f"something else serves on {README_ADDRESS}: it would answer in our place")
    first, second = _readme_commands()
    with tempfile.TemporaryDirectory(prefix="cyclone-clone-") as temporary:
        Path(temporary).chmod(0o755)  # a test that gives up root's rights still has to read it
        folder = Path(temporary, "cyclone")
        session.run("git", "clone", "--quiet", str(ROOT), str(folder), external=True)
        programs = new_environment(Path(temporary, "env"))
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        environment = clean_environment(PATH=path, VIRTUAL_ENV=str(programs.parent))
        session.log(first)
        status, body = _serve_from_clone(first, folder, environment)
        if status != http.HTTPStatus.OK or b"hello, world" not in body.lower():
            session.error(f"http://127.0.0.1:8888/ answers {status} with {body[:200]!r}")
        session.log(f"http://127.0.0.1:8888/ answers {status} with {body!r}")
        with session.chdir(folder):
            arguments = ["bash", "-c", second]
            session.run(*arguments, external=True, env={**environment, INSIDE_CLONE: "1"})
