"""Who may import what: layers between packages, no circles inside one, no undeclared library."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from packaging.requirements import Requirement

from .source import LAYERS, Import, Package, Problem, Source, When, packages, python_files

__all__ = ["check_circles", "check_classic_name", "check_imports"]

OURS = {name.replace("-", "_"): name for name in LAYERS}

# What a distribution is imported as, where the names differ. `zope` is Twisted's own interface.
PROVIDES = {
    "twisted": {"twisted", "zope"},
    "pyjwt": {"jwt"},
    "pyopenssl": {"OpenSSL"},
    "pymysql": {"pymysql"},
}
# Extras of dependencies that bring import names of their own.
PROVIDES_EXTRA = {("twisted", "tls"): {"OpenSSL", "service_identity", "idna", "cryptography"}}

# Modules of Twisted that import an optional library: importing them needs its extra `tls`.
NEEDS_TLS = ("twisted.internet.ssl", "twisted.internet._sslverify", "twisted.protocols.tls")

NO_TWISTED = {"cyclone_escape", "cyclone_locale", "cyclone_template"}


# Type checkers know these without any distribution.
FOR_TYPES = {"_typeshed", "typing_extensions"}


@dataclass
class Rules:
    """What one package may import."""

    package: Package
    hard: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    adapters: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hard.add(self.package.module)
        for requirement in self.package.dependencies:
            self.hard |= _import_names(requirement)
        for requirements in self.package.extras.values():
            for requirement in requirements:
                self.optional |= _import_names(requirement) - self.hard


def _import_names(requirement: Requirement) -> set[str]:
    """Return the top-level import names that a requirement brings."""
    dist = requirement.name.lower()
    names = set(PROVIDES.get(dist, {dist.replace("-", "_")}))
    for extra in requirement.extras:
        names |= PROVIDES_EXTRA.get((dist, extra), set())
    return names


def check_imports(root: Path) -> list[Problem]:
    """List the imports that a package may not make."""
    problems: list[Problem] = []
    for package in packages(root):
        rules = Rules(package)
        for source in package.sources():
            for item in source.imports():
                said = next(_objections(rules, source, item), None)
                if said is not None:
                    problems.append(source.problem(item.line, said))
    return problems


def _objections(rules: Rules, source: Source, item: Import) -> Iterator[str]:
    package = rules.package
    top = item.module.partition(".")[0]
    if top == "cyclone" and package.name != "cyclone":
        yield "imports the classic namespace; only demos and integration tests may"
    if top in OURS and top != package.module:
        yield from _sibling(rules, source, item)
    yield from _twisted(source, item)
    if top in sys.stdlib_module_names or top in rules.hard:
        if item.when is When.IMPORT and "OpenSSL" not in rules.hard and _needs_tls(item):
            yield f"{_needs_tls(item)} needs pyOpenSSL, an extra: import it inside a function"
    elif item.when is When.TYPING and top in FOR_TYPES | rules.optional:
        return
    elif top not in rules.optional:
        yield f"imports {top}, which {package.where} does not name"
    elif item.when is When.IMPORT:
        yield f"imports {top} at module level; it is an extra: import it inside a function"


def _needs_tls(item: Import) -> str:
    return next((name for name in item.candidates if name in NEEDS_TLS), "")


def _sibling(rules: Rules, source: Source, item: Import) -> Iterator[str]:
    package = rules.package
    sibling = OURS[item.module.partition(".")[0]]
    if LAYERS[sibling] >= LAYERS[package.name]:
        yield (
            f"{package.name} (layer {LAYERS[package.name]}) imports {sibling} "
            f"(layer {LAYERS[sibling]}): imports go down only"
        )
    for part in (*item.module.split("."), item.name):
        if part.startswith("_") and not part.startswith("__"):
            yield f"imports {item.module}.{item.name}, which is private to {sibling}"
    if sibling in package.needs():
        return
    if sibling not in package.may_need():
        yield f"imports {sibling}, which {package.where} does not name"
    elif item.when is When.IMPORT:
        yield f"imports {sibling} at module level; it is an extra: import it inside a function"
    else:
        places = rules.adapters.setdefault(sibling, set())
        places.add(source.module)
        if len(places) > 1:
            yield f"imports {sibling}, an extra, in a second module; one adapter module may"


def _twisted(source: Source, item: Import) -> Iterator[str]:
    if item.module.partition(".")[0] != "twisted":
        return
    top, _, area = source.module.partition(".")
    if top in NO_TWISTED:
        yield f"{top} works without Twisted and imports nothing of it"
    if top != "cyclone_core":
        return
    if area.partition(".")[0] == "http1":
        yield "cyclone_core.http1 is bytes in, events out: it imports nothing of Twisted"
    for name in item.candidates:
        if name in {"twisted.web.http", "twisted.web.server"}:
            yield f"imports {name}; the server is our own"
        elif name == "twisted.web.client" and area.partition(".")[0] != "httpclient":
            yield "imports twisted.web.client; only cyclone_core.httpclient does"


def check_classic_name(root: Path) -> list[Problem]:
    """List the files besides demos, integration and the package itself that import `cyclone`."""
    allowed = [root / "demos", root / "integration", root / "packages" / "cyclone"]
    return [
        source.problem(item.line, "imports the classic namespace; only demos and integration may")
        for path in python_files(root)
        if not any(path.is_relative_to(folder) for folder in allowed)
        for source in [Source(root, path)]
        for item in source.imports()
        if item.module.partition(".")[0] == "cyclone"
    ]


def check_circles(root: Path) -> list[Problem]:
    """List the modules of one package that import each other at import level."""
    problems: list[Problem] = []
    for package in packages(root):
        sources = {source.module: source for source in package.sources()}
        edges: dict[str, dict[str, int]] = {}
        for module, source in sources.items():
            targets = edges.setdefault(module, {})
            for item in source.imports():
                # A submodule wins over the package that it is taken from.
                found = [name for name in reversed(item.candidates) if name in sources]
                if item.when is When.IMPORT and found and found[0] != module:
                    targets.setdefault(found[0], item.line)
        try:
            TopologicalSorter({module: set(found) for module, found in edges.items()}).prepare()
        except CycleError as error:
            # The list goes from the imported module to the one that imports it.
            circle = list(reversed(error.args[1]))
            line = edges[circle[0]][circle[1]]
            said = f"imports in a circle: {' > '.join(circle)}"
            problems.append(sources[circle[0]].problem(line, said))
    return problems
