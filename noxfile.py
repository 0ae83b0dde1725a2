"""The habits of the project, one session each: `nox --list` shows them.

`nox` alone runs what a change must pass: lint, types, build, tests, integration. By name only:
`nox -s install`, `clone`, `bench`, `microbench`, `testssl`, `hostile`, `soak`. Tests run against the
wheels in `dist/`, never against the source tree. uv is used where it is found; plain pip does it too.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import os
import re
import shutil
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
# `interpreter` comes last: what was not tested is what one reads in the end.
nox.options.sessions = ["lint", "types", "build", "tests", "integration", "interpreter"]

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
# Low layers first: a broken cyclone-escape is named before everything that stands on it.
PACKAGES = (
    "cyclone-escape",
    "cyclone-locale",
    "cyclone-template",
    "cyclone-mail",
    "cyclone-storage",
    "cyclone-core",
    "cyclone-rpc",
    "cyclone-realtime",
    "cyclone",
)
VERSION: str = nox.project.load_toml(ROOT / "packages/cyclone/pyproject.toml")["project"]["version"]
# What the tests of a package need besides its extra `test`.
TEST_EXTRAS = {"cyclone-core": "test,tls"}
# Packages whose tests run twice in one environment, bare and then with all their extras, and what
# else they work without; the coverage of both runs is counted together. On other Pythons than this
# one they run once, with the extras: what is missing does not depend on the version.
RUN_TWICE: dict[str, list[str]] = {
    "cyclone-escape": [],
    "cyclone-locale": [],
    "cyclone-template": ["Twisted>=24.11"],
}
# Tells tests that every optional library is installed: one that is not there is then a failure.
WITH_EXTRAS = "CYCLONE_TEST_EXTRAS"
GETTEXT = ("msgfmt", "msginit", "msgmerge", "xgettext")
TEST_PROGRAMS = {"cyclone-locale": GETTEXT}
# A script `locale.py` would hide Python's own module from everything that it imports.
MICRO_BENCHMARKS = {"templates": "templates.py", "escape": "escape.py", "locale": "locales.py"}
TWISTED_FLOOR = "24.11"

CI = os.environ.get("CI") == "true"
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
REQUIRED = ("3.11", "3.13")
VERSIONS = sorted({"3.11", "3.12", "3.13", "3.14", RUNNING}, key=lambda v: int(v.split(".")[1]))
# Set for the `nox` that the session `clone` starts: a clone of a clone of a clone never ends.
INSIDE_CLONE = "CYCLONE_INSIDE_CLONE"
README_ADDRESS = ("127.0.0.1", 8888)
# Program to the package of Debian that it comes with, where that has another name.
APT_PACKAGES = {**dict.fromkeys(GETTEXT, "gettext"), "testssl": "testssl.sh"}
# The two kinds of keys that servers have, as openssl names them.
KEY_KINDS = {
    "RSA": ["-newkey", "rsa:2048"],
    "ECDSA": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
}

if sys.version_info < (3, 11):  # noqa: UP036 (nox itself runs on older ones)
    message = f"cyclone needs Python 3.11 or newer; this nox runs on {RUNNING}."
    raise SystemExit(message)


def _candidates(version: str) -> Iterator[str | Path]:
    """Yield paths where a Python of this version may be; most do not exist."""
    if version == RUNNING:
        yield sys.executable
    for folder in os.get_exec_path():
        yield Path(folder, f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(
        pyenv.glob(f"versions/{version}.*/bin/python{version}"),
        key=lambda path: [int(n) for n in re.findall(r"\d+", path.parts[-3])],
        reverse=True,
    )
    if uv := shutil.which("uv"):
        command = [uv, "python", "find", "--no-project", "--no-python-downloads", version]
        yield subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _find_interpreter(version: str) -> str | None:
    """Return the first candidate that runs and is what it says: a shim may only print an error."""
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    for path in _candidates(version):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            ran = subprocess.run(
                [path, "-c", code], capture_output=True, text=True, check=True, timeout=30
            )
            if ran.stdout.strip() == version:
                return str(path)
    return None


INTERPRETERS = {v: path for v in VERSIONS if (path := _find_interpreter(v)) is not None}


def _group(*names: str) -> list[str]:
    """Return the requirements of these dependency groups of the root pyproject.toml."""
    return list(nox.project.dependency_groups(PROJECT, *names))


def _need(session: nox.Session, *tools: str) -> None:
    """Make sure that programs are there: from PATH, else with apt-get as root, else an error."""
    absent = [tool for tool in tools if shutil.which(tool) is None]
    missing = sorted({APT_PACKAGES.get(tool, tool) for tool in absent})
    if not missing:
        return
    commands = [["apt-get", "update"], ["apt-get", "install", "--yes", *missing]]
    if shutil.which("apt-get") is None or os.name != "posix" or os.geteuid() != 0:
        hint = " && ".join("sudo " + " ".join(command) for command in commands)
        session.error(f"{', '.join(absent)} not found. Type:  {hint}")
    for command in commands:
        session.run(*command, external=True, silent=True)


def _all_extras(package: str) -> list[str]:
    """Return the names of the extras that a package declares, `test` among them."""
    pyproject = nox.project.load_toml(ROOT / "packages" / package / "pyproject.toml")
    return list(pyproject["project"]["optional-dependencies"])


def _fresh_dist(session: nox.Session) -> None:
    """Build `dist/` unless all of it is there and newer than the packages."""
    built = [path for path in DIST.glob("*.whl") if f"-{VERSION}-" in path.name]
    sources = [p.stat().st_mtime for p in ROOT.glob("packages/*/**/*") if _is_source(p)]
    if len(built) == len(PACKAGES) and min(p.stat().st_mtime for p in built) > max(sources):
        return
    session.log("dist/ is missing or older than packages/: building it")
    nested = [sys.executable, "-m", "nox", "--noxfile", str(ROOT / "noxfile.py"), "-s", "build"]
    session.run(*nested, external=True, silent=True)


def _is_source(path: Path) -> bool:
    """Tell a file or folder that goes into a wheel from what a test run leaves behind."""
    return not {"__pycache__", "dropin.cache"}.intersection(path.parts)


def _install_built(session: nox.Session, *requirements: str) -> None:
    """Install from `dist/`; the exact version keeps an older cyclone of the index away."""
    _fresh_dist(session)
    uv = session.virtualenv.venv_backend == "uv"
    # uv's cache takes a wheel rebuilt under the same version for the one that it knows.
    refresh = [f"--refresh-package={name}" for name in PACKAGES] if uv else []
    session.install(*refresh, "--find-links", str(DIST), *requirements)


def _test_environment(session: nox.Session) -> dict[str, str]:
    """Return variables that keep what a test run writes out of the source tree."""
    location = Path(session.virtualenv.location).resolve()
    return {
        "COVERAGE_FILE": str(location / "coverage.data"),
        "CYCLONE_DIST": str(DIST),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(location / "hypothesis"),
        # Also because a new folder below packages/ makes dist/ look old.
        "PYTHONPYCACHEPREFIX": str(location / "pycache"),
    }


def _clean_environment(**changes: str) -> dict[str, str]:
    """Return the environment without what could leak a source tree into a child."""
    leaks = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {k: v for k, v in os.environ.items() if k not in leaks} | changes


def _new_environment(folder: Path) -> Path:
    """Create an empty virtual environment with pip and return its folder of programs."""
    # virtualenv comes with nox; `python -m venv` is a package of its own on Debian.
    command = [sys.executable, "-m", "virtualenv", "--quiet", str(folder)]
    subprocess.run(command, check=True, env=_clean_environment())
    return folder / ("Scripts" if os.name == "nt" else "bin")


# -- The sessions of `nox` without arguments ----------------------------------------------------


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code's rules, its format, the spelling and the names of the news fragments."""
    session.install(*_group("lint"))
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
    groups = _group("types", "walls", "integration", "bench", "microbench")
    session.install(*editable, *groups)
    cache = str(Path(session.virtualenv.location, "mypy"))

    def mypy(*args: str) -> None:
        session.run("mypy", "--strict", "--cache-dir", cache, *args)

    # By import name: by path, `src/twisted/plugins` would be taken for Twisted itself.
    mypy(*[arg for name in PACKAGES for arg in ("--package", name.replace("-", "_"))])
    mypy("packages/cyclone-core/src/twisted/plugins/cyclone_plugin.py")
    mypy("noxfile.py")
    # One run for each folder: they share module names, and none of them is a package.
    folders = [ROOT / "tests", ROOT / "integration", ROOT / "benchmarks"]
    for folder in [*folders, *sorted(ROOT.glob("packages/*/tests/typing"))]:
        if next(folder.rglob("*.py"), None):
            mypy(str(folder.relative_to(ROOT)))


@nox.session
def build(session: nox.Session) -> None:
    """Build every sdist, and from it the wheel, into an empty `dist/`."""
    session.install(*_group("build"))
    shutil.rmtree(DIST, ignore_errors=True)
    for name in PACKAGES:
        arguments = ["--no-isolation", "--outdir", str(DIST), f"packages/{name}"]
        session.run("python", "-m", "build", *arguments, silent=True)
    session.log(f"{len(list(DIST.iterdir()))} files in dist/")


def _test_matrix() -> Iterator[nox.param]:
    """Yield each run of the tests: on this Python, on the others, on the oldest Twisted."""
    yield nox.param(sys.executable, "repository", "", id="repository")
    for name in PACKAGES:
        yield nox.param(sys.executable, name, "", id=name)
    oldest = INTERPRETERS[min(INTERPRETERS, key=VERSIONS.index)]
    floor = f"cyclone-core, twisted-{TWISTED_FLOOR}"
    yield nox.param(oldest, "cyclone-core", f"Twisted=={TWISTED_FLOOR}.*", id=floor)
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
    environment = _test_environment(session)
    pytest = ["-m", "pytest", "-p", "no:cacheprovider"]
    if package == "repository":
        _fresh_dist(session)
        session.install(*_group("walls"))
        session.run("python", *pytest, "tests", *session.posargs, env=environment)
        return
    _need(session, *TEST_PROGRAMS.get(package, ()))
    phases: list[tuple[str, list[str], str | None]] = [
        (TEST_EXTRAS.get(package, "test"), [constraint] if constraint else [], None)
    ]
    if package in RUN_TWICE:
        if session.python != sys.executable:
            phases.clear()
        # A library without a wheel for this Python fails there: that must not pass unseen.
        phases.append((",".join(_all_extras(package)), RUN_TWICE[package], "1"))
    # The import package, not a folder: coverage then measures what was installed.
    measure = ["-m", "coverage", "run", f"--source={package.replace('-', '_')}"]
    measured = session.python == sys.executable and not constraint
    run = [*pytest, f"packages/{package}/tests", *session.posargs]
    for number, (extras, more, flag) in enumerate(phases):
        _install_built(session, f"{package}[{extras}]=={VERSION}", *more)
        append = ["--append"] if number else []
        words = [*measure, *append, *run] if measured else run
        session.run("python", *words, env={**environment, WITH_EXTRAS: flag})
    if measured and not session.posargs:
        session.run("python", "-m", "coverage", "report", env=environment)


@nox.session
def integration(session: nox.Session) -> None:
    """Test all packages together, as installed, over real sockets and with real peers."""
    _need(session, "openssl", "curl", *GETTEXT)
    _install_built(session, *_group("integration"), f"cyclone[all]=={VERSION}")
    run = ["-m", "pytest", "-p", "no:cacheprovider", "integration", *session.posargs]
    session.run("python", *run, env=_test_environment(session))


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


# -- Sessions to call by name -------------------------------------------------------------------


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
    python = str(_new_environment(folder / "env") / "python")
    (folder / "empty").mkdir()

    def run(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, *args],
            cwd=cwd,
            env=_clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    installed = run("-m", "pip", "install", "--find-links", "dist", requirement, cwd=ROOT)
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
    _fresh_dist(session)
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
    _need(session, "git")
    with contextlib.suppress(OSError):
        socket.create_connection(README_ADDRESS, timeout=5).close()
        session.error(f"something else serves on {README_ADDRESS}: it would answer in our place")
    first, second = _readme_commands()
    with tempfile.TemporaryDirectory(prefix="cyclone-clone-") as temporary:
        Path(temporary).chmod(0o755)  # a test that gives up root's rights still has to read it
        folder = Path(temporary, "cyclone")
        session.run("git", "clone", "--quiet", str(ROOT), str(folder), external=True)
        programs = _new_environment(Path(temporary, "env"))
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        environment = _clean_environment(PATH=path, VIRTUAL_ENV=str(programs.parent))
        session.log(first)
        status, body = _serve_from_clone(first, folder, environment)
        if status != http.HTTPStatus.OK or b"hello, world" not in body.lower():
            session.error(f"http://127.0.0.1:8888/ answers {status} with {body[:200]!r}")
        session.log(f"http://127.0.0.1:8888/ answers {status} with {body!r}")
        with session.chdir(folder):
            arguments = ["bash", "-c", second]
            session.run(*arguments, external=True, env={**environment, INSIDE_CLONE: "1"})


@nox.session
def bench(session: nox.Session) -> None:
    """Measure cyclone beside Tornado and bare Twisted; options after `--`."""
    _need(session, "wrk")
    _install_built(session, *_group("bench"), f"cyclone-core=={VERSION}")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def hostile(session: nox.Session) -> None:
    """Attack a server with `slowhttptest`: slow heads, bodies and readers, and ranges."""
    _need(session, "openssl", "slowhttptest")
    _install_built(session, *_group("integration"), f"cyclone[ssl]=={VERSION}")
    run = ["-m", "pytest", "-p", "no:cacheprovider", "integration/slowhttptest_attacks.py"]
    session.run("python", *run, *session.posargs, env=_test_environment(session))


@nox.session
def soak(session: nox.Session) -> None:
    """Hold 10,000 idle connections, and ask 100,000 times; what it costs is bounded."""
    _install_built(session, *_group("integration"), f"cyclone=={VERSION}")
    run = ["-m", "pytest", "-p", "no:cacheprovider", "integration/test_soak.py"]
    environment = _test_environment(session) | {"CYCLONE_SOAK": "1"}
    session.run("python", *run, *session.posargs, env=environment)


@nox.session
def microbench(session: nox.Session) -> None:
    """Measure templates, escape or locale beside others; its name and options after `--`."""
    names, options = list(MICRO_BENCHMARKS), session.posargs
    if options and not options[0].startswith("-"):
        names, options = options[:1], options[1:]
        if names[0] not in MICRO_BENCHMARKS:
            session.error(f"unknown: {names[0]}; there are {', '.join(MICRO_BENCHMARKS)}")
    measured = [f"{package}=={VERSION}" for package in RUN_TWICE]
    _install_built(session, *_group("microbench"), *measured)
    for name in names:
        session.run("python", f"benchmarks/micro/{MICRO_BENCHMARKS[name]}", *options)


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
    child = subprocess.Popen(command, cwd=folder, env=_clean_environment())
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
    _need(session, "openssl", "testssl")
    _install_built(session, f"cyclone[ssl]=={VERSION}")
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
