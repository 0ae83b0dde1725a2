"""The error page of a request that never reaches the application."""

from cyclone_core.httpserver.refusal import error_answer


def test_the_page_says_the_status_alone() -> None:
    """Nothing of the request is in it, so nothing can be injected."""
    status, reason, headers, body = error_answer(414, "cyclone", "now")
    assert (status, reason) == (414, "URI Too Long")
    assert body == (b"<html><title>414: URI Too Long</title><body>414: URI Too Long</body></html>")
    assert list(headers) == ["Server", "Content-Type", "Date"]


def test_the_server_need_not_be_named() -> None:
    """An empty server header is none, here as in all other answers."""
    assert "Server" not in error_answer(400, "", "now")[2]
