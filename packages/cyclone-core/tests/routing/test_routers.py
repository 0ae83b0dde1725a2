"""Routers: by themselves, in each other, and served."""

import functools
from collections.abc import Iterable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection

from cyclone_core.httpserver import HTTPServer
from cyclone_core.httputil import HTTPHeaders, HTTPServerRequest
from cyclone_core.routing import (
    AnyMatches,
    HostMatches,
    Matcher,
    PathMatches,
    ReversibleRouter,
    ReversibleRuleRouter,
    Router,
    Rule,
    RuleRouter,
    Target,
    URLReverseError,
)
from cyclone_core.routing.targets import Match, takes_request
from cyclone_core.web import Application, RequestHandler


class Named(RequestHandler):
    """Says its name and what it got."""

    def initialize(self, name: str = "") -> None:  # type: ignore[override]
        """Take a name."""
        self.name = name

    def get(self, *args: str, **kwargs: str) -> None:
        """Say all."""
        self.write(f"{self.name} {args} {kwargs}")

    def post(self) -> None:
        """Say what was sent."""
        self.write(f"{self.name} got {len(self.request.body)}")


def say(text: str, request: HTTPServerRequest) -> None:
    """Answer a request without the framework."""
    assert request.connection is not None
    body = f"{text} {request.body.decode()}".encode()
    request.connection.respond(200, "OK", HTTPHeaders(), body)


def saying(text: str) -> Any:  # noqa: ANN401 -- a function of a request
    """Make a target that answers with a text."""
    return functools.partial(say, text)


def serve(router: Any, data: bytes, **options: Any) -> bytes:  # noqa: ANN401 -- whatever can be served
    """Send bytes to a router behind a server, and return what comes back."""
    server = HTTPServer(router, reactor=cast("Any", MemoryReactorClock()), **options)
    protocol = server.buildProtocol(None)  # type: ignore[arg-type]
    assert protocol is not None
    transport = StringTransportWithDisconnection()
    transport.protocol = protocol
    protocol.makeConnection(transport)
    protocol.dataReceived(data)
    return transport.value()


def get(router: Any, path: str, host: str = "x") -> bytes:  # noqa: ANN401 -- as above
    """Send GET, and return the last line of the answer."""
    sent = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    return serve(router, sent).rpartition(b"\r\n")[2]


def test_function_target() -> None:
    """A rule may lead to a function that takes complete requests."""
    router = RuleRouter([("/a", saying("a")), (AnyMatches(), saying("any"))])
    assert get(router, "/a") == b"a "
    assert get(router, "/b") == b"any "


def test_rule_without_target() -> None:
    """A rule without a target has a name and answers nothing: the next one counts."""
    router = ReversibleRuleRouter([("/a", None, {}, "a"), ("/a", saying("next"))])
    assert get(router, "/a") == b"next "
    assert router.reverse_url("a") == "/a"


def test_function_gets_the_body() -> None:
    """A function gets a request with its body; a body that is no good is refused before."""
    router = RuleRouter([("/a", saying("a"))])
    head = b"POST /a HTTP/1.1\r\nHost: x\r\n"
    assert serve(router, head + b"Content-Length: 2\r\n\r\nhi").endswith(b"a hi")
    coded = head + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi"
    answer = serve(router, coded, decompress_request=True)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nDate: " in answer


def test_not_found() -> None:
    """A router that finds nothing answers 404, with and without a body, whatever that is."""
    router = RuleRouter([("/a", saying("a"))])
    assert b"404: Not Found" in get(router, "/b")
    sent = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    assert serve(router, sent).startswith(b"HTTP/1.1 404 Not Found\r\nServer: cyclone\r\n")
    coded = sent.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    answer = serve(router, coded, decompress_request=True)
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")


def test_applications_by_path_and_host() -> None:
    """Applications may be the targets of rules, also for requests with bodies."""
    one = Application([("/one/(.*)", Named, {"name": "one"})])
    two = Application([("/.*", Named, {"name": "two"})])
    router = RuleRouter([(PathMatches("/one.*"), one), Rule(HostMatches("two"), two)])
    assert get(router, "/one/x") == b"one ('x',) {}"
    assert get(router, "/", "two") == b"two () {}"
    assert b"404" in get(router, "/", "three")
    sent = b"POST / HTTP/1.1\r\nHost: two\r\nContent-Length: 2\r\n\r\nhi"
    assert serve(router, sent).endswith(b"two got 2")


def test_nested_lists() -> None:
    """A list of rules as a target is a router of its own; if it finds nothing, the next rule counts."""
    router = RuleRouter(
        [(HostMatches("x"), [("/a", saying("inner"))]), ("/a", saying("a")), ("/b", saying("b"))]
    )
    assert get(router, "/a") == b"inner "
    assert get(router, "/a", "y") == b"a "
    assert get(router, "/b") == b"b "


def test_custom_router_and_matcher() -> None:
    """Routers and matchers of one's own decide by whatever they like."""

    class Versions(Matcher):
        def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
            version = request.headers.get("X-Version")
            return None if version is None else {"path_args": [version]}

    class Choose(Router):
        def __init__(self, application: Application) -> None:
            self.application = application

        def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Target | None:  # noqa: ANN401
            return self.application.get_handler_delegate(
                request, Named, {"name": "chosen"}, kwargs["path_args"]
            )

    router = RuleRouter([(Versions(), Choose(Application()))])
    head = b"GET / HTTP/1.1\r\nHost: x\r\n"
    assert serve(router, head + b"X-Version: 2\r\n\r\n").endswith(b"chosen ('2',) {}")
    assert b"404" in serve(router, head + b"\r\n")


def test_abstract_routers() -> None:
    """A router must say what it finds."""
    request = HTTPServerRequest("GET", "/")
    with pytest.raises(NotImplementedError, match="Router does not define find_handler"):
        Router().find_handler(request)
    with pytest.raises(NotImplementedError, match="ReversibleRouter does not define reverse_url"):
        ReversibleRouter().reverse_url("x")


def test_handler_class_needs_an_application() -> None:
    """A plain router cannot run a request handler, and says who can."""
    router = RuleRouter([("/", Named)])
    with pytest.raises(TypeError, match="need an Application around them"):
        router.find_handler(HTTPServerRequest("GET", "/"))


# Changing rules.


def test_rules_can_be_changed() -> None:
    """Rules may be added, replaced and removed at any time, as in a list."""
    router = RuleRouter([("/a", saying("1")), ("/b", saying("b"))])
    assert get(router, "/a") == b"1 "
    router.rules[0] = ("/a", saying("2"))  # type: ignore[call-overload]
    assert get(router, "/a") == b"2 "
    router.rules.insert(0, Rule(PathMatches("/.*"), saying("3")))
    assert get(router, "/a") == b"3 "
    del router.rules[0]
    assert get(router, "/a") == b"2 "
    router.rules[:] = [("/c", saying("c"))]  # type: ignore[list-item]
    assert b"404" in get(router, "/a")
    assert get(router, "/c") == b"c "
    router.add_rules([("/d", saying("d"))])
    assert get(router, "/d") == b"d "
    assert len(router.rules) == 2
    assert [type(rule) for rule in router.rules[0:1]] == [type(router.rules[0])]
    assert repr(router.rules).startswith("[URLSpec('/c$'")


def test_malformed_rule() -> None:
    """A malformed rule is an error when it is added, and shown."""
    with pytest.raises(ValueError, match="a route is"):
        RuleRouter([("/a",)])


class Even(Matcher):
    """Matches paths of even length."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Match."""
        return None if len(request.path) % 2 else {}


MATCHERS = st.sampled_from(
    ["/a", "/b", "/.", "/.*", r"/a\.b", "/(.)", "even", "host", "other", "none"]
)


def make_rules(kinds: list[str]) -> list[Rule]:
    """Make rules of every kind; each leads to a function of its own."""
    made = []
    for kind in kinds:
        matcher: Matcher = PathMatches(kind)
        if kind == "even":
            matcher = Even()
        elif kind in ("host", "other"):
            matcher = HostMatches(kind)
        # A router that finds nothing lets the next rule have its turn.
        target: Any = [] if kind == "none" else saying(kind)
        made.append(Rule(AnyMatches() if kind == "none" else matcher, target))
    return made


@given(st.lists(MATCHERS), st.sampled_from(["/a", "/b", "/a.b", "/axb", "/", "/abc"]))
def test_index_agrees_with_a_plain_loop(kinds: list[str], path: str) -> None:
    """Whatever stands in the dict, the answer is that of trying all rules in their order."""
    router = RuleRouter(make_rules(kinds))
    request = HTTPServerRequest("GET", path, host="host")
    wanted = None
    for rule in router.rules:
        if rule.matcher.match(request) is not None and not isinstance(rule.target, RuleRouter):
            wanted = rule.target
            break
    found = router.find_handler(request)
    assert (None if found is None else cast("Any", found)._function) is wanted


# Names.


def reverse(router: ReversibleRouter, names: Iterable[str]) -> list[str | None]:
    """Reverse names that have no arguments."""
    return [router.reverse_url(name) for name in names]


def test_reverse_url(caplog: pytest.LogCaptureFixture) -> None:
    """Names are found here and in nested routers and applications, the first one that has it."""
    del caplog
    application = Application([("/application", Named, {}, "application")])
    router = ReversibleRuleRouter(
        [
            ("/a/(.*)", saying("a"), {}, "a"),
            (AnyMatches(), [("/inner", saying("i"), {}, "inner")]),
            (HostMatches("www"), application),
            (HostMatches("old"), RuleRouter([("/plain", saying("p"))])),
        ]
    )
    assert router.reverse_url("a", "x y", q=1) == "/a/x%20y?q=1"
    assert reverse(router, ["inner", "unknown"]) == ["/inner", None]
    with pytest.raises(KeyError, match="no route has the name 'unknown'"):
        application.reverse_url("unknown")
    assert application.reverse_url("application") == "/application"


def test_reverse_url_without_path() -> None:
    """A named rule that does not look at paths has no URL, which is an error."""
    router = ReversibleRuleRouter([Rule(AnyMatches(), saying("x"), name="x")])
    with pytest.raises(URLReverseError, match="the rule 'x' does not look at paths"):
        router.reverse_url("x")


# Targets.


class Taking:
    """Callables of several kinds."""

    def one(self, request: object) -> None:
        """Take a request."""

    def two(self, application: object, request: object) -> None:
        """Take what a handler's constructor takes."""

    def many(self, *args: object) -> None:
        """Take anything."""

    def keywords(self, request: object, **kwargs: object) -> None:
        """Take a request and keywords."""


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (Taking().one, True),
        (Taking().keywords, True),
        (Taking().two, False),
        (Taking().many, False),
        (Taking, False),
        ([], False),
        (saying("x"), True),
        (max, True),
    ],
)
def test_takes_request(target: object, wanted: bool) -> None:
    """A function of one argument answers requests; what takes two makes handlers."""
    assert takes_request(target) is wanted


def test_request_without_connection() -> None:
    """A request that was made by hand has nobody to answer, which is no error where nothing is found."""
    RuleRouter()(HTTPServerRequest("GET", "/"))


def test_match() -> None:
    """A match says which handler class answers, and asks its application to run it."""
    match = Application([("/(.)", Named, {"name": "x"})]).find_handler(
        HTTPServerRequest("GET", "/a")
    )
    assert isinstance(match, Match)
    assert (match.handler_class, match.kwargs, match.args) == (Named, {"name": "x"}, (b"a",))
    assert match.named == {}
