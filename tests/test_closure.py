"""What installing a package may bring."""

from collections.abc import Callable
from pathlib import Path

import pytest
from walls.closure import ALLOWED, BABEL, ORJSON, SPEEDUPS, TLS, TWISTED, check_closure, surplus
from walls.source import PACKAGES

Plant = Callable[[dict[str, str]], Path]


def test_closure(repository: Path) -> None:
    """Every package and extra has a closure that holds its dependencies."""
    assert list(map(str, check_closure(repository))) == []


def test_low_packages_are_light() -> None:
    """Escape and locale bring only themselves, template only escape; none of them Twisted."""
    assert ALLOWED["cyclone-escape"] == {"cyclone-escape"}
    assert ALLOWED["cyclone-locale"] == {"cyclone-locale"}
    assert ALLOWED["cyclone-template"] == {"cyclone-template", "cyclone-escape"}


@pytest.mark.parametrize(
    ("package", "extra", "brings"),
    [
        ("cyclone-escape", "orjson", ORJSON),
        ("cyclone-locale", "babel", BABEL),
        ("cyclone-template", "babel", BABEL),
        ("cyclone-template", "speedups", SPEEDUPS),
    ],
)
def test_extras_are_light(package: str, extra: str, brings: frozenset[str]) -> None:
    """An extra of a low package brings one library; the same extra of cyclone brings it too."""
    assert len(brings) == 1
    assert ALLOWED[f"{package}[{extra}]"] == ALLOWED[package] | brings
    assert ALLOWED[f"cyclone[{extra}]"] == ALLOWED["cyclone"] | brings
    assert brings <= ALLOWED["cyclone[all]"]
    assert not brings & ALLOWED["cyclone"]


def test_core_needs_no_tls() -> None:
    """Without its extra, cyclone-core brings no compiled cryptography; cyclone always does."""
    assert not ALLOWED["cyclone-core"] & TLS
    assert ALLOWED["cyclone-core[tls]"] - ALLOWED["cyclone-core"] == TLS
    assert ALLOWED["cyclone"] > TLS
    assert ALLOWED["cyclone"] >= set(PACKAGES)


def test_surplus() -> None:
    """What is not on the list is returned by its normalized name, installers are not."""
    assert surplus("cyclone-escape", ["Cyclone.Escape", "pip", "setuptools"]) == []
    assert surplus("cyclone-template", ["cyclone_template", "Twisted"]) == ["twisted"]
    assert surplus("cyclone-core", [*TWISTED, "multipart", "pyOpenSSL"]) == ["pyopenssl"]


@pytest.mark.parametrize(
    ("package", "old", "new", "said"),
    [
        ("cyclone-escape", "dependencies = []", "dependencies = ['six']", "escape brings six: not"),
        ("cyclone-core", '"multipart', '"h11"\n,"multipart', "cyclone-core brings h11: not in its"),
        ("cyclone-mail", "test = [", "dkim = ['dkimpy']\ntest = [", "cyclone-mail[dkim] has no li"),
        ("cyclone-rpc", "cyclone-core==", "cyclone-storage==", "brings cyclone-storage: not in"),
        ("cyclone-escape", "orjson = [", "orjson = ['six',", "escape[orjson] brings six: not in"),
        ("cyclone-template", "speedups = [", "speedups = ['jinja2',", "speedups] brings jinja2:"),
        (
            "cyclone",
            "speedups = [",
            "speedups = ['cyclone-locale[babel]==2.0.0',",
            "cyclone[speedups] brings babel: not in its closure",
        ),
    ],
)
def test_new_dependency(
    plant: Plant, repository: Path, *, package: str, old: str, new: str, said: str
) -> None:
    """A dependency or an extra that no list knows is named."""
    files = {
        f"packages/{name}/pyproject.toml": (
            repository / f"packages/{name}/pyproject.toml"
        ).read_text()
        for name in PACKAGES
    }
    path = f"packages/{package}/pyproject.toml"
    assert old in files[path]
    files[path] = files[path].replace(old, new, 1)
    found = list(map(str, check_closure(plant(files))))
    assert found
    assert all(one.startswith(f"{path}:") and ":0: " not in one for one in found)
    assert any(said in one for one in found)


def test_forgotten_list(plant: Plant) -> None:
    """A list for what no longer exists is named."""
    found = list(map(str, check_closure(plant({"packages/cyclone-escape/x": ""}))))
    assert "tests/walls/closure.py:0: cyclone-mail is no package and no extra" in found
