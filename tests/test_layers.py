"""The layers of the house, and what may be imported at all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from walls.layers import check_circles, check_classic_name, check_imports

Plant = Callable[[dict[str, str]], Path]

CORE = "packages/cyclone-core/src/cyclone_core"
REALTIME = "packages/cyclone-realtime/src/cyclone_realtime"
ESCAPE = "packages/cyclone-escape/src/cyclone_escape"
LOCALE = "packages/cyclone-locale/src/cyclone_locale"
TEMPLATE = "packages/cyclone-template/src/cyclone_template"


def test_imports(repository: Path) -> None:
    """Nothing imports upward, sideways, undeclared, private or optional things."""
    assert list(map(str, check_imports(repository))) == []


def test_circles(repository: Path) -> None:
    """No two modules of a package import each other at import level."""
    assert list(map(str, check_circles(repository))) == []


def test_classic_name(repository: Path) -> None:
    """Only demos and integration tests use the classic namespace."""
    assert list(map(str, check_classic_name(repository))) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            "packages/cyclone-escape/src/cyclone_escape/x.py",
            "import os\nimport cyclone_template\n",
            "cyclone_escape/x.py:2: cyclone-escape (layer 0) imports cyclone-template (layer 1)",
        ),
        (
            "packages/cyclone-rpc/src/cyclone_rpc/x.py",
            "def f():\n    from cyclone_realtime import y\n",
            "x.py:2: cyclone-rpc (layer 3) imports cyclone-realtime (layer 3)",
        ),
        (f"{CORE}/x.py", "import cyclone_mail\n", "cyclone_core/x.py:1: imports cyclone-mail, whi"),
        (f"{CORE}/x.py", "import cyclone.web\n", "x.py:1: imports the classic namespace"),
        (f"{CORE}/x.py", "import cyclone_escape._x\n", "x.py:1: imports cyclone_escape._x., which"),
        (f"{CORE}/x.py", "\nfrom cyclone_escape import _x\n", "x.py:2: imports cyclone_escape._x,"),
        (f"{CORE}/x.py", "import requests\n", "x.py:1: imports requests, which packages/cyclone-c"),
        (f"{CORE}/x.py", "def f():\n import requests\n", "x.py:2: imports requests, which"),
        (f"{CORE}/x.py", "if TYPE_CHECKING:\n import requests\n", "x.py:2: imports requests"),
        (f"{CORE}/x.py", "import OpenSSL\n", "x.py:1: imports OpenSSL at module level"),
        (f"{CORE}/x.py", "from twisted.internet import ssl\n", "x.py:1: twisted.internet.ssl need"),
        (f"{CORE}/x.py", "try:\n import idna\nexcept ImportError: 0\n", "x.py:2: imports idna at"),
        (f"{CORE}/x.py", "import_module('cyclone_mail')\n", "x.py:1: imports cyclone-mail, which"),
        (f"{CORE}/http1/x.py", "__import__('twisted')\n", "http1/x.py:1: cyclone_core.http1 is"),
        (f"{CORE}/http1/x.py", "import twisted\n", "http1/x.py:1: cyclone_core.http1 is bytes in"),
        (f"{CORE}/x.py", "from twisted.web import http\n", "x.py:1: imports twisted.web.http;"),
        (f"{CORE}/x.py", "def f():\n import twisted.web.server\n", "x.py:2: imports twisted.web.s"),
        (f"{CORE}/x.py", "import twisted.web.client\n", "x.py:1: imports twisted.web.client; only"),
        (
            f"{LOCALE}/x.py",
            "def f():\n    from twisted.internet import defer\n",
            "x.py:2: cyclone_locale works without Twisted",
        ),
        (f"{ESCAPE}/x.py", "import orjson\n", "x.py:1: imports orjson at module level; it is an"),
        (f"{ESCAPE}/x.py", "try:\n import orjson\nexcept ImportError: 0\n", "x.py:2: imports orjs"),
        (f"{ESCAPE}/x.py", "def f():\n import markupsafe\n", "x.py:2: imports markupsafe, which "),
        (f"{LOCALE}/x.py", "from babel.core import Locale\n", "x.py:1: imports babel at module le"),
        (f"{LOCALE}/x.py", "class A:\n import babel\n", "x.py:2: imports babel at module level"),
        (f"{TEMPLATE}/x.py", "import markupsafe\n", "x.py:1: imports markupsafe at module level"),
        (f"{TEMPLATE}/x.py", "import_module('babel')\n", "x.py:1: imports babel at module level"),
        (f"{TEMPLATE}/x.py", "def f():\n import orjson\n", "x.py:2: imports orjson, which packag"),
        (f"{TEMPLATE}/x.py", "def f():\n import cyclone_locale\n", "x.py:2: imports cyclone-loca"),
        (f"{CORE}/x.py", "def f():\n import babel\n", "x.py:2: imports babel, which packages/cyc"),
        (
            f"{TEMPLATE}/x.py",
            "def f():\n    return import_module('twisted.internet.defer')\n",
            "x.py:2: cyclone_template works without Twisted",
        ),
        (
            f"{TEMPLATE}/x.py",
            "if TYPE_CHECKING:\n    from twisted.internet.defer import Deferred\n",
            "x.py:2: cyclone_template works without Twisted",
        ),
        (
            "packages/cyclone/src/cyclone/x.py",
            "from ..cyclone_core.web import *\nfrom cyclone_core._x import a\n",
            "cyclone/x.py:2: imports cyclone_core._x.a, which is private",
        ),
    ],
)
def test_forbidden_import(plant: Plant, path: str, text: str, said: str) -> None:
    """A planted import that the rules forbid is named with its file and line."""
    found = list(map(str, check_imports(plant({path: text}))))
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{CORE}/x.py", "import os, multipart, twisted.web.util\nfrom zope import interface\n"),
        (f"{CORE}/x.py", "from cyclone_escape.json import x\nfrom . import y\nimport cyclone_core"),
        (f"{CORE}/x.py", "def f():\n    import OpenSSL\n    from twisted.internet import ssl\n"),
        (
            f"{CORE}/x.py",
            "if TYPE_CHECKING:\n    import OpenSSL, typing_extensions\nelse:\n    import os\n",
        ),
        (f"{CORE}/httpclient/x.py", "import twisted.web.client\n"),
        (f"{ESCAPE}/x.py", "def f():\n    import orjson\n"),
        (
            f"{LOCALE}/x.py",
            "if TYPE_CHECKING:\n    import babel\ndef f():\n    import babel.dates\n",
        ),
        (f"{TEMPLATE}/x.py", "def f():\n    from markupsafe import escape\n    import babel\n"),
        (f"{TEMPLATE}/x.py", "import sys\ndefer = sys.modules.get('twisted.internet.defer')\n"),
        ("packages/cyclone/src/cyclone/x.py", "import cyclone_core.web\n"),
    ],
)
def test_allowed_import(plant: Plant, path: str, text: str) -> None:
    """What is declared, and what is optional inside a function, may be imported."""
    assert check_imports(plant({path: text})) == []


def test_sibling_of_an_extra(plant: Plant) -> None:
    """A sibling that only an extra names is imported by functions of one adapter module."""
    pyproject = (
        "[project]\nname='cyclone-realtime'\ndependencies=['cyclone-core==2.0.0']\n"
        "[project.optional-dependencies]\nredis=['cyclone-storage==2.0.0']\n"
    )
    inside = "def f():\n    import cyclone_storage\n\ndef g():\n    import cyclone_storage.x\n"
    root = plant(
        {
            "packages/cyclone-realtime/pyproject.toml": pyproject,
            f"{REALTIME}/adapter.py": inside,
        }
    )
    assert check_imports(root) == []
    plant({f"{REALTIME}/second.py": inside, f"{REALTIME}/third.py": "import cyclone_storage\n"})
    second = "imports cyclone-storage, an extra, in a second module; one adapter module may"
    third = "imports cyclone-storage at module level; it is an extra: import it inside a function"
    assert list(map(str, check_imports(root))) == [
        f"{REALTIME}/second.py:2: {second}",
        f"{REALTIME}/second.py:5: {second}",
        f"{REALTIME}/third.py:1: {third}",
    ]


def test_circle(plant: Plant) -> None:
    """Two modules that import each other are named, with the line of an import."""
    root = plant(
        {
            f"{CORE}/a.py": "import os\nfrom cyclone_core import b\n",
            f"{CORE}/b.py": "from .c import x\n",
            f"{CORE}/c.py": "\n\nimport cyclone_core.a\n",
        }
    )
    (found,) = map(str, check_circles(root))
    assert "imports in a circle: cyclone_core." in found
    assert any(f"cyclone_core/{at}: " in found for at in ("a.py:2", "b.py:1", "c.py:3"))


@pytest.mark.parametrize(
    "back",
    [
        "def f():\n    import cyclone_core.a\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import cyclone_core.a\n",
        "import cyclone_core\n",
    ],
)
def test_no_circle(plant: Plant, back: str) -> None:
    """An import in a function, for type checkers, or of the package alone closes no circle."""
    root = plant(
        {
            f"{CORE}/__init__.py": "",
            f"{CORE}/a.py": "from cyclone_core import b\n",
            f"{CORE}/b.py": back,
        }
    )
    assert check_circles(root) == []


@pytest.mark.parametrize(
    "path", ["packages/cyclone-rpc/tests/test_x.py", "benchmarks/x.py", "tests/test_x.py"]
)
def test_classic_name_used(plant: Plant, path: str) -> None:
    """A test of another package, or any script, that imports `cyclone` is named."""
    (found,) = map(str, check_classic_name(plant({path: "import os\nfrom cyclone import web\n"})))
    assert found.startswith(f"{path}:2: imports the classic namespace")


@pytest.mark.parametrize(
    "path", ["demos/x.py", "integration/test_x.py", "packages/cyclone/tests/x.py"]
)
def test_classic_name_allowed(plant: Plant, path: str) -> None:
    """Demos, integration tests and the package itself import `cyclone`."""
    assert check_classic_name(plant({path: "import cyclone.web\n"})) == []
