"""Templates within a handler: variables, loaders, and pages that are complete at once."""

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

import cyclone_template
from cyclone_core.httputil import HTTPServerRequest
from cyclone_core.web import Application, RequestHandler, UIModule
from cyclone_template import BaseLoader, DictLoader, Loader, TemplateNotFoundError

Serve = Callable[..., Any]
Log = Any  # both are in conftest.py, which cannot be imported


class Page(RequestHandler):
    """Renders `page.html`."""

    def get(self) -> None:
        self.render("page.html")


def with_template(text: str, **more: str) -> BaseLoader:
    """A loader of `page.html`."""
    return DictLoader({"page.html": text, **{f"{name}.html": more[name] for name in more}})


# Pages.


def test_page(serve: Serve) -> None:
    """A page is sent as HTML, with the variables that are passed, and finishes the answer."""

    class Handler(RequestHandler):
        def get(self) -> None:
            self.set_status(203)
            self.write("before, ")
            sent = self.render("page.html", name="<you>")
            assert isinstance(sent, Deferred)
            assert sent.called

    answer = serve(Handler, template_loader=with_template("hello {{ name }}")).ask()
    assert answer.status == 203
    assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert answer.text == "before, hello &lt;you&gt;"


def test_render_string(serve: Serve) -> None:
    """`render_string` gives the page as bytes and sends nothing."""

    class Handler(RequestHandler):
        def get(self) -> None:
            page = self.render_string("page.html", name="you")
            assert page == b"hello you"
            self.write({"page": page.decode()})

    answer = serve(Handler, template_loader=with_template("hello {{ name }}")).ask()
    assert answer.text == '{"page": "hello you"}'


def test_namespace(serve: Serve) -> None:
    """Templates know the handler and what it offers, and values of `render` win over those."""
    template = """
    {{ handler.request is request }} {{ current_user }} {{ locale.code }} {{ _("hello") }}
    {{ translate("apple", "apples", 2) }} {{ pgettext("fruit", "apple") }}
    {{ static_url("a.css") }} {% raw xsrf_form_html() %} {{ reverse_url("page", "7") }}
    {{ method(1) }}"""

    class Handler(RequestHandler):
        def get_current_user(self) -> str:
            return "Ada"

        def static_url(self, path: str, include_host: bool | None = None, **_: Any) -> str:  # noqa: ANN401
            assert include_host is None
            return f"/static/{path}"

        def xsrf_form_html(self) -> str:
            return "<input>"

        def get(self, number: str) -> None:
            del number
            self.render("page.html", method=lambda number: number + 1)

    server = serve(
        [(r"/page/(\d+)", Handler, {}, "page")],
        template_loader=with_template(template),
        ui_methods={"method": lambda handler, number: (handler, number)},
    )
    text = server.ask("/page/1").text
    words = "True Ada en_US hello apples apple /static/a.css <input> /page/7 2"
    assert " ".join(text.split()) == words


def test_overridden_namespace(serve: Serve) -> None:
    """A handler may add to the namespace, and may give another mapping, which stays as it is."""

    class Adding(RequestHandler):
        def get_template_namespace(self) -> dict[str, Any]:
            return {**super().get_template_namespace(), "added": 1}

        def get(self) -> None:
            self.render("page.html", passed=2)

    class Replacing(Adding):
        def get_template_namespace(self) -> dict[str, Any]:
            return self.ui

        def on_finish(self) -> None:
            assert "passed" not in self.ui

    template = "{% try %}{{ added }}{% except NameError %}-{% end %} {{ passed }}"
    loader = with_template(template)
    assert serve(Adding, template_loader=loader).ask().text == "1 2"
    assert serve(Replacing, template_loader=loader).ask().text == "- 2"


def test_error_in_a_template(serve: Serve, log: Log) -> None:
    """What a template raises becomes the error page, and nothing of the page is sent."""
    answer = serve(Page, template_loader=with_template("begin {{ 1 // 0 }}")).ask()
    assert answer.status == 500
    assert "begin" not in answer.text
    assert [type(error) for error in log.failures()] == [ZeroDivisionError]


def test_render_in_prepare(serve: Serve) -> None:
    """A `prepare` that renders answers: the method is not called."""

    class Handler(RequestHandler):
        def prepare(self) -> None:
            self.render("page.html")

        def get(self) -> None:
            raise NotImplementedError

    assert serve(Handler, template_loader=with_template("prepared")).ask().text == "prepared"


def test_head(serve: Serve) -> None:
    """A derived HEAD has the length of the page, and what comes behind its end is ignored."""

    class Streaming(RequestHandler):
        def get(self) -> None:
            self.write("some")
            self.flush()
            assert not isinstance(self.render("page.html"), bytes)

    loader = with_template("hello")
    assert serve(Page, template_loader=loader).ask(method="HEAD").headers["Content-Length"] == "5"
    assert serve(Streaming, template_loader=loader).ask(method="HEAD").status == 200
    assert serve(Streaming, template_loader=loader).ask().text == "somehello"


@pytest.mark.parametrize("first", ["render", "finish"])
def test_render_after_the_answer(serve: Serve, log: Log, first: str) -> None:
    """Rendering behind a complete answer is a mistake; what was sent stands."""

    class Handler(RequestHandler):
        def get(self) -> None:
            if first == "render":
                self.render("page.html")
            else:
                self.finish("hello")
            self.render("page.html")

    assert serve(Handler, template_loader=with_template("hello")).ask().text == "hello"
    assert [str(error) for error in log.failures()] == ["cannot render('page.html') after finish()"]


# Loaders.


def test_template_path(serve: Serve, tmp_path: Path) -> None:
    """The setting `template_path` is a directory, as text or as a path."""
    (tmp_path / "page.html").write_text("from the directory", encoding="utf-8")
    for path in (tmp_path, str(tmp_path)):
        assert serve(Page, template_path=path).ask().text == "from the directory"


def test_overridden_template_path(serve: Serve, tmp_path: Path) -> None:
    """A handler may have a directory of its own."""
    for name in ("own", "common"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").write_text(name, encoding="utf-8")

    class Handler(Page):
        def get_template_path(self) -> str:
            return str(tmp_path / "own")

    server = serve([("/own", Handler), ("/", Page)], template_path=str(tmp_path / "common"))
    assert server.ask("/own").text == "own"
    assert server.ask("/").text == "common"


MODULE = """
from cyclone_core.web import RequestHandler, UIModule

class Page(RequestHandler):
    def get(self):
        self.render("page.html")

class Own(UIModule):
    def render(self):
        return self.render_string("part.html")
"""


def run(path: Path) -> dict[str, Any]:
    """Run a Python file and return its names."""
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)  # noqa: S102
    return names


def test_directory_of_the_source_file(serve: Serve, tmp_path: Path) -> None:
    """Without a path, templates are beside the source file that asks, be it from a template."""
    for name in ("site", "shop"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.py").write_text(MODULE, encoding="utf-8")
        (tmp_path / name / "part.html").write_text(f"part of {name}", encoding="utf-8")
    page = "{% module Template('part.html') %}, {% module Own() %}"
    (tmp_path / "site" / "page.html").write_text(page, encoding="utf-8")
    handler = run(tmp_path / "site" / "code.py")["Page"]
    module = run(tmp_path / "shop" / "code.py")["Own"]
    answer = serve(handler, ui_modules={"Own": module}).ask()
    assert answer.text == "part of site, part of shop"


def test_loader_is_kept_for_an_application(serve: Serve, tmp_path: Path) -> None:
    """An application makes one loader of a path for all handlers, and shares it with no other."""
    (tmp_path / "page.html").write_text("page", encoding="utf-8")
    made: list[Application] = []

    class Handler(Page):
        def create_template_loader(self, template_path: Any) -> BaseLoader:  # noqa: ANN401
            made.append(self.application)
            return super().create_template_loader(template_path)

    class Derived(Handler):
        pass

    servers = [
        serve([("/derived", Derived), ("/", Handler)], template_path=tmp_path) for _ in range(2)
    ]
    for server in servers:
        for path in ("/", "/derived", "/"):
            assert server.ask(path).text == "page"
    assert made == [server.application for server in servers]


def test_loaders_of_two_classes(serve: Serve) -> None:
    """Two classes that make loaders each in their way get each their own, also for one path."""

    class Other(Page):
        def create_template_loader(self, template_path: object) -> BaseLoader:
            assert template_path == "/templates"
            return with_template("other")

    server = serve(
        [("/other", Other), ("/", Page)],
        template_path="/templates",
        template_loader=with_template("page"),
    )
    assert [server.ask(path).text for path in ("/", "/other", "/")] == ["page", "other", "page"]


def test_loader_settings(serve: Serve, tmp_path: Path) -> None:
    """`autoescape` and `template_whitespace` are what templates of a path have."""
    (tmp_path / "page.html").write_text("{{ '<' }}  \n  {{ '&' }}", encoding="utf-8")
    ask = serve(Page, template_path=tmp_path).ask
    assert ask().text == "&lt;\n&amp;"
    settings = {"autoescape": None, "template_whitespace": "all", "template_loader": None}
    assert serve(Page, template_path=tmp_path, **settings).ask().text == "<  \n  &"
    assert serve(Page, template_path=tmp_path, autoescape="url_escape").ask().text == "%3C\n%26"


class ForeignLoader:
    """A loader of another make: its templates know `generate` alone, and give text."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def load(self, name: str) -> "ForeignLoader":
        """Find a template."""
        self.loaded.append(name)
        return self

    @staticmethod
    def generate(**names: Any) -> str:  # noqa: ANN401 -- variables
        """Render a template."""
        made = "<body>" + names["modules"].Own() if names["with_module"] else "<body>"
        return made + names["name"] + "</body>"


@pytest.mark.parametrize("with_module", [True, False])
def test_foreign_loader(serve: Serve, with_module: bool) -> None:
    """The setting `template_loader` may be of another make, such as Jinja2's behind an adapter."""

    class Own(UIModule):
        def render(self) -> str:
            return "own, "

        def html_body(self) -> str:
            return "<script>"

    class Handler(RequestHandler):
        def get(self) -> None:
            self.render("page.html", name="é", with_module=with_module)

    answer = serve(Handler, template_loader=ForeignLoader(), ui_modules={"Own": Own}).ask()
    assert answer.text == ("<body>own, é<script>\n</body>" if with_module else "<body>é</body>")


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "old"),
        ({"debug": True, "autoreload": False}, "new"),
        ({"debug": True, "autoreload": False, "compiled_template_cache": True}, "old"),
        ({"compiled_template_cache": False}, "new"),
    ],
)
def test_templates_that_are_edited(
    serve: Serve, tmp_path: Path, settings: Mapping[str, object], text: str
) -> None:
    """Templates are compiled once, and in debug mode for each request."""
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")
    server = serve(Page, template_path=tmp_path, **settings)
    assert server.ask().text == "old"
    path.write_text("new", encoding="utf-8")
    assert server.ask().text == text


def test_loaders_are_reset_once_for_a_request(serve: Serve) -> None:
    """In debug mode a request forgets each loader's templates once, not with each template."""
    resets = []

    class Counting(DictLoader):
        def reset(self) -> None:
            resets.append(self)
            super().reset()

    class Handler(RequestHandler):
        def get(self) -> None:
            self.render_string("page.html")
            self.render("page.html")

    page = "{% module Template('part.html') %}"
    loader = Counting({"page.html": page, "part.html": "part"})
    server = serve(Handler, template_loader=loader, compiled_template_cache=False)
    assert server.ask().text == server.ask().text == "part"
    assert resets == [loader, loader]


def test_missing_template(serve: Serve, log: Log, tmp_path: Path) -> None:
    """A template that is not there is an error at the call, and an `OSError`, as it was."""
    caught: list[Exception] = []

    class Handler(RequestHandler):
        def get(self) -> None:
            for name in ("missing.html", "../page.html"):
                try:
                    self.render(name)
                except OSError as error:
                    caught.append(error)
            self.render("missing.html")

    assert serve(Handler, template_path=tmp_path).ask().status == 500
    assert [type(error) for error in caught] == [TemplateNotFoundError] * 2
    assert isinstance(log.failures()[0], TemplateNotFoundError)


def test_handler_made_by_hand(tmp_path: Path) -> None:
    """A test may make a handler without a connection and render with it."""
    (tmp_path / "page.html").write_text("{{ await name() }} {% raw handler.ui.f() %}", "utf-8")

    async def name() -> str:
        return "Ada"

    class Handler(RequestHandler):
        def static_url(self, path: str, include_host: bool | None = None, **_: Any) -> str:  # noqa: ANN401
            raise NotImplementedError(path, include_host)

        def xsrf_form_html(self) -> str:
            raise NotImplementedError

    application = Application(template_path=str(tmp_path), ui_methods={"f": lambda _: "<b>"})
    handler = Handler(application, HTTPServerRequest("GET", "/"))
    assert handler.render_string("page.html", name=name) == b"Ada <b>"


def test_nothing_is_left(serve: Serve, tmp_path: Path) -> None:
    """A request for a page leaves nothing for the garbage collector."""
    (tmp_path / "page.html").write_text("{{ request.path }} {{ reverse_url }}", encoding="utf-8")
    server = serve(Page, template_path=tmp_path, log_function=lambda _: None)
    connection = server.connect()
    connection.request()
    connection.read("GET")
    gc.collect()
    connection.request()
    connection.read("GET")
    assert gc.collect() == 0


def test_loader_is_the_template_package_s(serve: Serve, tmp_path: Path) -> None:
    """`create_template_loader` makes a `Loader`, of which an override may be one too."""

    class Handler(RequestHandler):
        def get(self) -> None:
            loader = self.create_template_loader(tmp_path)
            assert type(loader) is Loader is cyclone_template.Loader
            self.write(loader.root)

    assert serve(Handler).ask().text == str(tmp_path)
