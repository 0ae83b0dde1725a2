"""What the module raises if an option, a command line or a configuration is wrong.

ValueError
+-- Error                      anything wrong with an option
    +-- UnknownOptionError     nobody has defined it; an AttributeError, too
"""

__all__ = ["Error", "UnknownOptionError"]


class Error(ValueError):
    """An option is wrong: its definition, or what was given for it (Tornado: `options.Error`).

    The message says where the value was found, which option it is for, and what that one takes.

    Attributes:
        option: The name of the option, or None if the mistake is not about a known one.
        source: Where the mistake stands: `command line`, `environment variable PORT`, or
            `/etc/app.conf, line 3`; None for mistakes in the program's own calls.
    """

    def __init__(
        self, message: str, *, option: str | None = None, source: str | None = None
    ) -> None:
        """Make an error.

        Args:
            message: What is wrong, and what would be right.
            option: See the attribute.
            source: See the attribute; the message begins with it.
        """
        super().__init__(message if source is None else f"{source}: {message}")
        self.option = option
        self.source = source


class UnknownOptionError(Error, AttributeError):
    """Nobody has defined an option of that name."""
