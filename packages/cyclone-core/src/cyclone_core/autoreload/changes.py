"""When a change is one to act on: nothing more changes, and Python can read what did."""

from typing import Final, NamedTuple

from cyclone_core.autoreload.files import WatchedFiles, problem_in

__all__ = ["SETTLING", "Changes", "Look"]

SETTLING: Final = 0.1
"""Seconds without another change after which a change counts: editors save files one by one."""


class Look(NamedTuple):
    """What a look at the files has shown.

    Attributes:
        settling: Whether something has changed just now: look again after `SETTLING`.
        restart: The files that have changed since the program began, if it is to be started again.
        problems: What keeps it from that: files that Python cannot read, told once for each change.
    """

    settling: bool = False
    restart: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


class Changes:
    """Collects the changes of files.

    Args:
        files: The files.
    """

    def __init__(self, files: WatchedFiles) -> None:
        self._files = files
        self._unsettled: set[str] = set()
        # Not applied yet. A file that was broken before another one changed is broken still.
        self._pending: set[str] = set()

    def look(self) -> Look:
        """Look at the files once more.

        Returns:
            What has become of them since the last look.
        """
        found = self._files.changed()
        if found:
            self._unsettled |= found
            return Look(settling=True)
        if not self._unsettled:
            return Look()
        self._pending |= self._unsettled
        self._unsettled = set()
        paths = tuple(sorted(self._pending))
        problems = tuple([problem for path in paths if (problem := problem_in(path))])
        return Look(problems=problems) if problems else Look(restart=paths)
