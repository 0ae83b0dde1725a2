"""Classes of which a program chooses the implementation at run time."""

from typing import Any, Final, Self, cast
from weakref import WeakKeyDictionary

from cyclone_escape import import_object

__all__ = ["Configurable"]

_Configuration = tuple["type[Configurable] | None", dict[str, Any]]

# What was configured, by the class that `configurable_base` has named.
_configured: Final[WeakKeyDictionary[type, _Configuration]] = WeakKeyDictionary()


class Configurable:
    """The base of a class that stands for one of its subclasses (Tornado: `util.Configurable`).

    Making an object of the class gives one of the subclass that `configure` has named, or of the
    default one. A subclass has the class methods `configurable_base` and `configurable_default`, and
    `initialize` instead of `__init__`. A default may be configurable itself.

    In a program of your own prefer a function that makes the object: type checkers understand it.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:  # noqa: ANN401 -- the subclass's own
        """Make an object of the class that is configured.

        Args:
            args: For its `initialize`.
            kwargs: For its `initialize`; they win over those that `configure` was given.

        Returns:
            The object.
        """
        base = cls.configurable_base()
        chosen = cls
        if cls is base:
            kwargs = {**_configuration(base)[1], **kwargs}
            chosen = cast("type[Self]", base.configured_class())
            if chosen.configurable_base() is not base:
                return chosen(*args, **kwargs)
        made = super().__new__(chosen)
        made.initialize(*args, **kwargs)
        return made

    @classmethod
    def configurable_base(cls) -> "type[Configurable]":
        """Override to return the class whose implementation can be chosen: mostly the one it is in.

        Raises:
            NotImplementedError: It is not overridden.
        """
        raise NotImplementedError(
            f"{cls.__name__} must define the class method configurable_base()"
        )

    @classmethod
    def configurable_default(cls) -> "type[Configurable]":
        """Override to return the implementation that is taken if none is configured.

        Raises:
            NotImplementedError: It is not overridden.
        """
        raise NotImplementedError(
            f"{cls.__name__} must define the class method configurable_default()"
        )

    def initialize(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- the subclass's own
        """Override to take the arguments, instead of `__init__`.

        Args:
            args: As the class was called.
            kwargs: As the class was called, and as it was configured.

        Raises:
            TypeError: There are some, and it is not overridden.
        """
        if args or kwargs:
            raise TypeError(f"{type(self).__name__} has no initialize() that takes arguments")

    @classmethod
    def configure(
        cls,
        impl: "str | type[Configurable] | None",
        **kwargs: Any,  # noqa: ANN401 -- the subclass's own
    ) -> None:
        """Choose the implementation.

        Args:
            impl: A subclass or its dotted name; None for the default.
            kwargs: Arguments for all objects that are made without them.

        Raises:
            ValueError: It is no subclass of this class.
            ImportError: The dotted name leads nowhere.
        """
        found = import_object(impl) if isinstance(impl, str) else impl
        if found is not None and not (isinstance(found, type) and issubclass(found, cls)):
            raise ValueError(f"{found!r} is no subclass of {cls.__name__}: it cannot stand for it")
        _configured[cls.configurable_base()] = (found, kwargs)

    @classmethod
    def configured_class(cls) -> "type[Configurable]":
        """Tell which implementation is taken.

        Returns:
            The class.
        """
        base = cls.configurable_base()
        return _configuration(base)[0] or cls.configurable_default()

    @classmethod
    def _save_configuration(cls) -> _Configuration:
        """Remember the choice; tests use it."""
        return _configuration(cls.configurable_base())

    @classmethod
    def _restore_configuration(cls, saved: _Configuration) -> None:
        """Go back to a choice."""
        _configured[cls.configurable_base()] = saved


def _configuration(base: type[Configurable]) -> _Configuration:
    return _configured.get(base, (None, {}))
