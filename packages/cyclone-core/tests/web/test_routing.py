"""Patterns, the order of routes, and what a malformed route says."""

import random
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, RequestHandler, URLSpec, url
from cyclone_core.web.routing import ApplicationRouter

if TYPE_CHECKING:
    from cyclone_core.routing import Match

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Show(RequestHandler):
    """Shows what its route gave it."""

    def initialize(self, name: str = "") -> None:  # type: ignore[override]
        """Take a name."""
        self.name = name

    def get(self, *args: str | None, **kwargs: str | None) -> None:
        """Show all."""
        self.write({"name": self.name, "args": list(args), "kwargs": kwargs})


def names(table: ApplicationRouter, *paths: str) -> list[str | None]:
    """The names of the routes that are found for these paths."""
    found = [cast("Match | None", table.find_handler(HTTPServerRequest("GET", p))) for p in paths]
    return [None if match is None else match.kwargs["name"] for match in found]


def make_table(*routes: Any) -> ApplicationRouter:  # noqa: ANN401 -- anything may be tried as a route
    """A table of routes."""
    return ApplicationRouter(Application(), routes)


def table_of(*patterns: str) -> ApplicationRouter:
    """A table of these patterns, of which each is the name of its route."""
    return make_table(*[(pattern, Show, {"name": pattern}) for pattern in patterns])


# Groups.


def test_unnamed_groups(serve: Serve) -> None:
    """Unnamed groups are positional arguments; one that took no part is None."""
    server = serve([(r"/a/(\d+)(?:/(\w+))?", Show)])
    assert server.ask("/a/1/b").text == '{"name": "", "args": ["1", "b"], "kwargs": {}}'
    assert server.ask("/a/1").text == '{"name": "", "args": ["1", null], "kwargs": {}}'


def test_named_groups(serve: Serve) -> None:
    """Named groups are keyword arguments; one that took no part is None."""
    server = serve([(r"/a/(?P<x>\d+)(?:/(?P<y>\w+))?", Show)])
    assert server.ask("/a/1").text == '{"name": "", "args": [], "kwargs": {"x": "1", "y": null}}'


@pytest.mark.parametrize(
    ("sent", "decoded"),
    [
        ("a%20b", "a b"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("a%2Fb", "a/b"),
        ("%C3%A9", "é"),
        ("%", "%"),
        ("%zz", "%zz"),
        ("%2500", "%00"),
        ("a&b=c;d", "a&b=c;d"),
        ("", ""),
    ],
)
def test_groups_are_decoded(serve: Serve, sent: str, decoded: str) -> None:
    """Groups are percent-decoded once, `+` stays, and an encoded slash is part of a segment."""

    class Handler(RequestHandler):
        def get(self, value: str) -> None:
            self.write(value)

    assert serve([(r"/([^/]*)", Handler)]).ask("/" + sent).text == decoded


def test_decoding_is_linear(serve: Serve) -> None:
    """A path full of percent signs takes no longer than it is."""
    server = serve([(r"/(.*)", Show)], max_request_line=2_000_000, max_header_size=3_000_000)
    assert server.ask("/" + "%" * 1_000_000).status == 200


def test_path_attributes(serve: Serve) -> None:
    """`path_args` and `path_kwargs` are there in `prepare`."""

    class Handler(RequestHandler):
        def prepare(self) -> None:
            self.finish(f"{self.path_args} {self.path_kwargs}")

    server = serve([(r"/a/(.*)", Handler), (r"/b/(?P<x>.*)", Handler), (r"/", Handler)])
    assert server.ask("/a/1").text == "('1',) {}"
    assert server.ask("/b/1").text == "() {'x': '1'}"
    assert server.ask("/").text == "() {}"


# Order and literals.


def test_order_wins() -> None:
    """The first route that matches wins, however it is looked up."""
    assert names(table_of("/a", "/.*", "/b"), "/a", "/b") == ["/a", "/.*"]
    assert names(table_of("/.*", "/a"), "/a") == ["/.*"]
    table = make_table(("/a", Show, {"name": "1"}), ("/a", Show, {"name": "2"}))
    assert names(table, "/a") == ["1"]


def test_earlier_pattern_keeps_its_groups(serve: Serve) -> None:
    """A literal path that an earlier pattern matches gets that pattern's groups."""
    server = serve([(r"/(\w+)", Show, {"name": "pattern"}), ("/a", Show, {"name": "literal"})])
    assert server.ask("/a").text == '{"name": "pattern", "args": ["a"], "kwargs": {}}'


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("/", "/"),
        ("/a$", "/a"),
        ("^/a$", "/a"),
        (r"/robots\.txt", "/robots.txt"),
        (r"/a\+b", "/a+b"),
        (r"/a\\", "/a\\"),
        (r"/price\$", "/price$"),
        (r"/price\$$", "/price$"),
        (r"/a\\$", "/a\\"),
        (r"/a\-b", "/a-b"),
        ("/a-b_c~d", "/a-b_c~d"),
        ("/a.b", None),
        ("/(a)", None),
        ("/a|/b", None),
        ("/[ab]", None),
        ("/a?", None),
        ("/a*", None),
        ("/a+", None),
        ("/a{2}", None),
        (r"/\d", None),
        (r"/\\.", None),
        (r"/a\Z", None),
        ("(?i)/a", None),
        ("/a^", None),
        ("/a$b", None),
    ],
)
def test_literal(pattern: str, literal: str | None) -> None:
    """A pattern that can match one path only is known as that path."""
    assert URLSpec(pattern, Show).literal == literal
    if literal is not None:
        assert names(table_of(pattern), literal, literal + "x") == [pattern, None]


@given(
    st.lists(st.sampled_from(["/a", r"/a\.b", "/a.b", "/(a)", "/.*", r"/\w", "/a|/b", r"/x\$"])),
    st.sampled_from(["/a", "/a.b", "/axb", "/b", "/x$", "/x", "/", "/a\n"]),
)
def test_table_agrees_with_a_plain_loop(patterns: list[str], path: str) -> None:
    """Whatever stands in the dict, the answer is that of trying all patterns in their order."""
    wanted = next((each for each in patterns if re.fullmatch(each, path)), None)
    assert names(table_of(*patterns), path) == [wanted]


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("/a|/b", "/ax"), ("/a|/b", "/a/b"), (r"/a\$", "/a$x"), ("/a", "/a\n"), ("/a", "/a/")],
)
def test_whole_path(pattern: str, path: str) -> None:
    """A pattern matches whole paths, alternatives and escaped ends included."""
    assert names(table_of(pattern), path) == [None]


def test_many_literal_routes() -> None:
    """Ten thousand literal routes are set up and found without trying each on each."""
    patterns = [f"/page/{number}" for number in range(10_000)]
    table = table_of(*patterns)
    sample = random.Random(1).sample(patterns, 10)  # noqa: S311 -- no secret
    assert names(table, *sample) == sample
    assert len(table.rules) == 10_000


def test_encoded_path_is_matched(serve: Serve) -> None:
    """Patterns see the path percent-encoded, without the query."""
    server = serve([("/a%20b", Show, {"name": "encoded"}), ("/a b", Show, {"name": "decoded"})])
    assert '"encoded"' in server.ask("/a%20b?x=/y").text


def test_not_found(serve: Serve) -> None:
    """A path without a route is a 404 page; there may be no routes at all."""
    assert serve([("/a", Show)]).ask("/b")[:2] == (404, "Not Found")
    assert serve([]).ask("/").status == 404


# Forms of a route.


def test_forms_of_routes(serve: Serve) -> None:
    """A route has two, three or four items, or is a `URLSpec` or `url`."""
    server = serve(
        [
            ("/2", Show),
            ["/list", Show],
            ("/3", Show, {"name": "three"}),
            ("/none", Show, None),
            ("/4", Show, {"name": "four"}, "the four"),
            URLSpec("/spec", Show, {"name": "spec"}, name="the spec"),
            url("/url", Show, name="the url"),
        ]
    )
    for path, name in {"/2": "", "/3": "three", "/4": "four", "/spec": "spec", "/url": ""}.items():
        assert f'"name": "{name}"' in server.ask(path).text
    assert server.ask("/list").status == server.ask("/none").status == 200
    specs = server.application.wildcard_router.rules
    assert [spec.name for spec in specs] == [None] * 4 + ["the four", "the spec", "the url"]


def test_dotted_name(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler may be given by its dotted name."""
    module = type(sys)("routed_by_name")
    module.Handler = Show  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "routed_by_name", module)
    assert serve([("/", "routed_by_name.Handler")]).ask("/").status == 200


def test_callable_for_a_class(serve: Serve) -> None:
    """Whatever makes a handler can stand for its class."""

    def make(*args: Any, **more: Any) -> Show:  # noqa: ANN401 -- passed on
        return Show(*args, **more)

    assert serve([("/", make)]).ask("/").status == 200


@pytest.mark.parametrize(
    ("route", "error", "message"),
    [
        (("/",), ValueError, "(pattern, handler)"),
        (("/", Show, {}, "name", 1), ValueError, "(pattern, handler)"),
        ("/", ValueError, "(pattern, handler)"),
        (Show, ValueError, "(pattern, handler)"),
        ((), ValueError, "(pattern, handler)"),
        (None, ValueError, "(pattern, handler)"),
        (("/(", Show), ValueError, "'/('"),
        (("/(a)(?P<b>b)", Show), ValueError, "all named or all unnamed"),
        ((b"/", Show), TypeError, "b'/'"),
        ((None, Show), TypeError, "None"),
        (("/", 5), TypeError, "'/$'"),
        (("/", Show, "kwargs"), TypeError, "'kwargs'"),
        (("/", Show, [1]), TypeError, "[1]"),
        (("/", "cyclone_core.no_such.Handler"), ImportError, "no_such"),
        (("/", "cyclone_core.web.NoSuch"), ImportError, "NoSuch"),
    ],
)
def test_malformed_routes(route: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401
    """A malformed route is an error when the table is made, and shows what is wrong."""
    with pytest.raises(error) as raised:
        make_table(("/ok", Show), route)
    assert message in str(raised.value)


def test_repr() -> None:
    """A route shows all that it is made of."""
    spec = URLSpec("/a", Show, {"name": "x"}, "the name")
    assert repr(spec) == f"URLSpec('/a$', {Show!r}, kwargs={{'name': 'x'}}, name='the name')"


def test_arguments_are_copied() -> None:
    """A route keeps its arguments if the caller changes his."""
    arguments = {"name": "x"}
    spec = URLSpec("/a", Show, arguments)
    arguments.clear()
    assert spec.kwargs == {"name": "x"}
