"""Which object of a module is the application: the rules for `FILE.py`, and hints for a wrong name.

This module does not import the web framework. Whoever holds an `Application` has loaded it, so a
framework that is not in `sys.modules` means that no object here can be one.
"""

import difflib
import sys
from types import FunctionType, ModuleType

from twisted.internet.interfaces import IProtocolFactory

__all__ = ["candidates", "find_application", "is_factory", "similar"]

# Instances under these names are taken before other instances: the habit of many frameworks.
_INSTANCE_NAMES = ("application", "app")


def is_factory(thing: object) -> bool:
    """Tell whether a thing can be given to `listenTCP`.

    Args:
        thing: Any object.

    Returns:
        True for an instance that provides `IProtocolFactory` or has its methods.
    """
    if isinstance(thing, type):
        return False
    return bool(IProtocolFactory.providedBy(thing)) or _has_methods(thing)


def _has_methods(thing: object) -> bool:
    return all(callable(getattr(thing, name, None)) for name in ("buildProtocol", "doStart"))


def _framework() -> type | None:
    """Return the framework's `Application`, or None where nobody has loaded it."""
    base = getattr(sys.modules.get("cyclone_core.web"), "Application", None)
    return base if isinstance(base, type) else None


def find_application(module: ModuleType) -> tuple[str, object, str] | None:
    """Find the application of a file (cyclone 1.x: `twistd cyclone FILE.py`).

    The name `Application` wins, be it a class, a function or an instance. Then classes: those
    defined in the file before imported ones, the last in alphabetical order. Then an instance named
    `application` or `app`; then the only instance there is. The framework's own class, imported by
    name, has no pages and is never taken.

    Args:
        module: The loaded file.

    Returns:
        Name, object and the rule that chose it, or None.
    """
    names = vars(module)
    base = _framework()
    named = names.get("Application")
    if named is not None and named is not base and (callable(named) or is_factory(named)):
        return "Application", named, "the name Application wins"
    if base is not None:
        classes = [name for name, value in names.items() if _is_subclass(value, base)]
        own = [name for name in classes if names[name].__module__ == module.__name__]
        if classes:
            chosen = max(own or classes)
            return chosen, names[chosen], "the last Application class in alphabetical order"
    for name in _INSTANCE_NAMES:
        if is_factory(names.get(name)):
            return name, names[name], f"an application named {name}"
    instances = [name for name, value in names.items() if base and isinstance(value, base)]
    if len(instances) == 1:
        return instances[0], names[instances[0]], "the only Application instance"
    return None


def _is_subclass(value: object, base: type) -> bool:
    return isinstance(value, type) and issubclass(value, base) and value is not base


def candidates(module: ModuleType) -> list[str]:
    """List the names of a module that look like applications, for an error message.

    Args:
        module: The module that was named.

    Returns:
        Names of factories, of classes of factories, and of functions that seem to make one.
    """
    base = _framework()
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and value is not base and _looks_right(name, value, module)
    )


def _looks_right(name: str, value: object, module: ModuleType) -> bool:
    if isinstance(value, type):
        return value.__module__ == module.__name__ and _has_methods(value)
    if isinstance(value, FunctionType):
        return value.__module__ == module.__name__ and "app" in name.lower()
    return is_factory(value)


def similar(name: str, known: list[str]) -> str:
    """Suggest the name that was probably meant.

    Args:
        name: What was typed.
        known: What exists.

    Returns:
        " Did you mean ...?" with a blank in front, or an empty text.
    """
    close = difflib.get_close_matches(name, known, n=1)
    # Capitals are the commonest slip, and difflib counts each as a different letter.
    close = close or [other for other in known if other.lower() == name.lower()]
    return f" Did you mean {close[0]}?" if close else ""
