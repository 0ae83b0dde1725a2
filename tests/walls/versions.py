"""One version everywhere, exact pins between siblings, and every package built alike."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .source import PACKAGES, Package, Problem, Source, packages, python_files

__all__ = ["check_pins", "check_tree", "check_versions"]

PYTHON = ">=3.11"
# Names of the package cyclone for sets of extras; the others pass an extra of a package through.
COLLECTIVE = {"all", "ssl"}


def check_versions(root: Path) -> list[Problem]:
    """List the pyprojects and the constants that name another version than the package cyclone."""
    version = _version(root)
    problems: list[Problem] = []
    for package in packages(root):
        project = package.pyproject["project"]
        if project.get("version") != version:
            said = f"version is {project.get('version')}, but cyclone is {version}"
            problems.append(package.problem("version =", said))
        if project.get("requires-python") != PYTHON:
            said = f"requires-python is {project.get('requires-python')}, not {PYTHON}"
            problems.append(package.problem("requires-python", said))
        for source in package.sources():
            problems += [
                source.problem(line, f"{name} is {value!r}, but the pyprojects say {version}")
                for name, value, line in _constants(source)
                if value != version
            ]
    return problems


def _version(root: Path) -> str:
    return str(Package(root, "cyclone").pyproject["project"]["version"])


def _constants(source: Source) -> Iterator[tuple[str, object, int]]:
    """Yield the literal values of module-level `version` and `__version__`."""
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in {"version", "__version__"}:
                value = getattr(node, "value", None)
                if isinstance(value, ast.Constant):
                    yield target.id, value.value, node.lineno


def check_pins(root: Path) -> list[Problem]:
    """List siblings not pinned with `==`, and extras that cyclone does not pass through."""
    version = _version(root)
    problems: list[Problem] = []
    for package in packages(root):
        wanted = [("dependencies", package.dependencies), *package.extras.items()]
        for place, requirements in wanted:
            problems += [
                package.problem(str(item), f"{place}: {item} must be pinned with =={version}")
                for item in requirements
                if canonicalize_name(item.name) in PACKAGES
                and str(item.specifier) != f"=={version}"
            ]
    return [*problems, *_passed_through(root, version), *_different_bounds(root)]


def _different_bounds(root: Path) -> Iterator[Problem]:
    """Yield other people's distributions that two packages want in different versions."""
    first: dict[str, Requirement] = {}
    for package in packages(root):
        for item in [*package.dependencies, *(i for some in package.extras.values() for i in some)]:
            known = first.setdefault(canonicalize_name(item.name), item)
            if item.name not in PACKAGES and item.specifier != known.specifier:
                said = f"wants {item}, but another package {known}"
                yield package.problem(str(item), said)


def _passed_through(root: Path, version: str) -> Iterator[Problem]:
    top = Package(root, "cyclone")
    wanted: dict[str, set[str]] = {}
    for package in packages(root):
        if package.name == "cyclone":
            continue
        for extra in package.extras:
            wanted.setdefault(extra, set()).add(f"{package.name}[{extra}]=={version}")
    wanted["ssl"] = wanted.get("tls", set())
    wanted["all"] = set().union(*wanted.values())
    has = {extra: {_spelled(item) for item in items} for extra, items in top.extras.items()}
    for extra in sorted({*wanted, *has}):
        if wanted.get(extra, set()) != has.get(extra, set()):
            said = f"extra {extra} must be {sorted(wanted.get(extra, set()))}"
            yield top.problem(f"{extra} = [", said)


def _spelled(item: Requirement) -> str:
    extras = f"[{','.join(sorted(item.extras))}]" if item.extras else ""
    return f"{item.name}{extras}{item.specifier}"


def check_tree(root: Path) -> list[Problem]:
    """List what a package lacks, what is in packages/ and is none, and a wrong requirements.txt."""
    problems = [
        Problem(f"packages/{path.name}", 0, "packages/ holds nothing but the nine packages")
        for path in sorted((root / "packages").iterdir())
        if path.name not in PACKAGES
    ]
    for name in PACKAGES:
        problems += _package_files(root, Package(root, name))
    problems += _listed_packages(root)
    return problems


def _package_files(root: Path, package: Package) -> Iterator[Problem]:
    here = f"packages/{package.name}"
    wanted = ["pyproject.toml", "README.md", f"src/{package.module}/__init__.py"]
    wanted += [f"src/{package.module}/py.typed"]
    for name in wanted:
        if not (package.folder / name).is_file():
            yield Problem(f"{here}/{name}", 0, "every package has this file")
    if not any(path.name.startswith("test_") for path in python_files(package.folder / "tests")):
        yield Problem(f"{here}/tests", 0, "every package has tests")
    for name in ("LICENSE", "NOTICE"):
        copy = package.folder / name
        if not copy.is_file() or copy.read_bytes() != (root / name).read_bytes():
            yield Problem(f"{here}/{name}", 0, f"must be a copy of the {name} at the root")


def _listed_packages(root: Path) -> Iterator[Problem]:
    path = root / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    listed = [line for line in lines if line and not line.startswith("#")]
    if listed != [f"./packages/{name}" for name in PACKAGES]:
        yield Problem("requirements.txt", 0, "must list the nine packages, lowest layer first")
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    sources = settings.get("tool", {}).get("uv", {}).get("sources", {})
    if sources != {name: {"workspace": True} for name in PACKAGES}:
        yield Problem("pyproject.toml", 0, "[tool.uv.sources] must name each of the nine packages")
