"""What installing a package may bring: the whole closure, by normalized distribution name.

The lists hold for Linux, macOS and Windows, and for the oldest and the newest Twisted: they are an
upper bound. The session `install` compares them with real environments.
"""

from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from .source import Problem, packages

__all__ = ["ALLOWED", "check_closure", "surplus"]

TWISTED = frozenset(
    {
        "attrs",
        "automat",
        "constantly",
        "hyperlink",
        "idna",
        "incremental",
        "packaging",  # of incremental
        "setuptools",  # of older versions of incremental
        "twisted",
        "typing-extensions",
        "zope-interface",
    },
)
TLS = frozenset({"cffi", "cryptography", "pycparser", "pyopenssl", "service-identity"})

# Libraries that one extra brings; none of them depends on anything.
ORJSON = frozenset({"orjson"})
BABEL = frozenset({"babel"})
SPEEDUPS = frozenset({"markupsafe"})
# `watchfiles` needs anyio, and older versions of that need sniffio.
RELOAD = frozenset({"anyio", "idna", "sniffio", "typing-extensions", "watchfiles"})

MYSQL = frozenset({"pymysql"})
# Of psycopg, tzdata only where the system has no time zones.
POSTGRESQL = frozenset({"psycopg", "psycopg-binary", "typing-extensions", "tzdata"})

_ESCAPE = frozenset({"cyclone-escape"})
_LOCALE = frozenset({"cyclone-locale"})
_TEMPLATE = frozenset({"cyclone-template"}) | _ESCAPE
_MAIL = frozenset({"cyclone-mail"}) | TWISTED
# txredisapi itself asks for Twisted with TLS.
_STORAGE = frozenset({"cyclone-storage", "txredisapi"}) | TWISTED | TLS
_CORE = frozenset({"cyclone-core", "multipart"}) | TWISTED | _ESCAPE | _LOCALE | _TEMPLATE
_RPC = frozenset({"cyclone-rpc"}) | _CORE
_REALTIME = frozenset({"cyclone-realtime"}) | _CORE
_CYCLONE = frozenset({"cyclone"}) | _MAIL | _STORAGE | _CORE | _RPC | _REALTIME

ALLOWED: dict[str, frozenset[str]] = {
    "cyclone-escape": _ESCAPE,
    "cyclone-escape[orjson]": _ESCAPE | ORJSON,
    "cyclone-locale": _LOCALE,
    "cyclone-locale[babel]": _LOCALE | BABEL,
    "cyclone-template": _TEMPLATE,
    "cyclone-template[babel]": _TEMPLATE | BABEL,
    "cyclone-template[speedups]": _TEMPLATE | SPEEDUPS,
    "cyclone-mail": _MAIL,
    "cyclone-storage": _STORAGE,
    "cyclone-storage[mysql]": _STORAGE | MYSQL,
    "cyclone-storage[postgresql]": _STORAGE | POSTGRESQL,
    "cyclone-core": _CORE,
    "cyclone-core[reload]": _CORE | RELOAD,
    "cyclone-core[tls]": _CORE | TLS,
    "cyclone-rpc": _RPC,
    "cyclone-realtime": _REALTIME,
    "cyclone": _CYCLONE,
    "cyclone[babel]": _CYCLONE | BABEL,
    "cyclone[mysql]": _CYCLONE | MYSQL,
    "cyclone[orjson]": _CYCLONE | ORJSON,
    "cyclone[postgresql]": _CYCLONE | POSTGRESQL,
    "cyclone[reload]": _CYCLONE | RELOAD,
    "cyclone[speedups]": _CYCLONE | SPEEDUPS,
    "cyclone[tls]": _CYCLONE | TLS,
    "cyclone[ssl]": _CYCLONE | TLS,
    "cyclone[all]": _CYCLONE | TLS | BABEL | MYSQL | ORJSON | POSTGRESQL | RELOAD | SPEEDUPS,
}

# What an environment has before anything is installed into it.
TOOLS = frozenset({"pip", "setuptools", "wheel"})


def surplus(target: str, installed: Iterable[str]) -> list[str]:
    """Return the installed distributions that a package, or one of its extras, may not bring.

    Args:
        target: A key of `ALLOWED`.
        installed: Names of the distributions of an environment that holds only the target.

    Returns:
        Sorted normalized names; empty if the closure is kept.
    """
    names = {str(canonicalize_name(name)) for name in installed}
    return sorted(names - ALLOWED[target] - TOOLS)


def check_closure(root: Path) -> list[Problem]:
    """List packages and extras without a closure, and dependencies that a closure does not hold."""
    problems: list[Problem] = []
    targets: set[str] = set()
    for package in packages(root):
        wanted = {package.name: package.dependencies}
        for extra, requirements in package.extras.items():
            wanted[f"{package.name}[{extra}]"] = [*package.dependencies, *requirements]
        targets |= set(wanted)
        for target, requirements in wanted.items():
            allowed = ALLOWED.get(target, frozenset())
            if not allowed:
                said = f"{target} has no list in tests/walls/closure.py"
                extra = target.partition("[")[2].rstrip("]")
                problems.append(package.problem(f"{extra} = [" if extra else "name =", said))
                continue
            for item in requirements:
                name = str(canonicalize_name(item.name))
                brings = ALLOWED.get(str(item).partition("==")[0], frozenset({name}))
                problems += [
                    package.problem(str(item), f"{target} brings {more}: not in its closure")
                    for more in sorted(brings - allowed)
                ]
    problems += [
        Problem("tests/walls/closure.py", 0, f"{target} is no package and no extra")
        for target in sorted(set(ALLOWED) - targets)
    ]
    return problems
