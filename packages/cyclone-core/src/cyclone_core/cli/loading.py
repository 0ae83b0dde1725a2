"""From `-r hello.Application` or `hello.py` on the command line to a running factory's object.

Each failure is one line that names what was looked for, where, and what to do. The user's own
mistakes are reported at the user's own line; a traceback through this package would hide it.
"""

import importlib
import importlib.util
import shlex
import sys
import traceback
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from twisted.logger import Logger

from cyclone_core import autoreload
from cyclone_core.cli import discovery
from cyclone_core.cli.problems import ApplicationProblem, UsageProblem, one_line

if TYPE_CHECKING:
    from twisted.internet.interfaces import IProtocolFactory

__all__ = ["Found", "find", "make", "put_first"]

_log = Logger(namespace="cyclone.cli")


@dataclass(frozen=True, slots=True)
class Found:
    """An application that was found and not made yet.

    Attributes:
        label: How messages call it, for instance `hello.Application`.
        maker: A class or function that returns the factory, or the factory itself.
        file: Path of the file it stands in, or None for a module without one.
        roots: The directories in which code counts as the user's own.
        expression: Python code whose call makes the application, to show a failure's traceback.
    """

    label: str
    maker: object
    file: str | None
    roots: tuple[Path, ...]
    expression: str


def put_first(directory: Path) -> None:
    """Let modules of a directory be found before all others.

    A `twistd` installed by pip has its own directory at that place, not the working directory.

    Args:
        directory: Absolute path of the working directory.
    """
    text = str(directory)
    if text in sys.path:
        sys.path.remove(text)
    sys.path.insert(0, text)
    # Files written since the last look, as tests and generators do, must be seen.
    importlib.invalidate_caches()


def find(target: str, directory: Path) -> Found:
    """Find an application by dotted name or in a file.

    Args:
        target: `package.module.Name`, `module:Name`, or a path that ends in `.py`.
        directory: The working directory: relative paths start there.

    Returns:
        What was found, to be given to `make`.

    Raises:
        UsageProblem: If the name or the file does not exist.
        ApplicationProblem: If importing it fails, or a file holds no application.
    """
    return _in_file(target, directory) if target.endswith(".py") else _by_name(target, directory)


def _by_name(target: str, directory: Path) -> Found:
    parts = target.replace(":", ".", 1).split(".")
    if not all(part.isidentifier() for part in parts):
        raise UsageProblem(
            f"{target!r} is no dotted name: write it as in Python, for instance hello.Application."
        )
    module = _import(parts[0], (directory,))
    if module is None:
        raise UsageProblem(_no_module(parts[0], directory))
    thing: object = module
    for depth, part in enumerate(parts[1:], start=1):
        if _has(thing, part, directory):
            thing = getattr(thing, part)
        else:
            inner = _import(".".join(parts[: depth + 1]), (directory,)) if thing is module else None
            if inner is None:
                _refuse_shadow(parts[0], directory)
                raise UsageProblem(_no_attribute(".".join(parts[:depth]), part, thing, module))
            thing = inner
        if isinstance(thing, ModuleType):
            module = thing
    if thing is module:
        raise UsageProblem(
            f"{target} is a module, not an application: name one of its applications."
            + _known(module)
        )
    name = ".".join(parts)
    return Found(
        label=name,
        maker=thing,
        file=getattr(module, "__file__", None),
        roots=(directory,),
        expression=f"import {module.__name__}; {name}",
    )


def _has(thing: object, name: str, directory: Path) -> bool:
    """Tell whether there is such an attribute; a module that computes it may fail at that."""
    try:
        return hasattr(thing, name)
    except Exception as error:  # noqa: BLE001 -- the user's code
        owner = getattr(thing, "__name__", type(thing).__name__)
        raise ApplicationProblem(
            f"{owner}.{name} could not be looked up: {_named(error)}{_where(error, (directory,))}."
        ) from None


def _refuse_shadow(name: str, directory: Path) -> None:
    """Refuse a file that has the name of a module which was loaded before it.

    Raises:
        UsageProblem: If that is why the file's contents are not found.
    """
    file, loaded = directory / f"{name}.py", getattr(sys.modules[name], "__file__", None)
    if file.is_file() and loaded != str(file):
        raise UsageProblem(
            f"{name} is another module, loaded from {loaded}, and hides {file}: start that as "
            f"{name}.py in place of its dotted name, or rename it."
        )


def _no_module(name: str, directory: Path) -> str:
    here = [path.stem for path in directory.glob("*.py")]
    here += [path.parent.name for path in directory.glob("*/__init__.py")]
    return (
        f"There is no module {name} in {directory}, nor is one installed."
        f"{discovery.similar(name, here)} Start in the directory that holds {name}.py."
    )


def _no_attribute(owner: str, name: str, thing: object, module: ModuleType) -> str:
    public = [known for known in vars(module) if not known.startswith("_")]
    hint = discovery.similar(name, public) if thing is module else ""
    return f"{owner} has no {name}.{hint}{_known(module)}"


def _known(module: ModuleType) -> str:
    """List a module's applications, with a blank in front."""
    names = discovery.candidates(module)
    if not names:
        return f" {module.__name__} defines nothing that looks like an application."
    listed = ", ".join(f"{module.__name__}.{name}" for name in names)
    return f" It defines {listed}."


def _import(name: str, roots: tuple[Path, ...]) -> ModuleType | None:
    """Import a module.

    Args:
        name: Its dotted name.
        roots: Where the user's own code lies.

    Returns:
        The module, or None if there is none of that name.

    Raises:
        ApplicationProblem: If its code fails; a module missing inside it counts as that.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise _import_failed(name, error, roots, f'python -c "import {name}"') from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the user's code
        raise _import_failed(name, error, roots, f'python -c "import {name}"') from None


def _in_file(target: str, directory: Path) -> Found:
    path = (directory / target).resolve()
    if not path.is_file():
        here = [str(other.name) for other in path.parent.glob("*.py")]
        raise UsageProblem(
            f"There is no file {target} in {directory}.{discovery.similar(path.name, here)}"
        )
    roots = (directory, path.parent)
    module = _execute(path, roots)
    found = discovery.find_application(module)
    if found is None:
        names = discovery.candidates(module)
        hint = f" Or name it: --app={path.stem}.{names[0]}" if names else ""
        raise ApplicationProblem(
            f"No Application found in {_shown(path)}: add `Application = lambda: "
            f"cyclone.web.Application([...])` to it.{hint}"
        )
    name, maker, why = found
    label = f"{name} of {_shown(path)}"
    _log.info("{label} is started: {why}.", label=label, why=why)
    expression = f"import runpy; runpy.run_path({_shown(path)!r})[{name!r}]"
    return Found(label, maker, str(path), roots, expression)


def _execute(path: Path, roots: tuple[Path, ...]) -> ModuleType:
    """Load a file as the module that an `import` of its name would give."""
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    if loaded is not None:
        # The file is called like a module in use: it must not replace that one.
        name = f"cyclone_app_{path.stem}"
    # The file's neighbours are found, after the working directory, as `python FILE.py` finds them.
    if str(path.parent) not in sys.path:
        sys.path.insert(1, str(path.parent))
    loader = SourceFileLoader(name, str(path))
    spec = ModuleSpec(name, loader, origin=str(path))
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the user's code
        del sys.modules[name]
        raise _import_failed(_shown(path), error, roots, f"python {_shown(path)}") from None
    return module


def make(found: Found, argument: str | None, option: str = "appopts") -> "IProtocolFactory":
    """Make the factory: call the class or function, or take the instance as it is.

    Args:
        found: What `find` returned.
        argument: The one argument of the call, or None for none.
        option: The option that carried the argument, for messages.

    Returns:
        The factory that listens.

    Raises:
        UsageProblem: If an argument is given to an instance.
        ApplicationProblem: If the call fails or returns no factory.
    """
    maker = found.maker
    if discovery.is_factory(maker):
        if argument is not None:
            raise UsageProblem(
                f"--{option} is for an application that is made at the start, and {found.label} is "
                f"an instance already: make it a class or a function, or leave --{option} away."
            )
        return maker  # type: ignore[return-value]
    if not callable(maker):
        raise ApplicationProblem(_no_application(found.label, maker))
    try:
        made: object = maker() if argument is None else maker(argument)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- the user's code
        autoreload.watch_error(error)
        where = _where(error, found.roots) or (f" ({found.file})" if found.file else "")
        raise ApplicationProblem(
            f"{found.label} could not be made: {_named(error)}{where}. "
            f"`{_rerun(found, argument)}` shows the traceback."
        ) from None
    if not discovery.is_factory(made):
        raise ApplicationProblem(_no_application(f"{found.label}()", made))
    return made  # type: ignore[return-value]


def _rerun(found: Found, argument: str | None) -> str:
    """Write a shell command that makes the application as we did."""
    code = f"{found.expression}({'' if argument is None else repr(argument)})"
    # Double quotes are what every shell reads alike; they do not hold everything.
    quoted = shlex.quote(code) if set(code) & set('"$`\\!') else f'"{code}"'
    return f"python -c {quoted}"


def _no_application(label: str, thing: object) -> str:
    return (
        f"{label} is no application but of type {type(thing).__name__}: it must be a "
        "cyclone.web.Application, or a class or function that returns one."
    )


def _import_failed(
    name: str, error: BaseException, roots: tuple[Path, ...], rerun: str
) -> ApplicationProblem:
    autoreload.watch_error(error)
    return ApplicationProblem(
        f"{name} could not be imported: {_named(error)}{_where(error, roots)}. "
        f"`{rerun}` shows the traceback."
    )


def _named(error: BaseException) -> str:
    text = one_line(error.msg if isinstance(error, SyntaxError) else error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _where(error: BaseException, roots: tuple[Path, ...]) -> str:
    """Name file and line of the user's code that failed, in brackets, or nothing."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({_shown(Path(error.filename))}, line {error.lineno})"
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_own(Path(frame.filename), roots)
    ]
    return f" ({_shown(Path(own[-1].filename))}, line {own[-1].lineno})" if own else ""


def _is_own(path: Path, roots: tuple[Path, ...]) -> bool:
    # A virtual environment often lies inside the project.
    return "site-packages" not in path.parts and any(path.is_relative_to(root) for root in roots)


def _shown(path: Path) -> str:
    """Shorten a path that lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
