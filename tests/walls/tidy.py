"""News fragments with valid names, no path of somebody's machine, nothing generated."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from .source import Problem, repository_files

__all__ = ["check_fragments", "check_generated", "check_machine_paths"]

# A directory that only one machine has, as a word of its own: `/home/` in a URL is none.
MACHINE_PATH = re.compile(
    r"(?<![\w.:/}~-])/(?:root|work|Users)/[\w.-]|(?<![\w.:/}~-])/home/[\w-]+/[\w.-]|[A-Z]:\\Users\\",
)
GENERATED = (
    "*.py[co] *.so *.egg-info/* */*.egg-info/* *dropin.cache .coverage* */.coverage* *twistd.log* "
    "*twistd.pid *_trial_temp/* dist/* build/* */dist/* results/* .venv/* .nox/* uv.lock "
    "*.whl *.tar.gz *.orig *.rej *~"
)
FRAGMENT_EXEMPT = {"README.md", ".gitignore", ".gitkeep"}


def check_fragments(root: Path) -> list[Problem]:
    """List files in changes/ that towncrier would not understand, and empty ones."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = [kind["directory"] for kind in settings["tool"]["towncrier"]["type"]]
    valid = re.compile(rf"(\d+|\+[a-z0-9][a-z0-9-]*)\.({'|'.join(kinds)})(\.\d+)?\.md")
    problems: list[Problem] = []
    for path in repository_files(root):
        if path.parent != root / "changes" or path.name in FRAGMENT_EXEMPT:
            continue
        if not valid.fullmatch(path.name):
            said = f"name it <issue or +slug>.<{'|'.join(kinds)}>.md"
            problems.append(Problem(f"changes/{path.name}", 0, said))
        elif not path.read_text(encoding="utf-8").strip():
            problems.append(Problem(f"changes/{path.name}", 1, "says nothing"))
    return problems


def check_machine_paths(root: Path) -> list[Problem]:
    """List lines that name a directory of somebody's machine."""
    problems: list[Problem] = []
    for path in repository_files(root):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # not a text
        problems += [
            Problem(path.relative_to(root).as_posix(), number, f"machine path: {line.strip()[:80]}")
            for number, line in enumerate(lines, 1)
            if MACHINE_PATH.search(line)
        ]
    return problems


def check_generated(root: Path) -> list[Problem]:
    """List files that a tool writes and that do not belong into the repository."""
    names = [path.relative_to(root).as_posix() for path in repository_files(root)]
    return [
        Problem(name, 0, "is generated: remove it, and let .gitignore name it")
        for name in names
        if any(fnmatch(name, pattern) for pattern in GENERATED.split())
    ]
