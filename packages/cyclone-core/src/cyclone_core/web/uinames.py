"""UI modules and methods by their names: those that an application has, and those of one request."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from cyclone_core.web.uimodules import BUILT_IN, UIModule

__all__ = ["ModuleNamespace", "load_ui_methods", "load_ui_modules"]


def load_ui_modules(value: object) -> dict[str, type[UIModule]]:
    """Find the UI modules of the setting `ui_modules`.

    Args:
        value: A Python module, a dict, or a list of those; None for none. Whatever in them is no class that
            derives from `UIModule` is passed over.

    Returns:
        The classes by name. `linkify`, `xsrf_form_html` and `Template` are there always.

    Raises:
        TypeError: It is something else.
    """
    own = {
        name: found
        for name, found in _entries("ui_modules", value)
        if isinstance(found, type) and issubclass(found, UIModule)
    }
    return {**BUILT_IN, **own}


def load_ui_methods(value: object) -> dict[str, Callable[..., Any]]:
    """Find the UI methods of the setting `ui_methods`.

    Args:
        value: A Python module, a dict, or a list of those; None for none. Whatever in them is no function,
            or has a name that begins with a capital letter or an underscore, is passed over.

    Returns:
        Functions by name. They get the handler first, and then what the template gives them.

    Raises:
        TypeError: It is something else.
    """
    return {
        name: found
        for name, found in _entries("ui_methods", value)
        if callable(found) and not name.startswith("_") and name[:1].lower() == name[:1]
    }


def _entries(setting: str, value: object) -> Iterable[tuple[str, object]]:
    if isinstance(value, ModuleType):
        return list(vars(value).items())
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return [entry for each in value for entry in _entries(setting, each)]
    if value is None:
        return []
    raise TypeError(
        f"setting {setting!r} is a Python module, a dict, or a list of those, not {value!r}"
    )


class ModuleNamespace:
    """The UI modules of one request: what `{% module %}` and `modules` in a template refer to."""

    _known: Iterable[str] = ()  # a copy asks for names before it has its own

    def __init__(self, call: Callable[..., Any], known: Iterable[str]) -> None:
        """Make the modules of a request.

        Args:
            call: Called with the name of a module and its arguments.
            known: The names.
        """
        self._call = call
        self._known = known

    def __getitem__(self, name: str) -> Callable[..., Any]:
        """Give a module, as a function; see `UIModule.render`.

        Args:
            name: Its name.

        Raises:
            KeyError: There is none.
        """
        if name not in self._known:
            raise KeyError(_unknown(name, self._known))
        return partial(self._call, name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Give a module, as a function; see `UIModule.render`.

        Args:
            name: Its name.

        Raises:
            AttributeError: There is none.
        """
        if name not in self._known:
            raise AttributeError(_unknown(name, self._known), name=name, obj=self)
        # Python does not ask again: a module may stand in each row of a table.
        function = vars(self)[name] = partial(self._call, name)
        return function


def _unknown(name: str, known: Iterable[str]) -> str:
    return (
        f"there is no UI module {name!r}: pass it to the application in the setting ui_modules; there are"
        f" {', '.join(known)}"
    )
