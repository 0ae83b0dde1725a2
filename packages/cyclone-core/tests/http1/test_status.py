"""Status codes and reason phrases."""

import pytest

from cyclone_core.http1 import status


@pytest.mark.parametrize(
    ("code", "phrase"),
    [(200, "OK"), (413, "Content Too Large"), (422, "Unprocessable Content"), (299, "Unknown")],
)
def test_reason_phrases(code: int, phrase: str) -> None:
    """Registered codes have the names of RFC 9110 on every Python, others are Unknown."""
    assert status.reason_phrase(code) == phrase


@pytest.mark.parametrize(
    ("reason", "allowed"),
    [
        ("OK", True),
        ("", True),
        ("C'est \xe7a", True),
        ("a\tb", True),
        ("a\r\nb", False),
        ("a<b", False),
        ("\u20ac", False),
        ("\x7f", False),
    ],
)
def test_reasons_that_can_be_sent(reason: str, allowed: bool) -> None:
    """Only printable latin-1 without `<` is a reason phrase."""
    assert status.is_reason(reason) is allowed


@pytest.mark.parametrize(("code", "final"), [(199, False), (200, True), (599, True), (600, False)])
def test_final_codes(code: int, final: bool) -> None:
    """200 to 599 end a request."""
    assert status.is_final(code) is final
