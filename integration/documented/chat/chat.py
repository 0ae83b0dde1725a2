"""A chat room in the browser over long polling.

Run it in this folder: twistd -n cyclone -r chat.Application

The page asks `/updates` for what is new. While there is nothing, that request stays open; a message
answers the requests of everybody who is here, and their pages ask again.
"""

import itertools
import secrets
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

import cyclone.escape
import cyclone.web

HERE = Path(__file__).resolve().parent
KEPT = 100


class Message(NamedTuple):
    """What somebody has said."""

    number: int
    author: str
    text: str


class Room:
    """The last messages, and the requests that wait for the next one."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque(maxlen=KEPT)
        self.waiting: set[Updates] = set()
        self._numbers = itertools.count(1)

    def since(self, number: int) -> list[Message]:
        """Return the messages behind a number."""
        return [message for message in self.messages if message.number > number]

    def say(self, author: str, text: str) -> None:
        """Add a message and tell all who wait."""
        message = Message(next(self._numbers), author, text)
        self.messages.append(message)
        waiting, self.waiting = self.waiting, set()
        for handler in waiting:
            handler.tell([message])


class BaseHandler(cyclone.web.RequestHandler):
    """Knows the user and the room."""

    @property
    def room(self) -> Room:
        """The one room."""
        room: Room = self.settings.room
        return room

    def get_current_user(self) -> str | None:
        """Return the name in the cookie."""
        name = self.get_secure_cookie("user")
        return cyclone.escape.to_unicode(name) if name else None


class Index(BaseHandler):
    """The page."""

    @cyclone.web.authenticated
    def get(self) -> None:
        """Show what was said, and a form."""
        self.render("index.html", messages=list(self.room.messages), here=len(self.room.waiting))


class Login(BaseHandler):
    """Asks for a name."""

    def get(self) -> None:
        """Show the form."""
        self.render("login.html")

    def post(self) -> None:
        """Take the name."""
        self.set_secure_cookie("user", self.get_argument("name"))
        self.redirect("/")


class Say(BaseHandler):
    """Takes a message."""

    @cyclone.web.authenticated
    def post(self) -> None:
        """Tell it to everybody."""
        self.room.say(self.current_user, self.get_argument("text"))
        if not self.request.headers.get("X-Requested-With"):
            self.redirect("/")  # a browser without scripts


class Updates(BaseHandler):
    """Answers when there is something new."""

    @cyclone.web.authenticated
    @cyclone.web.asynchronous
    def post(self) -> None:
        """Answer at once with what is new already, or wait."""
        since = self.get_argument("since")
        if not since.isdecimal():
            raise cyclone.web.HTTPError(400, "since is no number")
        news = self.room.since(int(since))
        if news:
            self.tell(news)
        else:
            self.room.waiting.add(self)

    def on_connection_close(self) -> None:
        """Forget who has left."""
        self.room.waiting.discard(self)

    def tell(self, news: list[Message]) -> None:
        """Answer with the lines that are new."""
        self.render("news.html", messages=news)


class Line(cyclone.web.UIModule):
    """A message as it is shown: `{% module Line(message) %}`."""

    def render(self, message: Message) -> object:
        """Show it."""
        return self.render_string("message.html", message=message)

    def embedded_css(self) -> str:
        """Tell how it looks."""
        return ".author { font-weight: bold; } .author::after { content: ': '; }"

    def javascript_files(self) -> str:
        """Name the script that asks for more of them."""
        return "chat.js"


class Application(cyclone.web.Application):
    """The chat."""

    def __init__(self) -> None:
        handlers = [
            (r"/", Index),
            (r"/login", Login),
            (r"/say", Say),
            (r"/updates", Updates),
        ]
        settings: dict[str, Any] = {
            "room": Room(),
            "ui_modules": {"Line": Line},
            "cookie_secret": secrets.token_bytes(32),
            "login_url": "/login",
            "xsrf_cookies": True,
            "template_path": str(HERE / "templates"),
            "static_path": str(HERE / "static"),
        }
        cyclone.web.Application.__init__(self, handlers, **settings)
