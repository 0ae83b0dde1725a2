"""Objects: a dictionary whose items can be read and written as attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from typing import Any, Self

    from typing_extensions import TypeVar as TypeVarWithDefault

    V = TypeVarWithDefault("V", default=Any)
else:
    V = TypeVar("V")

__all__ = ["ObjectDict"]


class ObjectDict(dict[str, V]):
    """A ``dict`` with attribute access: ``settings.debug`` is ``settings["debug"]``.

    It is a ``dict`` in every other respect: it compares, prints, pickles, copies and turns into
    JSON like one, and a pickled, copied or deep-copied ``ObjectDict`` is an ``ObjectDict`` again.

    Two kinds of keys are reached by item only: those named as a method of ``dict`` (``items``,
    ``copy`` ...), and those with two underscores on both sides. The latter are Python's own: were
    they read from the data, a key named ``__deepcopy__`` or ``__html__`` in somebody's JSON could
    take part in how the object is copied or shown. (Tornado and cyclone 1.x do read them.)

    The class is generic over its values: ``ObjectDict[int]``; without a parameter they are ``Any``.

    Source: ``ObjectDict`` of ``tornado.util`` and ``cyclone.util``.

    Example:
        >>> person = ObjectDict(name="Ada")
        >>> person.born = 1815
        >>> person
        {'name': 'Ada', 'born': 1815}
    """

    def __getattr__(self, name: str) -> V:
        """Read an item. Python asks here only for names that the class does not have.

        Args:
            name: The key.

        Returns:
            The item.

        Raises:
            AttributeError: There is no such item.
        """
        if not _is_special(name):
            try:
                return self[name]
            except KeyError:
                pass
        raise AttributeError(
            f"{type(self).__name__} has no key or attribute {name!r}", name=name, obj=self
        )

    def __setattr__(self, name: str, value: V) -> None:
        """Write an item.

        Args:
            name: The key.
            value: The item.

        Raises:
            AttributeError: The name has two underscores on both sides.
        """
        if _is_special(name):
            raise AttributeError(
                f"{name!r} is a name of Python's own: to store it as data write "
                f"{type(self).__name__.lower()}[{name!r}] = ...",
                name=name,
                obj=self,
            )
        self[name] = value

    def __delattr__(self, name: str) -> None:
        """Delete an item.

        Args:
            name: The key.

        Raises:
            AttributeError: There is no such item.
        """
        if _is_special(name) or name not in self:
            raise AttributeError(
                f"{type(self).__name__} has no key {name!r} to delete", name=name, obj=self
            )
        del self[name]

    def copy(self) -> Self:
        """Make a shallow copy that has attribute access too.

        Returns:
            A new object of the same class with the same items.
        """
        return type(self)(self)


def _is_special(name: str) -> bool:
    """Tell whether a name is one that Python reserves for itself."""
    return name.startswith("__") and name.endswith("__")
