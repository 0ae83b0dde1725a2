"""What cyclone's documents tell of and show no code of: long polling, UI modules, and both in one chat."""

import http.client
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import pytest
from documented_blocks import DOCUMENTED, listens
from startup_processes import PATIENCE, Launcher, free_port, until


class Page:
    """An answer, its body included.

    Args:
        answer: The answer.
    """

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.text = answer.read().decode()


class Browser:
    """Somebody who chats: has cookies, and a connection for each request.

    Args:
        port: The server's port.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._cookies: dict[str, str] = {}

    @contextmanager
    def asking(self, method: str, path: str, **form: str) -> Iterator[http.client.HTTPConnection]:
        """Send a request, and leave when the block ends."""
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        if form:
            form["_xsrf"] = self._cookies.get("_xsrf", "")
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, PATIENCE)) as client:
            client.request(method, path, urlencode(form), headers)
            yield client

    def answer(self, client: http.client.HTTPConnection) -> Page:
        """Wait for the answer to a request."""
        page = Page(client.getresponse())
        for line in page.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return page

    def ask(self, method: str, path: str, **form: str) -> Page:
        """Send a request and wait for its answer."""
        with self.asking(method, path, **form) as client:
            return self.answer(client)

    def waiting(self) -> int:
        """Return how many pages wait, as the index says."""
        found = re.search(r"pages that wait for news: (\d+)", self.ask("GET", "/").text)
        assert found is not None
        return int(found[1])


@pytest.fixture
def chat(launch: Launcher) -> int:
    """The port of the chat."""
    shutil.copytree(DOCUMENTED / "chat", launch.directory, dirs_exist_ok=True)
    port = free_port()
    process = launch.start("twistd", "-n", "cyclone", "-r", "chat.Application", f"-p{port}")
    listens(process, port)
    return port


def signed_in(port: int, name: str) -> Browser:
    """Sign in with a name."""
    browser = Browser(port)
    assert browser.ask("GET", "/").headers["Location"] == "/login?next=%2F"
    assert "<form" in browser.ask("GET", "/login").text
    assert browser.ask("POST", "/login", name=name).headers["Location"] == "/"
    return browser


def test_long_polling(chat: int) -> None:
    """A request waits until somebody says something; who has left is forgotten."""
    ana, bob = signed_in(chat, "Ana"), signed_in(chat, "Bob")
    assert "Nobody has said anything yet." in ana.ask("GET", "/").text
    line = '<li data-number="1"><span class="author">Bob</span>&lt;hello&gt;</li>'
    with (
        ana.asking("POST", "/updates", since="0") as hers,
        bob.asking("POST", "/updates", since="0") as his,
    ):
        with bob.asking("POST", "/updates", since="0"):
            until("three that wait", lambda: ana.waiting() == 3)
        until("one who has left", lambda: ana.waiting() == 2)
        assert bob.ask("POST", "/say", text="<hello>").headers["Location"] == "/"
        assert ana.answer(hers).text.strip() == bob.answer(his).text.strip() == line
    assert ana.waiting() == 0
    assert ana.ask("POST", "/updates", since="0").text.strip() == line
    assert ana.ask("POST", "/updates", since="x").status == 400
    stranger = Browser(chat)
    assert stranger.ask("POST", "/updates", since="0").status == 403


def test_ui_modules(chat: int) -> None:
    """However many lines a page shows, their style is in its head and their script at its end, once."""
    ana = signed_in(chat, "Ana")
    for text in ("one", "two"):
        ana.ask("POST", "/say", text=text)
    page = ana.ask("GET", "/").text
    head, body = page.split("</head>")
    assert re.findall(r"</span>(\w+)</li>", body) == ["one", "two"]
    assert head.count(".author { font-weight: bold; }") == 1
    assert page.count(".author {") == 1
    (script,) = re.findall(r'<script src="(/static/chat\.js\?v=\w+)"', page)
    assert body.index("<script") > body.index("</form>")
    answer = ana.ask("GET", script)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/javascript")
    assert "max-age=" in answer.headers["Cache-Control"]
