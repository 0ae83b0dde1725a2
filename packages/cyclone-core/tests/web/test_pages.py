"""What the UI modules of a page bring into it: CSS, JavaScript, and HTML for head and body."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from cyclone_core.web import RequestHandler, UIModule
from cyclone_template import DictLoader

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported
Answer = Any  # as above

PAGE = "<html><head></head><body>{}</body></html>"


class Page(RequestHandler):
    """Renders `page.html`."""

    def get(self) -> None:
        self.render("page.html")


class Greet(UIModule):
    """Greets by name."""

    def render(self, name: str) -> str:
        return f"<b>{name}</b>"


def ask(
    serve: Serve,
    template: str,
    handler: type[RequestHandler] = Page,
    *,
    ui_modules: object = None,
    templates: dict[str, str] | None = None,
) -> Answer:
    """Ask for a page with this template."""
    loader = DictLoader({"page.html": template, **(templates or {})})
    return serve(handler, template_loader=loader, ui_modules=ui_modules).ask("/page")


ENTRY = """{{ set_resources(embedded_css=".entry { margin-bottom: 1em; }",
                 embedded_javascript="js_embed()",
                 css_files=["/base.css", "/foo.css"],
                 javascript_files="/common.js",
                 html_head="<meta>",
                 html_body='<script src="/analytics.js"/>') }}
<div class="entry">...</div>"""


def test_resources_of_a_template(serve: Serve) -> None:
    """What `set_resources` names is in the page once, each where it belongs (Tornado's own page)."""
    page = """<html><head></head><body>
{% for e in entries %}
{% module Template("entry.html", entry=e) %}
{% end %}
</body></html>"""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.render("page.html", entries=[1, 2])

    answer = ask(serve, page, Handler, templates={"entry.html": ENTRY})
    assert (
        answer.text
        == """\
<html><head><link href="/base.css" type="text/css" rel="stylesheet"/><link href="/foo.css" type="text/css" rel="stylesheet"/>
<style type="text/css">
.entry { margin-bottom: 1em; }
</style>
<meta>
</head><body>


<div class="entry">...</div>


<div class="entry">...</div>

<script src="/common.js" type="text/javascript"></script>
<script type="text/javascript">
//<![CDATA[
js_embed()
//]]>
</script>
<script src="/analytics.js"/>
</body></html>"""  # noqa: E501 -- a link more would be a line more
    )


class Resourceful(UIModule):
    """Has whatever the handler says."""

    def render(self) -> str:
        return "x"

    def _given(self, name: str) -> Any:  # noqa: ANN401 -- text or files
        return getattr(self.handler, "resources", {}).get(name)

    def embedded_javascript(self) -> str | bytes | None:
        return self._given("embedded_javascript")  # type: ignore[no-any-return]

    def javascript_files(self) -> str | bytes | Iterable[str | bytes] | None:
        return self._given("javascript_files")  # type: ignore[no-any-return]

    def embedded_css(self) -> str | bytes | None:
        return self._given("embedded_css")  # type: ignore[no-any-return]

    def css_files(self) -> str | bytes | Iterable[str | bytes] | None:
        return self._given("css_files")  # type: ignore[no-any-return]

    def html_head(self) -> str | bytes | None:
        return self._given("html_head")  # type: ignore[no-any-return]

    def html_body(self) -> str | bytes | None:
        return self._given("html_body")  # type: ignore[no-any-return]


def resourceful(serve: Serve, template: str, *modules: type[UIModule], **resources: object) -> str:
    """Render a page with modules, the first of which has these resources; returns the page."""

    class Handler(Page):
        def initialize(self) -> None:
            self.resources = resources

        def static_url(self, path: str, include_host: bool | None = None, **_: Any) -> str:  # noqa: ANN401
            assert include_host is None
            return f"/static/{path}?v=1&x"

    known = {each.__name__: each for each in (Resourceful, *modules)}
    answer = ask(serve, template, Handler, ui_modules=known)
    assert answer.status == 200
    text: str = answer.text
    return text


JS_LINK = '<script src="{}" type="text/javascript"></script>'
CSS_LINK = '<link href="{}" type="text/css" rel="stylesheet"/>'
STATIC = "/static/{}?v=1&amp;x"


@pytest.mark.parametrize(
    ("files", "urls"),
    [
        ("a.js", [STATIC.format("a.js")]),
        (b"a.js", [STATIC.format("a.js")]),
        (["a.js", b"b.js", "a.js"], [STATIC.format("a.js"), STATIC.format("b.js")]),
        (["/a.js"], ["/a.js"]),
        (["//cdn/a.js", "https://cdn/b.js?x&y"], ["//cdn/a.js", "https://cdn/b.js?x&amp;y"]),
        (iter(["http://cdn/a.js"]), ["http://cdn/a.js"]),
    ],
)
def test_linked_files(serve: Serve, files: object, urls: list[str]) -> None:
    """Files are linked in order and once; relative paths are made static URLs, and all is escaped."""
    template = PAGE.format("{% module Resourceful() %}")
    links = "".join([JS_LINK.format(url) for url in urls])
    page = resourceful(serve, template, javascript_files=files)
    assert page == PAGE.format(f"x{links}\n")


def test_linked_css(serve: Serve) -> None:
    """CSS files are linked in the head."""
    template = PAGE.format("{% module Resourceful() %}")
    page = resourceful(serve, template, css_files=["a.css", "/b.css"])
    links = CSS_LINK.format(STATIC.format("a.css")) + CSS_LINK.format("/b.css")
    assert page == f"<html><head>{links}\n</head><body>x</body></html>"


@pytest.mark.parametrize("convert", [str, str.encode])
def test_embedded_text_and_bytes(serve: Serve, convert: Callable[[str], str | bytes]) -> None:
    """What is embedded is text or UTF-8."""
    page = resourceful(
        serve,
        PAGE.format("{% module Resourceful() %}"),
        embedded_javascript=convert("é()"),
        embedded_css=convert(".é {}"),
        html_head=convert("<meta é>"),
        html_body=convert("<p>é</p>"),
    )
    style = '<style type="text/css">\n.é {}\n</style>\n<meta é>\n'
    script = '<script type="text/javascript">\n//<![CDATA[\né()\n//]]>\n</script>\n<p>é</p>\n'
    assert page == f"<html><head>{style}</head><body>x{script}</body></html>"


def test_order_of_modules(serve: Serve) -> None:
    """Of several modules each brings its own, in the order in which they stand in the page."""

    class Second(UIModule):
        def render(self) -> str:
            return "y"

        def embedded_javascript(self) -> str:
            return "second()"

        def html_head(self) -> str:
            return "<second>"

    page = resourceful(
        serve,
        PAGE.format("{% module Second() %}{% module Resourceful() %}"),
        Second,
        embedded_javascript="first()",
        html_head="<first>",
    )
    assert "<head><second><first>\n</head>" in page
    assert "\nsecond()\nfirst()\n" in page


def test_places_of_resources(serve: Serve) -> None:
    """The first `</head>` and the last `</body>` of the page count, and none that modules bring."""
    page = resourceful(
        serve,
        "<head></head></head><body></body></body>{% module Resourceful() %}",
        embedded_javascript="'</body>'",
        embedded_css="/* </head> */",
        html_body="<b>",
    )
    assert page.startswith('<head><style type="text/css">\n/* </head> */\n</style>\n</head></head>')
    assert "<body><b>\n</body><script" in page
    assert page.endswith("//]]>\n</script>\n</body>x")


def test_tags_in_capitals(serve: Serve) -> None:
    """HTML does not care how tags are spelt."""
    template = "<HEAD></HEAD><BODY>{% module Resourceful() %}</BODY>"
    page = resourceful(serve, template, html_head="<meta>", embedded_javascript="js()")
    assert page.startswith("<HEAD><meta>\n</HEAD><BODY>x<script")
    assert page.endswith("</script>\n</BODY>")


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("embedded_javascript", "</body>"),
        ("javascript_files", "</body>"),
        ("html_body", "</body>"),
        ("embedded_css", "</head>"),
        ("css_files", "</head>"),
        ("html_head", "</head>"),
    ],
)
def test_page_without_a_place(serve: Serve, log: Log, name: str, tag: str) -> None:
    """A page that has no place for what its modules bring is an error that names the tag."""

    class Handler(Page):
        resources = {name: "/x"}  # noqa: RUF012 -- never changed

    answer = ask(serve, "{% module R() %}", Handler, ui_modules={"R": Resourceful})
    assert answer.status == 500
    (error,) = log.failures()
    assert isinstance(error, ValueError)
    assert f"belongs before {tag}, and the page has none" in str(error)


def test_modules_without_resources(serve: Serve) -> None:
    """A page whose modules bring nothing needs no head and no body."""
    assert resourceful(serve, "{% module Resourceful() %}", javascript_files=[]) == "x"


def test_overridden_elements(serve: Serve) -> None:
    """A handler may write links and embedded code otherwise, as text or bytes."""

    class Handler(Page):
        resources = {  # noqa: RUF012 -- never changed
            "javascript_files": ["a.js"],
            "embedded_javascript": "js()",
            "css_files": "a.css",
            "embedded_css": "css {}",
        }

        def render_linked_js(self, js_files: Iterable[str]) -> str:
            return f"<linked {list(js_files)}>"

        def render_embed_js(self, js_embed: Iterable[bytes]) -> bytes:
            return b"<embedded " + b"".join(js_embed) + b">"

        def render_linked_css(self, css_files: Iterable[str]) -> bytes:
            return f"<css {list(css_files)}>".encode()

        def render_embed_css(self, css_embed: Iterable[bytes]) -> str:
            return f"<style {b''.join(css_embed).decode()}>"

    answer = ask(serve, PAGE.format("{% module R() %}"), Handler, ui_modules={"R": Resourceful})
    assert answer.text == (
        "<html><head><css ['a.css']>\n<style css {}>\n</head>"
        "<body>x<linked ['a.js']>\n<embedded js()>\n</body></html>"
    )


def test_resources_of_several_templates(serve: Serve) -> None:
    """Each template that a page has modules of brings its resources; some may bring none."""
    answer = ask(
        serve,
        PAGE.format("".join(f"{{% module Template('{name}.html') %}}" for name in "abc")),
        templates={
            "a.html": "{{ set_resources(css_files='/a.css', embedded_css=b'a', html_head='<a>') }}",
            "b.html": "{{ set_resources(css_files=['/b.css'], embedded_css='b', html_head='<b>') }}",
            "c.html": "",
        },
    )
    links = CSS_LINK.format("/a.css") + CSS_LINK.format("/b.css")
    style = '<style type="text/css">\na\nb\n</style>'
    assert answer.text == f"<html><head>{links}\n{style}\n<a><b>\n</head><body></body></html>"


def test_js_files(serve: Serve) -> None:
    """`js_files`, as an example of Tornado's has it, means `javascript_files`."""
    template = PAGE.format("{% module Template('a.html') %}")
    templates = {"a.html": "{{ set_resources(js_files='/a.js') }}"}
    answer = ask(serve, template, templates=templates)
    assert answer.text == PAGE.format(JS_LINK.format("/a.js") + "\n")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        ("set_resources(scripts='/a.js')", TypeError, "not scripts"),
        ("set_resources(js_files='/a.js', javascript_files='/b.js')", TypeError, "not js_files"),
        ("set_resources(html_head=str(n))", ValueError, "must not depend on its variables"),
    ],
)
def test_wrong_resources(
    serve: Serve, log: Log, call: str, kind: type[Exception], message: str
) -> None:
    """Unknown resources, and others than before, are refused with the name of the template."""
    template = PAGE.format("{% for n in range(2) %}{% module Template('a.html', n=n) %}{% end %}")
    assert ask(serve, template, templates={"a.html": "{{ " + call + " }}"}).status == 500
    (error,) = log.failures()
    assert isinstance(error, kind)
    assert "set_resources() in a.html" in str(error)
    assert message in str(error)


def test_error_page_has_no_resources_of_the_page_that_failed(serve: Serve, log: Log) -> None:
    """An error page gets what its own modules bring, and not what the failed page had."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.render("page.html")

        def write_error(self, status_code: int, **kwargs: object) -> None:
            del kwargs
            self.render("error.html", status=status_code)

    answer = ask(
        serve,
        PAGE.format("{% module Template('a.html') %}{{ 1 // 0 }}"),
        Handler,
        templates={
            "a.html": "{{ set_resources(html_head='<a>') }}",
            "error.html": "{{ status }}{% module Greet('Ada') %}",
        },
        ui_modules={"Greet": Greet},
    )
    assert answer.text == "500<b>Ada</b>"
    assert [type(error) for error in log.failures()] == [ZeroDivisionError]
