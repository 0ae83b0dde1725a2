"""Sessions that measure."""

from __future__ import annotations

import nox
from support import RUN_TWICE, VERSION, group, install_built, need

# A script `locale.py` would hide Python's own module from everything that it imports.
MICRO_BENCHMARKS = {
    "templates": "templates.py",
    "escape": "escape.py",
    "locale": "locales.py",
    "routes": "routes.py",
}
STORAGE_BENCHMARKS = {
    "redis": "redis_pools.py",
    "sqlite": "sqlite_pools.py",
    "sessions": "session_stores.py",
}


@nox.session
def bench(session: nox.Session) -> None:
    """Measure cyclone beside Tornado and bare Twisted; options after `--`."""
    need(session, "wrk")
    install_built(session, *group("bench"), f"cyclone-core=={VERSION}")
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def clientbench(session: nox.Session) -> None:
    """Measure cyclone's HTTP client beside Tornado's and treq; options after `--`."""
    install_built(session, *group("bench"), f"cyclone-core=={VERSION}")
    session.run("python", "benchmarks/compare_clients.py", *session.posargs)


@nox.session
def microbench(session: nox.Session) -> None:
    """Measure templates, escape, locale or routes; its name and options after `--`."""
    names, options = list(MICRO_BENCHMARKS), session.posargs
    if options and not options[0].startswith("-"):
        names, options = options[:1], options[1:]
        if names[0] not in MICRO_BENCHMARKS:
            session.error(f"unknown: {names[0]}; there are {', '.join(MICRO_BENCHMARKS)}")
    measured = [f"{package}=={VERSION}" for package in (*RUN_TWICE, "cyclone-core")]
    install_built(session, *group("microbench"), *measured)
    for name in names:
        session.run("python", f"benchmarks/micro/{MICRO_BENCHMARKS[name]}", *options)


@nox.session
def storagebench(session: nox.Session) -> None:
    """Measure pools beside txredisapi and adbapi, and sessions; a script's name and options after `--`."""
    need(session, "redis-server")
    names, options = list(STORAGE_BENCHMARKS), session.posargs
    if options and not options[0].startswith("-"):
        names, options = options[:1], options[1:]
        if names[0] not in STORAGE_BENCHMARKS:
            session.error(f"unknown: {names[0]}; there are {', '.join(STORAGE_BENCHMARKS)}")
    measured = [f"{package}=={VERSION}" for package in ("cyclone-core", "cyclone-storage")]
    install_built(session, *group("storagebench"), *measured)
    for name in names:
        script = f"benchmarks/storage/{STORAGE_BENCHMARKS[name]}"
        session.run("python", script, *options, env={"PYTHONPATH": "benchmarks/micro"})
