"""Routes that want a name and a password: Basic, and Digest as RFC 7616 describes it."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

from tornado.web import RequestHandler

from httpclient.servers.routes import Handler

__all__ = ["ROUTES"]

REALM = 'the "private" part'
ALGORITHMS: dict[str, Callable[[bytes], Any]] = {
    "MD5": hashlib.md5,
    "SHA-256": hashlib.sha256,
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data),
}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Basic(Handler):
    """Lets the name and the password of the path in, others not."""

    def answer(self, username: str, password: str) -> None:
        wanted = base64.b64encode(f"{username}:{password}".encode()).decode()
        if self.request.headers.get("Authorization") == f"Basic {wanted}":
            self.write({"user": username})
        else:
            self.set_status(401)
            self.set_header("WWW-Authenticate", 'Basic realm="private", charset="UTF-8"')
            self.write("who?")


class HiddenBasic(Basic):
    """Does the same without a challenge."""

    def answer(self, username: str, password: str) -> None:
        super().answer(username, password)
        if self.get_status() == 401:
            self.set_status(404)
            self.clear_header("WWW-Authenticate")


class Nonces:
    """The nonces that are out.

    Attributes:
        used: How often each was used.
        fresh: Those that were given for one that was stale.
        complaint: What was wrong with the last answer.
    """

    def __init__(self) -> None:
        self.used: dict[str, int] = {}
        self.fresh: set[str] = set()
        self.complaint = ""

    def new(self) -> str:
        """Make one."""
        nonce = secrets.token_urlsafe(16)
        self.used[nonce] = 0
        return nonce


class Digest(Handler):
    """Lets the name and the password of the path in, if they are proved by Digest.

    The query may say `stale` (once each nonce is refused as too old), `uses` (how often a nonce may be
    used), `userhash`, `next` (a `nextnonce` in each answer) and `also` (challenges besides).
    """

    def initialize(self, nonces: Nonces) -> None:
        """Keep what all requests share."""
        self._nonces = nonces

    def answer(self, qop: str, username: str, password: str, algorithm: str) -> None:
        self._qops = [] if qop == "none" else qop.split(",")
        self._algorithm = algorithm
        self._username, self._password = username, password
        given = self.request.headers.get("Authorization", "")
        scheme, _, words = given.partition(" ")
        if scheme.lower() != "digest":
            self._challenge(stale=False)
            return
        values = parse_keqv_list(parse_http_list(words))
        self._nonces.complaint = self._wrong(values, words)
        if self._nonces.complaint:
            self._challenge(stale=False)
        elif self._too_old(values):
            self._challenge(stale=True)
        else:
            self._welcome(values)

    def _hash(self, text: str) -> str:
        function = ALGORITHMS[self._algorithm.removesuffix("-sess")]
        digest: str = function(text.encode()).hexdigest()
        return digest

    def _wrong(self, values: dict[str, str], words: str) -> str:
        """Say what is wrong with an answer; nothing if it is right."""
        user = self._username
        if hashed := self.get_query_argument("userhash", ""):
            user = self._hash(f"{user}:{REALM}")
        extended = None if user.isascii() else f"UTF-8''{_percent(user)}"
        wanted = {
            "realm": REALM,
            "userhash": "true" if hashed else values.get("userhash"),
            "username": None if extended else user,
            "username*": extended,
            "uri": self.request.uri,
            "algorithm": self._algorithm if self._algorithm != "MD5" else values.get("algorithm"),
            "opaque": "b3BhcXVl",
        }
        wrong = [
            f"{name}={values.get(name)}" for name in wanted if values.get(name) != wanted[name]
        ]
        if values.get("nonce") not in self._nonces.used:
            wrong.append("unknown nonce")
        # RFC 7616, 3.4: these must not be quoted.
        wrong += [name for name in ("nc", "algorithm", "qop") if f'{name}="' in words]
        if not wrong and not hmac.compare_digest(self._proof(values), values["response"]):
            wrong.append("response")
        return ", ".join(wrong)

    def _proof(self, values: dict[str, str]) -> str:
        first = self._hash(f"{self._username}:{REALM}:{self._password}")
        if self._algorithm.endswith("-sess"):
            first = self._hash(f"{first}:{values['nonce']}:{values['cnonce']}")
        second = f"{self.request.method}:{self.request.uri}"
        qop = values.get("qop")
        if qop == "auth-int":
            body = self.request.body.decode("latin-1")
            second += (
                ":"
                + ALGORITHMS[self._algorithm.removesuffix("-sess")](
                    body.encode("latin-1")
                ).hexdigest()
            )
        if not self._qops:
            return self._hash(f"{first}:{values['nonce']}:{self._hash(second)}")
        if qop not in self._qops:
            return "no such qop"
        parts = (values["nonce"], values["nc"], values["cnonce"], qop)
        return self._hash(":".join([first, *parts, self._hash(second)]))

    def _too_old(self, values: dict[str, str]) -> bool:
        nonce = values["nonce"]
        uses = self._nonces.used[nonce]
        if self._qops and int(values["nc"], 16) != uses + 1:
            self._nonces.complaint = f"nc {values['nc']} after {uses} uses"
            return True
        self._nonces.used[nonce] += 1
        if self.get_query_argument("stale", "") and nonce not in self._nonces.fresh:
            return True
        return uses >= int(self.get_query_argument("uses", "1000000"))

    def _challenge(self, *, stale: bool) -> None:
        nonce = self._nonces.new()
        words = [f"realm={_quoted(REALM)}", f'nonce="{nonce}"', 'opaque="b3BhcXVl"']
        if self._algorithm != "MD5":
            words.append(f"algorithm={self._algorithm}")
        if self._qops:
            words.append(f'qop="{",".join(self._qops)}"')
        if self.get_query_argument("userhash", ""):
            words.append("userhash=true")
        if not self._username.isascii():
            words.append("charset=UTF-8")
        if stale:
            words.append("stale=true")
            self._nonces.fresh.add(nonce)
        self.set_status(401)
        for other in self.get_query_arguments("also"):
            self.add_header("WWW-Authenticate", other)
        self.add_header("WWW-Authenticate", "Digest " + ", ".join(words))
        self.write(f"who? {self._nonces.complaint}")

    def _welcome(self, values: dict[str, str]) -> None:
        if self.get_query_argument("next", ""):
            # The old one is good no more: only who reads this gets in without being asked.
            del self._nonces.used[values["nonce"]]
            following = self._nonces.new()
            self.set_header("Authentication-Info", f'nextnonce="{following}", qop=auth')
        self.write({"user": self._username, "nc": values.get("nc"), "qop": values.get("qop")})


def _percent(text: str) -> str:
    return "".join(
        chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"%{byte:02X}"
        for byte in text.encode()
    )


class Authorization(RequestHandler):
    """Tells which credentials came."""

    def get(self) -> None:
        """Answer."""
        self.write({"authorization": self.request.headers.get("Authorization")})


ROUTES: list[Any] = [
    ("/basic-auth/([^/]+)/([^/]+)", Basic),
    ("/hidden-basic-auth/([^/]+)/([^/]+)", HiddenBasic),
    ("/digest-auth/([^/]+)/([^/]+)/([^/]+)/([^/]+)", Digest, {"nonces": Nonces()}),
    ("/authorization", Authorization),
]
