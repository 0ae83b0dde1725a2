"""The classic names, against the packages that carry the code."""

import importlib
import importlib.metadata
import importlib.util
import inspect
import pickle
import pkgutil
import sys
from collections.abc import Callable

import pytest

import cyclone

Fresh = Callable[..., str]

TABLE = {
    "autoreload": "cyclone_core.autoreload",
    "bottle": "cyclone_core.bottle",
    "escape": "cyclone_escape",
    "httpclient": "cyclone_core.httpclient",
    "httpserver": "cyclone_core.httpserver",
    "httputil": "cyclone_core.httputil",
    "locale": "cyclone_locale",
    "log": "cyclone_core.log",
    "options": "cyclone_core.options",
    "redis": "cyclone_storage.redis",
    "routing": "cyclone_core.routing",
    "sqlite": "cyclone_storage.sqlite",
    "template": "cyclone_template",
    "testing": "cyclone_core.testing",
    "util": "cyclone_core.util",
    "web": "cyclone_core.web",
    "wsgi": "cyclone_core.wsgi",
}
LATER = [
    "app",
    "auth",
    "jsonrpc",
    "mail",
    "sse",
    "websocket",
    "xmlrpc",
]


def pairs() -> list[tuple[str, str]]:
    """Return every classic name, submodules included, with the real name."""
    found: list[tuple[str, str]] = []
    for alias, name in TABLE.items():
        found.append((f"cyclone.{alias}", name))
        path = getattr(importlib.import_module(name), "__path__", [])
        below = [item.name for item in pkgutil.walk_packages(path, f"{name}.")]
        found += [(f"cyclone.{alias}{item.removeprefix(name)}", item) for item in below]
    return found


PAIRS = pairs()


def test_table() -> None:
    """The table names the modules that this version has, and cannot be changed."""
    assert cyclone.ALIASES == TABLE
    with pytest.raises(TypeError):
        cyclone.ALIASES["web"] = "x"  # type: ignore[index]


def test_walk_finds_submodules() -> None:
    """The walk reaches into packages, so that the tests on it mean something."""
    assert ("cyclone.web.handler", "cyclone_core.web.handler") in PAIRS
    assert ("cyclone.escape.html", "cyclone_escape.html") in PAIRS


@pytest.mark.parametrize(("alias", "real"), PAIRS)
def test_identity(alias: str, real: str) -> None:
    """A classic name and the real name mean one module object."""
    module = importlib.import_module(alias)
    assert module is importlib.import_module(real)
    assert sys.modules[alias] is sys.modules[real]
    assert module.__name__ == real
    assert module.__spec__ is not None
    assert module.__spec__.name == real


@pytest.mark.parametrize("alias", TABLE)
def test_all_names(alias: str) -> None:
    """Every promised name is there under the classic module, and is the real object."""
    classic = getattr(cyclone, alias)
    real = importlib.import_module(TABLE[alias])
    assert real.__all__
    for name in real.__all__:
        assert getattr(classic, name) is getattr(real, name)


def test_import_leaves_the_package_alone(fresh: Fresh) -> None:
    """Importing submodules under classic names shadows no promised name of the package."""
    fresh(
        "from importlib import import_module\n"
        f"packages = [import_module(name) for name in {[*TABLE.values()]!r}]\n"
        "def promised():\n"
        "    return [getattr(package, name) for package in packages for name in package.__all__]\n"
        "before = promised()\n"
        f"for alias, _ in {PAIRS!r}:\n"
        "    import_module(alias)\n"
        "assert all(one is two for one, two in zip(before, promised(), strict=True))\n"
    )


@pytest.mark.parametrize("order", ["classic", "deepest", "real"])
def test_fresh_interpreter(fresh: Fresh, order: str) -> None:
    """In a new interpreter no submodule is loaded twice, whichever name comes first."""
    names = {
        "classic": [*PAIRS],
        "deepest": sorted(PAIRS, key=lambda pair: -pair[0].count(".")),
        "real": [(real, alias) for alias, real in PAIRS],
    }[order]
    fresh(
        "import sys\n"
        "from importlib import import_module\n"
        f"pairs = {names!r}\n"
        "firsts = [import_module(first) for first, _ in pairs]\n"
        "seconds = [import_module(second) for _, second in pairs]\n"
        "assert all(one is two for one, two in zip(firsts, seconds, strict=True))\n"
        "files = [getattr(m, '__file__', None) for m in {id(m): m for m in firsts}.values()]\n"
        "assert len(files) == len(set(files)), files\n"
    )


def test_plain_import(fresh: Fresh) -> None:
    """`import cyclone` alone is light, and its modules are there when touched."""
    fresh(
        "import sys, cyclone\n"
        "assert not {'twisted', 'cyclone_core', 'cyclone_escape'} & set(sys.modules)\n"
        "assert 'web' in dir(cyclone) and 'web' not in vars(cyclone)\n"
        "assert cyclone.web.Application\n"
        "assert cyclone.web is sys.modules['cyclone_core.web'] is vars(cyclone)['web']\n"
    )


@pytest.mark.parametrize("alias", TABLE)
def test_first_touch(monkeypatch: pytest.MonkeyPatch, alias: str) -> None:
    """Touching a module that is no attribute yet imports it (PEP 562)."""
    real = importlib.import_module(f"cyclone.{alias}")
    monkeypatch.delitem(vars(cyclone), alias)
    assert alias in dir(cyclone)
    assert getattr(cyclone, alias) is real


def test_import_one_and_use_another(fresh: Fresh) -> None:
    """`import cyclone.web` and then `cyclone.escape` works without a further import."""
    fresh(
        "import cyclone.web\n"
        "assert cyclone.escape.json_encode([1]) == '[1]'\n"
        "from cyclone import httputil, util\n"
        "import cyclone_core.util\n"
        "assert util is cyclone_core.util\n"
    )


def test_star_import(fresh: Fresh) -> None:
    """`from cyclone import *` gives the modules and the version."""
    fresh(
        "from cyclone import *\n"
        "import cyclone_core.web\n"
        "assert web is cyclone_core.web and version == __version__ and escape and util\n"
    )


def test_dir() -> None:
    """`dir` lists what there is, sorted and each once."""
    names = dir(cyclone)
    assert {"Final", "MappingProxyType", "install"}.isdisjoint(names)
    assert names == sorted(set(names))
    assert {*TABLE, "version", "__version__", "__author__", "ALIASES"} <= set(names)
    assert not set(LATER) & set(names)


def test_version() -> None:
    """The version is the one that was installed."""
    assert cyclone.version == cyclone.__version__ == importlib.metadata.version("cyclone")
    assert isinstance(cyclone.__author__, str)


@pytest.mark.parametrize("name", [*LATER, "nothing"])
def test_what_is_not_there(name: str) -> None:
    """A module that has not come yet is missing in the ways that Python knows."""
    with pytest.raises(
        AttributeError, match=f"no attribute '{name}'; its modules are autoreload, "
    ):
        getattr(cyclone, name)
    assert not hasattr(cyclone, name)
    assert importlib.util.find_spec(f"cyclone.{name}") is None
    with pytest.raises(ModuleNotFoundError, match=f"cyclone.{name}"):
        importlib.import_module(f"cyclone.{name}")


def test_missing_submodule() -> None:
    """A submodule that the real package lacks is reported under the classic name."""
    with pytest.raises(ModuleNotFoundError, match=r"cyclone\.web\.nothing"):
        importlib.import_module("cyclone.web.nothing")


@pytest.mark.parametrize("alias", TABLE)
def test_pickle(alias: str) -> None:
    """Classes carry their real module, so pickles load where only that package is installed."""
    module = getattr(cyclone, alias)
    classes = [item for name in module.__all__ if inspect.isclass(item := getattr(module, name))]
    # Python pickles some of its own under their name in Python 2.
    for item in [each for each in classes if each.__module__ != "builtins"]:
        assert item.__module__.partition(".")[0] != "cyclone"
        data = pickle.dumps(item, protocol=0)
        assert b"ccyclone." not in data
        assert pickle.loads(data) is item  # noqa: S301  our own bytes


def test_old_pickle() -> None:
    """A pickle that was made under the classic name loads."""
    data = b"ccyclone.httputil\nHTTPHeaders\n."
    assert pickle.loads(data) is cyclone.httputil.HTTPHeaders  # noqa: S301  our own bytes


def test_inspect() -> None:
    """Tools find the source of the real module."""
    assert inspect.getmodule(cyclone.web.Application) is not None
    assert "class Application" in inspect.getsource(cyclone.web.Application)
    assert cyclone.web.__doc__ == sys.modules["cyclone_core.web"].__doc__


def test_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is patched under the classic name is what the real module uses."""
    monkeypatch.setattr("cyclone.web.handler.RequestHandler", None)
    monkeypatch.setattr("cyclone.escape.json_encode", None)
    assert sys.modules["cyclone_core.web.handler"].RequestHandler is None
    assert sys.modules["cyclone_escape"].json_encode is None


def test_patch_by_unittest(fresh: Fresh) -> None:
    """`mock.patch` resolves classic names, imported or not, and puts back what was there."""
    fresh(
        "from unittest import mock\n"
        "with mock.patch('cyclone.web.handler.RequestHandler') as patched:\n"
        "    import cyclone_core.web.handler\n"
        "    assert cyclone_core.web.handler.RequestHandler is patched\n"
        "assert isinstance(cyclone_core.web.handler.RequestHandler, type)\n"
        "with mock.patch('cyclone.escape.json_encode', return_value='x'):\n"
        "    import cyclone_escape\n"
        "    assert cyclone_escape.json_encode(1) == 'x'\n"
        "assert cyclone_escape.json_encode(1) == '1'\n"
    )


def test_reload(fresh: Fresh) -> None:
    """Reloading keeps the identities: of an aliased module, a submodule, and of cyclone itself."""
    fresh(
        "import importlib, sys, cyclone, cyclone_escape\n"
        "import cyclone.escape.html\n"
        "for module in (cyclone.escape, cyclone.escape.html, cyclone):\n"
        "    assert importlib.reload(module) is module\n"
        "assert cyclone.escape is cyclone_escape\n"
        "assert cyclone.escape.html is sys.modules['cyclone_escape.html']\n"
        "finders = [f for f in sys.meta_path if type(f).__name__ == 'AliasFinder']\n"
        "assert len(finders) == 1\n"
        "import cyclone.web.handler\n"
        "assert cyclone.web.handler.__name__ == 'cyclone_core.web.handler'\n"
    )


def test_find_spec(fresh: Fresh) -> None:
    """`find_spec` finds classic modules and submodules before they are imported."""
    fresh(
        "import sys\n"
        "from importlib.util import find_spec\n"
        "assert find_spec('cyclone.web').name == 'cyclone.web'\n"
        "assert 'cyclone_core' not in sys.modules\n"
        "spec = find_spec('cyclone.escape.html')\n"
        "assert spec.origin == find_spec('cyclone_escape.html').origin\n"
        "assert spec.has_location and spec.submodule_search_locations is None\n"
    )


def test_threads(fresh: Fresh) -> None:
    """Threads that touch the modules for the first time at once all get the real ones."""
    fresh(
        "import sys, cyclone\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from importlib import import_module\n"
        "from threading import Barrier\n"
        "barrier = Barrier(8)\n"
        "def touch(number):\n"
        "    barrier.wait(10)\n"
        "    from cyclone.web import Application\n"
        "    return Application, cyclone.web, cyclone.escape, import_module('cyclone.httputil')\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    seen = set(pool.map(touch, range(8)))\n"
        "import cyclone_core.web, cyclone_core.httputil, cyclone_escape\n"
        "web = cyclone_core.web\n"
        "assert seen == {(web.Application, web, cyclone_escape, cyclone_core.httputil)}\n"
    )


def test_regular_package() -> None:
    """The namespace is a regular package in one folder: nothing left over elsewhere joins it."""
    assert cyclone.__file__ is not None
    assert len(cyclone.__path__) == 1
