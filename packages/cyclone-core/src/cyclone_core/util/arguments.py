"""Reading and replacing one argument of a call, whichever way it was passed."""

from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from typing import Any, Final

__all__ = ["ArgReplacer"]

_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class ArgReplacer:
    """Finds an argument by its name, for decorators (Tornado: `util.ArgReplacer`).

    Attributes:
        name: The name of the argument.
        arg_pos: Its place among the positional ones, or None if it can be passed by name only.

    Example:
        >>> def fetch(url, callback=None): ...
        >>> callbacks = ArgReplacer(fetch, "callback")
        >>> callbacks.replace("new", ("http://a", "old"), {})
        ('old', ['http://a', 'new'], {})
        >>> callbacks.replace("new", ("http://a",), {})
        (None, ('http://a',), {'callback': 'new'})
    """

    def __init__(self, func: Callable[..., object], name: str) -> None:
        """Look at a function.

        Args:
            func: The function; methods that are bound have no `self`.
            name: The name of one of its arguments. One that only `**kwargs` would take is no error.

        Raises:
            TypeError: It is nothing that can be called.
            ValueError: It is built in and does not tell its arguments.
        """
        self.name = name
        names = [
            each.name for each in signature(func).parameters.values() if each.kind in _POSITIONAL
        ]
        self.arg_pos = names.index(name) if name in names else None

    def get_old_value(
        self,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        default: Any = None,  # noqa: ANN401 -- whatever the function takes
    ) -> Any:  # noqa: ANN401 -- likewise
        """Read the argument.

        Args:
            args: The positional arguments of a call.
            kwargs: Its other arguments.
            default: What is returned if it was not passed.

        Returns:
            Its value.
        """
        if self.arg_pos is not None and len(args) > self.arg_pos:
            return args[self.arg_pos]
        return kwargs.get(self.name, default)

    def replace(
        self,
        new_value: Any,  # noqa: ANN401 -- whatever the function takes
        args: Sequence[Any],
        kwargs: dict[str, Any],
    ) -> tuple[Any, Sequence[Any], dict[str, Any]]:
        """Replace the argument, or add it by name if it was not passed.

        Args:
            new_value: Its new value.
            args: The positional arguments of a call.
            kwargs: Its other arguments; changed in place.

        Returns:
            The old value or None, and the arguments for the call.
        """
        if self.arg_pos is not None and len(args) > self.arg_pos:
            changed = list(args)
            changed[self.arg_pos] = new_value
            return args[self.arg_pos], changed, kwargs
        old_value = kwargs.get(self.name)
        kwargs[self.name] = new_value
        return old_value, args, kwargs
