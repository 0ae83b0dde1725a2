"""The habits of the project, one session each: `nox --list` shows them.

`nox` alone runs what a change must pass: lint, types, build, tests, integration. By name only:
`nox -s install`, `clone`, `bench`, `clientbench`, `storagebench`, `microbench`, `testssl`, `hostile`,
`soak`. Tests run against the wheels in `dist/`, never against the source tree. uv is used where it is
found; plain pip does it too.
"""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "sessions"))

import attacks  # noqa: F401 -- its sessions
import figures  # noqa: F401
import newcomers  # noqa: F401
from support import (
    CI,
    DIST,
    GETTEXT,
    INTERPRETERS,
    PACKAGES,
    PARALLEL,
    REQUIRED,
    ROOT,
    RUN_TWICE,
    RUNNING,
    STORAGES,
    TEST_EXTRAS,
    TEST_PROGRAMS,
    TWISTED_FLOOR,
    VERSION,
    VERSIONS,
    WITH_EXTRAS,
    all_extras,
    fresh_dist,
    group,
    in_parallel,
    install_built,
    need,
    test_environment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
# A file for what `.ci/run` tells of at its end: how long each session took.
nox.options.report = os.environ.get("CYCLONE_REPORT")
# `interpreter` comes last: what was not tested is what one reads in the end.
nox.options.sessions = ["lint", "types", "build", "tests", "integration", "interpreter"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code's rules, its format, the spelling and the names of the news fragments."""
    session.install(*group("lint"))
    session.run("ruff", "check", "--no-cache", ".")
    session.run("ruff", "format", "--no-cache", "--check", ".")
    session.run("codespell")
    session.run("towncrier", "build", "--draft", "--version", VERSION, silent=True)
    if shutil.which("shellcheck"):
        session.run("shellcheck", ".ci/run", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types: the packages, the house's own scripts, and the typing tests."""
    editable = [arg for name in PACKAGES for arg in ("--editable", f"packages/{name}")]
    groups = group("types", "walls", "integration", "bench", "microbench")
    session.install(*editable, *groups)
    cache = str(Path(session.virtualenv.location, "mypy"))

    # The integration tests start the servers that the tests of cyclone-storage have.
    servers = {"MYPYPATH": str(ROOT / "packages" / "cyclone-storage" / "tests")}

    def mypy(*args: str) -> None:
        environment = servers if args == ("integration",) else {}
        session.run("mypy", "--strict", "--cache-dir", cache, *args, env=environment)

    # By import name: by path, `src/twisted/plugins` would be taken for Twisted itself.
    mypy(*[arg for name in PACKAGES for arg in ("--package", name.replace("-", "_"))])
    mypy("packages/cyclone-core/src/twisted/plugins/cyclone_plugin.py")
    mypy("noxfile.py", *[str(path) for path in Path("sessions").glob("*.py")])
    # One run for each folder: they share module names, and none of them is a package.
    folders = [ROOT / "tests", ROOT / "integration", ROOT / "benchmarks"]
    for folder in [*folders, *sorted(ROOT.glob("packages/*/tests/typing"))]:
        if next(folder.rglob("*.py"), None):
            mypy(str(folder.relative_to(ROOT)))


@nox.session
def build(session: nox.Session) -> None:
    """Build every sdist, and from it the wheel, into an empty `dist/`."""
    session.install(*group("build"))
    shutil.rmtree(DIST, ignore_errors=True)

    def build_one(name: str) -> None:
        arguments = ["--no-isolation", "--outdir", str(DIST), f"packages/{name}"]
        session.run("python", "-m", "build", *arguments, silent=True)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        for _ in threads.map(build_one, PACKAGES):
            pass
    session.log(f"{len(list(DIST.iterdir()))} files in dist/")


def _test_matrix() -> Iterator[nox.param]:
    """Yield each run of the tests: on this Python, on the others, on the oldest Twisted."""
    yield nox.param(sys.executable, "repository", "", id="repository")
    for name in PACKAGES:
        yield nox.param(sys.executable, name, "", id=name)
    oldest = INTERPRETERS[min(INTERPRETERS, key=VERSIONS.index)]
    floor = f"cyclone-core, twisted-{TWISTED_FLOOR}"
    # What pyOpenSSL has forbidden since then, this Twisted does with every TLS connection.
    together = f"Twisted=={TWISTED_FLOOR}.*, pyOpenSSL<25.1"
    yield nox.param(oldest, "cyclone-core", together, id=floor)
    for version, path in INTERPRETERS.items():
        for name in PACKAGES if version != RUNNING else ():
            yield nox.param(path, name, "", id=f"{name}, {version}")


@nox.session
@nox.parametrize("python,package,constraint", list(_test_matrix()))
def tests(session: nox.Session, package: str, constraint: str) -> None:
    """Test one installed package alone, on the running Python with a gate of 100 % branch coverage.

    A package of `RUN_TWICE` is tested without its extras and then with all of them; on another
    Python than the running one only with all of them. There, and on the oldest Twisted, nothing is
    measured: that takes twice the time, and the lines are the same.
    """
    environment = test_environment(session)
    pytest = ["-m", "pytest", "-p", "no:cacheprovider"]
    if package == "repository":
        fresh_dist(session)
        session.install(*group("walls"))
        session.run("python", *pytest, "tests", *session.posargs, env=environment)
        return
    need(session, *TEST_PROGRAMS.get(package, ()))
    phases: list[tuple[str, list[str], str | None]] = [
        (TEST_EXTRAS.get(package, "test"), constraint.split(", ") if constraint else [], None)
    ]
    if package in RUN_TWICE:
        if session.python != sys.executable:
            phases.clear()
        # A library without a wheel for this Python fails there: that must not pass unseen.
        phases.append((",".join(all_extras(package)), RUN_TWICE[package], "1"))
    measured = session.python == sys.executable and not constraint and not session.posargs
    run = [*pytest, f"packages/{package}/tests", *session.posargs]
    run += in_parallel(session) if package in PARALLEL else []
    if measured:
        # The import package, not a folder: coverage then measures what was installed. The gate is
        # `coverage report`, as a bare run alone need not reach it.
        run += [f"--cov={package.replace('-', '_')}", "--cov-report=", "--cov-fail-under=0"]
    for number, (extras, more, flag) in enumerate(phases):
        install_built(session, f"{package}[{extras}]=={VERSION}", *group("tests"), *more)
        append = ["--cov-append"] if measured and number else []
        session.run("python", *run, *append, env={**environment, WITH_EXTRAS: flag})
    if measured:
        session.run("python", "-m", "coverage", "report", env=environment)


@nox.session
def integration(session: nox.Session) -> None:
    """Test all packages together, as installed, over real sockets and with real peers."""
    need(session, "openssl", "curl", "nginx", *STORAGES, *GETTEXT)
    # With bytecode: hundreds of processes start here, and half of their time would go into compiling.
    install_built(session, *group("integration"), f"cyclone[all]=={VERSION}", compiled=True)
    run = ["-m", "pytest", "-p", "no:cacheprovider", "integration", *session.posargs]
    # The tests of a file share a server, or a port that is not to be chosen: they stay together. In
    # the order of the files the longest of them do not come last.
    together = in_parallel(session, 2, "--dist=loadfile", "--no-loadscope-reorder")
    session.run("python", *run, *together, env=test_environment(session))


@nox.session(python=False)
@nox.parametrize("version", VERSIONS, ids=VERSIONS)
def interpreter(session: nox.Session, version: str) -> None:
    """Say loudly which Python versions were not there to be tested."""
    if version in INTERPRETERS:
        session.log(f"Python {version} is {INTERPRETERS[version]}")
    elif CI and version in REQUIRED:
        session.error(f"Python {version} is ABSENT, and continuous integration must test on it")
    else:
        session.skip(f"Python {version} is ABSENT: nothing was tested on it")
