"""The examples in the docstrings, run as they are printed."""

import doctest
import importlib
import pkgutil

import pytest

import cyclone_core.testing

MODULES = [each.name for each in pkgutil.iter_modules(cyclone_core.testing.__path__)]
WITHOUT = {
    *("certificates", "connection", "errors", "fetching", "jar", "messages", "reading"),
    *("port", "response", "running", "transport"),
}


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    """What a docstring shows happens; every module that users call by name shows something."""
    module = importlib.import_module(f"cyclone_core.testing.{name}")
    results = doctest.testmod(module)
    assert results.failed == 0
    assert bool(results.attempted) == (name not in WITHOUT)


def test_recipe() -> None:
    """The fixture that the package recommends works as it is printed."""
    text = (cyclone_core.testing.__doc__ or "").split("```")[1].removeprefix("python\n")
    shop = (
        "import sys, types\n"
        "from cyclone_core.web import Application, RequestHandler\n"
        "class Index(RequestHandler):\n"
        "    def get(self): self.write('index')\n"
        "def make_app(): return Application([('/', Index)])\n"
    )
    text = text.replace("from shop import make_app\n", shop)
    text = text.replace("@pytest.fixture\n", "")
    names: dict[str, object] = {}
    exec(compile(text, "recipe", "exec"), names)  # noqa: S102 -- our own text
    client, test_index = names["client"], names["test_index"]
    assert callable(client)
    assert callable(test_index)
    for made in client():
        test_index(made)
