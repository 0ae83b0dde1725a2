"""Answers with small files that are kept."""

import datetime as dt

import pytest

from cyclone_core.web.files import answers as fileanswers
from cyclone_core.web.files.answers import AnswerKey, FileAnswer, FileAnswers


def key(path: str) -> AnswerKey:
    """Say what an answer depends on."""
    return (object, "/root", None, f"/static/{path}", path)


def answer(content: bytes) -> FileAnswer:
    """Make an answer."""
    modified = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return FileAnswer(1.0, (1, 2, 3, 4), "/srv/a", "/srv/a", modified, {}, content)


def test_kept() -> None:
    """An answer is found again, and a newer one takes its place."""
    answers = FileAnswers()
    answers.keep(key("a"), answer(b"one"))
    answers.keep(key("a"), answer(b"three"))
    assert answers[key("a")].content == b"three"
    assert (len(answers), answers.size) == (1, 5)


@pytest.mark.parametrize(("most", "size"), [(3, 10**6), (100, 250)])
def test_bound(monkeypatch: pytest.MonkeyPatch, most: int, size: int) -> None:
    """Neither more answers nor more bytes are kept than makes sense; the last one always is."""
    monkeypatch.setattr(fileanswers, "_MOST_KEPT", most)
    monkeypatch.setattr(fileanswers, "_MOST_BYTES", size)
    answers = FileAnswers()
    for number in range(10):
        answers.keep(key(str(number)), answer(b"x" * 100))
        assert len(answers) <= most
        assert answers.size == 100 * len(answers) <= size
        assert key(str(number)) in answers


def test_forgotten() -> None:
    """All can be forgotten."""
    answers = FileAnswers()
    answers.keep(key("a"), answer(b"one"))
    answers.forget()
    assert (len(answers), answers.size) == (0, 0)
