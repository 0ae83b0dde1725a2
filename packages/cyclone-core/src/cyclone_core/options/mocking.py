"""`options.mockable()`: what `unittest.mock.patch.object` can set and undo."""

from typing import TYPE_CHECKING, Any

from cyclone_core.options.errors import Error

if TYPE_CHECKING:
    from cyclone_core.options.parser import OptionParser

__all__ = ["Mockable"]


class Mockable:
    """Sets options, and gives them their former value if the attribute is deleted.

    `patch.object` deletes, rather than sets, what it has found anywhere but in the object's `__dict__`.
    """

    def __init__(self, options: "OptionParser") -> None:
        """Wrap a parser.

        Args:
            options: The parser.
        """
        vars(self).update(_options=options, _originals={})

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- of any type
        """Read an option, or whatever else the parser has."""
        return getattr(vars(self)["_options"], name)

    def __setattr__(self, name: str, value: object) -> None:
        """Set an option, once.

        Raises:
            Error: It was set through this object already, and not restored since.
        """
        state = vars(self)
        if name in state["_originals"]:
            raise Error(
                f"option {name!r} is patched already by this object: call mockable() for each patch",
                option=name,
            )
        original = getattr(state["_options"], name)
        setattr(state["_options"], name, value)
        state["_originals"][name] = original

    def __delattr__(self, name: str) -> None:
        """Give an option the value that it had before it was set through this object.

        Raises:
            Error: It was not.
        """
        state = vars(self)
        if name not in state["_originals"]:
            raise Error(f"option {name!r} was not set through this object", option=name)
        setattr(state["_options"], name, state["_originals"].pop(name))
