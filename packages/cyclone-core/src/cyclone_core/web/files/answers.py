"""Answers with small files, which are kept while their files are the same."""

import datetime as dt
from typing import Final, NamedTuple

from cyclone_core.web.files.facts import Identity

__all__ = ["AnswerKey", "FileAnswer", "FileAnswers"]

_MOST_KEPT: Final = 1024
_MOST_BYTES: Final = 4 * 1024 * 1024

AnswerKey = tuple[type, str, str | None, str, str]
"""What an answer depends on: handler class, directory, default file, path of the URL, path of the file."""


class FileAnswer(NamedTuple):
    """The answer to a plain request for a small file.

    Attributes:
        until: For how long it holds, in seconds of `time.monotonic()`.
        identity: Of which file.
        asked: The path that was opened.
        path: Where the file is.
        modified: When it was modified.
        headers: What the head says of it.
        content: What is in it.
    """

    until: float
    identity: Identity
    asked: str
    path: str
    modified: dt.datetime
    headers: dict[str, str]
    content: bytes


class FileAnswers(dict[AnswerKey, FileAnswer]):
    """The answers that are kept.

    Attributes:
        size: Bytes of files in them.
    """

    size = 0

    def keep(self, key: AnswerKey, answer: FileAnswer) -> None:
        """Keep an answer; if they are too many or too large, forget the others.

        Args:
            key: What it depends on.
            answer: The answer.
        """
        replaced = self.pop(key, None)
        self.size += len(answer.content) - (len(replaced.content) if replaced else 0)
        if len(self) >= _MOST_KEPT or self.size > _MOST_BYTES:
            self.clear()  # it is filled again in a second
            self.size = len(answer.content)
        self[key] = answer

    def forget(self) -> None:
        """Forget all."""
        self.clear()
        self.size = 0
