"""The import hook, on packages made for the test."""

import importlib
import importlib.util
import pickle
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread
from types import ModuleType

import pytest

from cyclone._aliases import AliasFinder, AliasLoader, install

TABLE = {"web": "realpkg.web", "util": "realpkg.util"}

FILES = {
    "realpkg/__init__.py": "",
    "realpkg/util.py": "NAME = __name__\n",
    "realpkg/web/__init__.py": "from realpkg.web.handler import Handler\n__all__ = ['Handler']\n",
    "realpkg/web/handler.py": "class Handler: pass\ncount = 0\n_private = object()\n",
    "realpkg/web/deep/__init__.py": "",
    "realpkg/web/deep/inner.py": "class Inner: pass\n",
    "realpkg/web/script.py": "print(__name__, __file__)\n",
    "realpkg/web/broken.py": "raise RuntimeError('not today')\n",
    "classic/__init__.py": "",
    "classic/web.py": "import sys\nimport realpkg.web\nfrom realpkg.web import *\n"
    "sys.modules[__name__] = realpkg.web\n",
    "classic/util.py": "import sys\nimport realpkg.util\nfrom realpkg.util import *\n"
    "sys.modules[__name__] = realpkg.util\n",
}


def forget() -> None:
    """Drop the packages of the test from the module table."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"realpkg", "classic"}:
            del sys.modules[name]


@pytest.fixture(autouse=True)
def namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Write a package with submodules and a namespace of aliases, and install the finder."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    install("classic", TABLE)
    yield
    forget()


def load(name: str) -> ModuleType:
    """Import a module by name."""
    return importlib.import_module(name)


@pytest.mark.parametrize("first", ["classic", "real"])
@pytest.mark.parametrize(
    ("alias", "real"),
    [
        ("classic.web", "realpkg.web"),
        ("classic.util", "realpkg.util"),
        ("classic.web.handler", "realpkg.web.handler"),
        ("classic.web.deep", "realpkg.web.deep"),
        ("classic.web.deep.inner", "realpkg.web.deep.inner"),
    ],
)
def test_identity_in_both_orders(first: str, alias: str, real: str) -> None:
    """A module is one object under both names, whichever is imported first."""
    one, other = (alias, real) if first == "classic" else (real, alias)
    assert load(one) is load(other)
    assert sys.modules[alias] is sys.modules[real]
    assert load(alias).__name__ == real


def test_submodule_runs_once() -> None:
    """State set through one name is seen through the other: there is no second copy."""
    vars(load("classic.web.handler"))["count"] = 7
    assert load("realpkg.web.handler").count == 7
    assert load("classic.web").Handler is load("classic.web.handler").Handler


def test_submodule_is_attribute_of_its_parent() -> None:
    """`import classic.web.deep.inner` makes the dotted path usable."""
    load("classic.web.deep.inner")
    assert load("classic").web.deep.inner is sys.modules["realpkg.web.deep.inner"]


def test_spec_of_the_real_module_is_left_alone() -> None:
    """Importing under the classic name does not change what the module says about itself."""
    module = load("classic.web.handler")
    assert module.__spec__ is not None
    assert module.__spec__.name == "realpkg.web.handler"
    assert module.__package__ == "realpkg.web"
    assert not isinstance(module.__loader__, AliasLoader)


def test_reload() -> None:
    """`importlib.reload` runs the real module again, in place, under its real name."""
    module = load("classic.web.handler")
    vars(module)["count"] = 7
    assert importlib.reload(module) is module
    assert module.count == 0
    assert load("realpkg.web.handler") is load("classic.web.handler") is module
    assert importlib.reload(load("classic.util")).NAME == "realpkg.util"


def test_find_spec_before_import() -> None:
    """`find_spec` answers without running the submodule, and points to the real file."""
    spec = importlib.util.find_spec("classic.web.deep")
    assert spec is not None
    assert spec.name == "classic.web.deep"
    assert spec.has_location
    assert spec.origin is not None
    assert Path(spec.origin).parts[-3:] == ("web", "deep", "__init__.py")
    assert spec.submodule_search_locations
    assert "realpkg.web.deep" not in sys.modules


def test_find_spec_after_import() -> None:
    """Once imported, the spec is the one of the real module."""
    module = load("classic.web.handler")
    assert importlib.util.find_spec("classic.web.handler") is module.__spec__


def test_module_from_spec() -> None:
    """The documented recipe to import by spec leaves the real module in the table."""
    spec = importlib.util.find_spec("classic.web.handler")
    assert spec is not None
    assert spec.loader is not None
    shell = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shell)
    real = load("realpkg.web.handler")
    assert sys.modules["classic.web.handler"] is real
    assert shell._private is real._private


@pytest.mark.parametrize("name", ["classic.web.nothing", "classic.web.deep.nothing"])
def test_missing_submodule(name: str) -> None:
    """A submodule that does not exist is reported under the name that was asked for."""
    assert importlib.util.find_spec(name) is None
    with pytest.raises(ModuleNotFoundError, match=name):
        load(name)


@pytest.mark.parametrize("name", ["classic.other", "classic.util.sub", "classic.other.sub"])
def test_names_outside_the_table(name: str) -> None:
    """What is no alias, or is an alias of a plain module, fails as in any package."""
    with pytest.raises(ModuleNotFoundError):
        load(name)


@pytest.mark.parametrize("name", ["classic", "classic.web", "classic.other.sub", "else.web.sub"])
def test_finder_leaves_other_names(name: str) -> None:
    """The finder answers for submodules of aliases of its own namespace only."""
    assert AliasFinder("classic", TABLE).find_spec(name) is None


def test_error_in_the_real_module() -> None:
    """A submodule that fails to import fails under both names and leaves neither behind."""
    for name in ("classic.web.broken", "realpkg.web.broken"):
        with pytest.raises(RuntimeError, match="not today"):
            load(name)
        assert name not in sys.modules


def test_pickle() -> None:
    """Pickles carry the real name, and pickles made under the classic name load."""
    handler = load("classic.web.handler").Handler
    data = pickle.dumps(handler, protocol=0)
    assert b"realpkg.web.handler" in data
    assert b"classic" not in data
    forget()
    loaded = pickle.loads(data.replace(b"realpkg.", b"classic."))  # noqa: S301  our own bytes
    assert loaded is load("realpkg.web.handler").Handler


def test_patch_reaches_the_real_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attribute patched by its classic dotted name is what the real module sees."""
    load("classic.web.handler")
    monkeypatch.setattr("classic.web.handler.count", 99)
    assert load("realpkg.web.handler").count == 99


def test_python_m(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m classic.web.script` runs the code of the real file."""
    runpy.run_module("classic.web.script", run_name="__main__", alter_sys=True)
    out = capsys.readouterr().out.split()
    assert out[0] == "__main__"
    assert Path(out[1]).name == "script.py"


def test_loader_shows_the_real_source() -> None:
    """Tools that ask the loader for source text get that of the real module."""
    spec = importlib.util.find_spec("classic.web.handler")
    assert spec is not None
    assert isinstance(spec.loader, AliasLoader)
    assert spec.loader.get_source(spec.name) == FILES["realpkg/web/handler.py"]
    assert not spec.loader.is_package(spec.name)
    package = importlib.util.find_spec("classic.web.deep")
    assert package is not None
    assert isinstance(package.loader, AliasLoader)
    assert package.loader.is_package(package.name)


def test_install_replaces_the_earlier_finder() -> None:
    """Installing twice, as a reload does, leaves one finder per namespace and others alone."""
    install("another", {})
    install("classic", TABLE)
    mine = [entry for entry in sys.meta_path if isinstance(entry, AliasFinder)]
    assert sorted(entry.namespace for entry in mine) == ["another", "classic", "cyclone"]
    assert mine[0].namespace == "classic"
    assert sys.meta_path[0] is mine[0]


def test_threads() -> None:
    """Threads that import both names at once get one module and no deadlock."""
    names = ["classic.web.deep", "realpkg.web.deep", "classic.util", "realpkg.util"]
    names += ["classic.web.deep.inner", "realpkg.web.deep.inner"]
    for _ in range(20):
        forget()
        # Python itself may report a deadlock when one thread imports a package that imports its
        # submodule while another thread imports that submodule: the package comes first.
        load("classic.web")
        modules = load_in_threads(names * 2)
        assert len(modules) == 3


def load_in_threads(names: list[str]) -> set[ModuleType]:
    """Import every name in a thread of its own, all at once; return the distinct modules."""
    barrier = Barrier(len(names))
    seen: list[ModuleType | BaseException] = []

    def work(name: str) -> None:
        barrier.wait(10)
        try:
            seen.append(load(name))
        except BaseException as error:  # noqa: BLE001  the main thread reports it
            seen.append(error)

    threads = [Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(seen) == len(names)
    modules = {module for module in seen if isinstance(module, ModuleType)}
    assert [error for error in seen if isinstance(error, BaseException)] == []
    return modules
