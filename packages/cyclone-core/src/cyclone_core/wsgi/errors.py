"""The `wsgi.errors` of an application: a text stream that ends in the log."""

import io
from collections.abc import Callable
from typing import Final

__all__ = ["ErrorStream"]

_LONGEST: Final = 64 * 1024


class ErrorStream(io.TextIOBase):
    """Collects what is written up to the end of a line, and logs it (PEP 3333).

    What is written at once is one entry, a traceback with all its lines for example.
    """

    def __init__(self, log: Callable[[str], object]) -> None:
        """Make a stream.

        Args:
            log: Is called with each entry, without its last line end, in the thread that has written.
        """
        super().__init__()
        self._log = log
        self._text = ""

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, text: str, /) -> int:
        """Add to the entry; at the end of a line it is logged.

        Args:
            text: The text.

        Returns:
            Its length.
        """
        self._text += text
        if text.endswith("\n") or len(self._text) > _LONGEST:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Log what was written since the last end of a line."""
        text, self._text = self._text.removesuffix("\n"), ""
        if text:
            self._log(text)
