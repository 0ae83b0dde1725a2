"""The examples that cyclone's overview prints, run as printed.

Most are parts of programs and run in memory. `docs/explanation/examples.md` lists what was changed, and
why. The last two are nginx's and run with the real one.
"""

import getpass
import http.client
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from documented_blocks import Block, block, printed, variables_of
from startup_processes import PATIENCE, Launcher, answers, fetch, free_port, until
from twisted.internet.task import Clock

import cyclone.locale
import cyclone.template
import cyclone.web
from cyclone_core.testing import Client, Response, result_of

# Debian keeps servers where only root looks for programs.
PROGRAMS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
NGINX = shutil.which("nginx", path=PROGRAMS)
with_nginx = pytest.mark.skipif(
    NGINX is None, reason="no nginx on this machine: the printed configuration was NOT tested"
)


class Page(cyclone.web.RequestHandler):
    """A page."""

    def get(self, *args: str) -> None:
        """Answer."""
        self.write(f"page {args}")


def client_of(*handlers: tuple[object, ...], **settings: Any) -> Client:  # noqa: ANN401 -- any settings
    """Serve handlers in memory."""
    return Client(cyclone.web.Application(handlers, **settings))


def token_of(form: Response) -> str:
    """Return the XSRF token in a form."""
    found = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
    assert found is not None, form.text
    return found[1]


@printed("Overview: Hello, world")
def test_hello(launch: Launcher, example: Block) -> None:
    """A script with the reactor serves on all interfaces."""
    port = free_port()
    assert "(8888, " in example.text
    launch.write("hello.py", example.text.replace("(8888, ", f"({port}, "))
    launch.start("python", "hello.py").serving(port)
    assert fetch(port) == "Hello, world"


@printed("Overview: URL patterns")
def test_patterns(example: Block) -> None:
    """A group of the pattern is an argument of the method; what no pattern matches is not found."""
    client = Client(example.run()["application"])
    assert result_of(client.get("/")).text == "You requested the main page"
    assert result_of(client.get("/story/42")).text == "You requested the story 42"
    assert result_of(client.get("/story/x")).status == 404


@printed("Overview: a form")
def test_form(example: Block) -> None:
    """The form's field comes back as text."""
    client = client_of(("/myform", example.run()["MyFormHandler"]))
    assert 'name="message"' in result_of(client.get("/myform")).text
    wrote = result_of(client.post("/myform", {"message": "<é>"}))
    assert (wrote.text, wrote.headers["Content-Type"]) == ("You wrote <é>", "text/plain")
    assert result_of(client.post("/myform", {})).status == 400


@printed("Overview: HTTPError")
@pytest.mark.parametrize("logged_in", [True, False])
def test_http_error(example: Block, logged_in: bool) -> None:
    """A raised HTTPError is the answer."""
    members = {"get": example.method(), "user_is_logged_in": lambda _: logged_in}
    handler = type("Handler", (cyclone.web.RequestHandler,), members)
    assert result_of(client_of(("/", handler)).get("/")).status == (200 if logged_in else 403)


@printed("Overview: initialize")
def test_initialize(example: Block) -> None:
    """`initialize` gets the database of the route, and the method the user of the path."""
    database = object()
    names = example.run(
        RequestHandler=cyclone.web.RequestHandler,
        Application=cyclone.web.Application,
        database=database,
    )
    with variables_of(names["ProfileHandler"].get) as found:
        assert result_of(Client(names["app"]).get("/user/bob")).status == 200
    assert (found["self"].database, found["username"]) == (database, "bob")


@printed("Overview: redirect")
def test_redirect(example: Block) -> None:
    """A permanent redirect is 301."""
    handler = type("Handler", (cyclone.web.RequestHandler,), {"get": example.method()})
    response = result_of(client_of(("/", handler)).get("/"))
    assert (response.status, response.headers["Location"]) == (301, "/some-canonical-page")


@printed("Overview: RedirectHandler")
def test_redirect_handler(example: Block) -> None:
    """A route redirects for ever, beside another one, and to another host, which is its own."""
    client = Client(example.run(ContentHandler=Page, settings={})["application"])
    assert result_of(client.get("/abc")).text == "page ('abc',)"
    response = result_of(client.get("/static/file1"))
    assert response.status == 301
    assert response.headers["Location"] == "http://server/downloads/xyz/file1"


@printed("Overview: RedirectHandler with 302")
def test_redirect_handler_for_now(example: Block) -> None:
    """Not permanent is 302."""
    response = result_of(Client(example.run(settings={})["application"]).get("/foo"))
    assert (response.status, response.headers["Location"]) == (302, "/bar")


@printed("Overview: template.html")
def test_template(example: Block) -> None:
    """The title is escaped, and each item is a line."""
    page = cyclone.template.Template(example.text).generate(title="A & B", items=["1", "2"])
    assert isinstance(page, bytes)
    assert b"<title>A &amp; B</title>" in page
    assert re.findall(b"<li>(.*)</li>", page) == [b"1", b"2"]


@printed("Overview: render")
def test_render(tmp_path: Path, example: Block) -> None:
    """The template beside the program's file gets title and items."""
    (tmp_path / "template.html").write_text(block("Overview: template.html").text)
    handler = example.run(__file__=str(tmp_path / "main.py"))["MainHandler"]
    page = result_of(client_of(("/", handler)).get("/")).text
    assert "<title>My title</title>" in page
    assert re.findall("<li>(.*)</li>", page) == ["Item 1", "Item 2", "Item 3"]


@printed("Overview: cookies")
def test_cookies(example: Block) -> None:
    """The cookie of the first answer is in the second request."""
    client = client_of(("/", example.run()["MainHandler"]))
    assert result_of(client.get("/")).text == "Your cookie was not set yet!"
    assert client.cookies["mycookie"].value == "myvalue"
    assert result_of(client.get("/")).text == "Your cookie was set!"


class Signed(cyclone.web.RequestHandler):
    """Says what is in a signed cookie, and signs one."""

    def get(self) -> None:
        """Answer."""
        self.write(self.get_secure_cookie("name") or b"nobody")
        self.set_secure_cookie("name", "bob")


@printed("Overview: cookie_secret")
def test_cookie_secret(example: Block) -> None:
    """The setting signs cookies; a cookie signed with another secret is none."""
    client = Client(example.run(MainHandler=Signed)["application"])
    assert [result_of(client.get("/")).text for _ in range(2)] == ["nobody", "bob"]
    other = client_of(("/", Signed), cookie_secret="another secret " * 3)
    other.cookies["name"] = client.cookies["name"].coded_value
    assert result_of(other.get("/")).text == "nobody"


@printed("Overview: secure cookies")
def test_secure_cookies(example: Block) -> None:
    """The cookie is signed; if somebody has changed it, it is none."""
    handler = example.run()["MainHandler"]
    client = client_of(("/", handler), cookie_secret="0123456789abcdef" * 2)
    assert result_of(client.get("/")).text == "Your cookie was not set yet!"
    assert client.cookies["mycookie"].value != "myvalue"
    assert result_of(client.get("/")).text == "Your cookie was set!"
    client.cookies["mycookie"] = client.cookies["mycookie"].coded_value + "0"
    assert result_of(client.get("/")).text == "Your cookie was not set yet!"


def sign_in(client: Client, where: str, name: str) -> str:
    """Go to the page, fill in the form that it leads to, and return the page behind it."""
    away = result_of(client.get("/"))
    assert (away.status, away.headers["Location"]) == (302, where)
    form = result_of(client.get(where))
    assert 'name="name"' in form.text
    back = result_of(client.post("/login", {"name": name}))
    assert (back.status, back.headers["Location"]) == (302, "/")
    return result_of(client.get("/")).text


@printed("Overview: login")
def test_login(example: Block) -> None:
    """Who has told a name is greeted by it, and it is escaped."""
    client = Client(example.run()["application"])
    assert sign_in(client, "/login", "<é>") == "Hello, &lt;é&gt;"
    client.cookies.clear()
    assert result_of(client.get("/")).status == 302


@printed("Overview: login with the decorator")
def test_login_with_the_decorator(example: Block) -> None:
    """The same with the decorator, which tells the form where the user wanted to go."""
    names = example.run(**block("Overview: login").run())
    assert sign_in(Client(names["application"]), "/login?next=%2F", "bob") == "Hello, bob"


@printed("Overview: xsrf_cookies")
def test_xsrf_cookies(example: Block) -> None:
    """With that setting the form without the token cannot be posted; the page works as before."""
    names = example.run(**block("Overview: login").run())
    client = Client(names["application"])
    assert result_of(client.get("/")).status == 302
    assert result_of(client.post("/login", {"name": "bob"})).status == 403
    assert "user" not in client.cookies


class NewMessage(cyclone.web.RequestHandler):
    """Shows a form, and takes it."""

    def get(self) -> None:
        """Give the form."""
        self.render("form.html")

    def post(self) -> None:
        """Answer with the message as JSON."""
        self.write({"message": self.get_argument("message")})


@printed("Overview: xsrf_form_html")
def test_xsrf_form(tmp_path: Path, example: Block) -> None:
    """The template's form has the token and can be posted."""
    (tmp_path / "form.html").write_text(example.text)
    settings = {"template_path": str(tmp_path), "xsrf_cookies": True}
    client = client_of(("/new_message", NewMessage), **settings)
    token = token_of(result_of(client.get("/new_message")))
    sent = {"message": "hello", "_xsrf": token}
    assert result_of(client.post("/new_message", sent)).json() == {"message": "hello"}
    stranger = client_of(("/new_message", NewMessage), **settings)
    sent["_xsrf"] = token_of(result_of(stranger.get("/new_message")))
    assert result_of(client.post("/new_message", sent)).status == 403


@printed("Overview: AJAX with the XSRF token")
def test_xsrf_token_of_a_script(tmp_path: Path, example: Block) -> None:
    """What the script does works: it reads the cookie and sends it as an argument, or as a header."""
    (tmp_path / "form.html").write_text(block("Overview: xsrf_form_html").text)
    settings = {"template_path": str(tmp_path), "xsrf_cookies": True}
    client = client_of(("/new_message", NewMessage), **settings)
    result_of(client.get("/new_message"))
    cookie = client.cookies["_xsrf"]
    assert not cookie.http_only
    spelled = re.search(r'match\("(.+)" \+ name \+ "(.+)"\)', example.text)
    assert spelled is not None
    pattern = "_xsrf".join(json.loads(f'"{part}"') for part in spelled.groups())
    found = re.search(pattern, f"other=1; _xsrf={cookie.coded_value}; more=2")
    assert found is not None
    answer = result_of(client.post("/new_message", {"message": "hello", "_xsrf": found[1]}))
    assert answer.json() == {"message": "hello"}
    header = {"X-XSRFToken": found[1]}
    assert result_of(client.post("/new_message", {"message": "a"}, headers=header)).status == 200


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder with static files."""
    for name in ("foo.png", "robots.txt", "favicon.ico", "apple-touch-icon.png", "images/logo.png"):
        path = tmp_path / "static" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "static"


@printed("Overview: static_path")
def test_static_path(example: Block, static: Path) -> None:
    """The files of the folder, those that are served from the root, and one with a route of its own."""
    login = block("Overview: login").run()
    names = example.run(**{**login, "os": os, "__file__": str(static.parent / "main.py")})
    client = Client(names["application"])
    for path in ("/static/foo.png", "/robots.txt", "/favicon.ico", "/apple-touch-icon.png"):
        response = result_of(client.get(path))
        assert response.content == path.rpartition("/")[2].encode()
        assert "Etag" in response.headers
    assert result_of(client.get("/static/../main.py")).status in {403, 404}
    assert result_of(client.get("/static/missing.png")).status == 404


def rendering(template: str) -> type[cyclone.web.RequestHandler]:
    """Make a handler that renders a template."""

    class Handler(cyclone.web.RequestHandler):
        def get(self) -> None:
            self.render(template)

    return Handler


@printed("Overview: static_url")
def test_static_url(example: Block, static: Path) -> None:
    """The URL's version is that of the file as the server starts; what it names may be kept."""
    (static.parent / "home.html").write_text(example.text)

    def link() -> tuple[Client, str]:
        settings = {"template_path": str(static.parent), "static_path": str(static)}
        client = client_of(("/", rendering("home.html")), **settings)
        page = result_of(client.get("/")).text
        found = re.search(r'<img src="(/static/images/logo\.png\?v=[0-9a-f]+)">', page)
        assert found is not None, page
        return client, found[1]

    client, first = link()
    response = result_of(client.get(first))
    assert response.content == b"images/logo.png"
    assert "max-age=315360000" in response.headers["Cache-Control"]
    assert "Cache-Control" not in result_of(client.get("/static/images/logo.png")).headers
    (static / "images/logo.png").write_bytes(b"another logo")
    assert link()[1] == first
    cyclone.web.StaticFileHandler.reset()  # what a restart does
    assert link()[1] != first


@pytest.fixture
def translations(tmp_path: Path) -> Iterator[Path]:
    """A folder with translations; what is loaded from it is forgotten afterwards."""
    directory = tmp_path / "translations"
    directory.mkdir()
    rows = [
        '"Translate this string","Traduce esta cadena"',
        '"A person liked this","A una persona le gusta","singular"',
        '"%(num)d people liked this","A %(num)d personas les gusta","plural"',
        '"Sign in","Entrar"',
        '"Username","Usuario"',
        '"Password","Contraseña"',
    ]
    (directory / "es.csv").write_text("\n".join(rows), encoding="utf-8")
    registry = cyclone.locale.default_registry
    before = dict(vars(registry))
    yield directory
    vars(registry).update(before)


@printed("Overview: load_translations")
def test_load_translations(example: Block, translations: Path) -> None:
    """The folder's files are the supported locales, and a near one is found."""
    started: list[bool] = []
    main = example.run(
        os=os,
        __file__=str(translations.parent / "main.py"),
        start_server=lambda: started.append(True),
    )["main"]
    main()
    assert started == [True]
    assert cyclone.locale.get_supported_locales() == {"en_US", "es"}
    assert cyclone.locale.get("es_GT").code == "es"
    assert cyclone.locale.get("fr_CA").code == "en_US"


@printed("Overview: translate", "Overview: translate singular and plural")
def test_translate(example: Block, translations: Path) -> None:
    """`_` is the translation of the request's locale; the third argument picks one of two."""
    cyclone.locale.load_translations(str(translations))
    spanish, english = (cyclone.locale.get(code).translate for code in ("es", "en_US"))
    if "people" in example.text:
        assert example.value(_=spanish, people=["a"]) == "A una persona le gusta"
        assert example.value(_=spanish, people=["a", "b"]) == "A 2 personas les gusta"
        assert example.value(_=english, people=["a"]) == "A person liked this"
        assert example.value(_=english, people=[]) == "0 people liked this"
    else:
        assert example.value(_=spanish) == "Traduce esta cadena"
        assert example.value(_=english) == "Translate this string"


@printed("Overview: a localized template")
def test_localized_template(example: Block, translations: Path) -> None:
    """The browser's language is the page's; the form has its token."""
    cyclone.locale.load_translations(str(translations))
    (translations / "login.html").write_text(example.text)
    settings = {"template_path": str(translations), "xsrf_cookies": True}
    client = client_of(("/", rendering("login.html")), **settings)
    spanish = result_of(client.get("/", headers={"Accept-Language": "es-GT,en;q=0.5"})).text
    assert "<div>Contraseña <input" in spanish
    assert "<title>FriendFeed - Entrar</title>" in spanish
    english = result_of(client.get("/"))
    assert '<input type="submit" value="Sign in">' in english.text
    assert token_of(english)


@printed("Overview: get_user_locale")
def test_user_locale(example: Block, translations: Path) -> None:
    """The user's preference wins over the browser's language, which counts where there is none."""
    cyclone.locale.load_translations(str(translations))

    users = {
        b"ana": SimpleNamespace(prefs={"locale": "es"}),
        b"bob": SimpleNamespace(prefs={}),
    }

    class Main(example.run()["BaseHandler"]):  # type: ignore[misc]
        backend = SimpleNamespace(get_user_by_id=users.__getitem__)

        def get(self) -> None:
            self.write(f"{self.locale.code} {self._user_name()}")

        def post(self) -> None:
            self.set_secure_cookie("user", self.get_argument("name"))

        def _user_name(self) -> str:
            (name,) = (name for name, user in users.items() if user is self.current_user)
            return name.decode()

    client = client_of(("/", Main), cookie_secret="0123456789abcdef" * 2)
    for name, language, code in [("ana", "en", "es"), ("bob", "es", "es"), ("bob", "en", "en_US")]:
        result_of(client.post("/", {"name": name}))
        page = result_of(client.get("/", headers={"Accept-Language": language}))
        assert page.text == f"{code} {name}"


@printed("Overview: asynchronous")
def test_asynchronous(example: Block) -> None:
    """`finish` in the method ends the answer."""
    client = client_of(("/", example.run()["MainHandler"]))
    assert result_of(client.get("/")).text == "Hello, world"


@printed("Overview: asynchronous with callLater")
def test_asynchronous_with_call_later(example: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is open until the reactor calls the method after five seconds."""
    clock = Clock()
    monkeypatch.setattr("twisted.internet.reactor", clock, raising=False)
    response = client_of(("/", example.run(web=cyclone.web)["MyRequestHandler"])).get("/")
    clock.advance(4.9)
    assert not response.called
    clock.advance(0.1)
    assert result_of(response).text == "Processing your request...done!"


FRONTENDS = """
import sys

from twisted.internet import reactor

import cyclone.web


class Index(cyclone.web.RequestHandler):
    def initialize(self, port):
        self.port = port

    def get(self):
        request = self.request
        self.write({"port": self.port, "who": request.remote_ip, "how": request.protocol,
                    "host": request.host})


for port in map(int, sys.argv[1:]):
    application = cyclone.web.Application([("/", Index, {"port": port})], xheaders=True)
    reactor.listenTCP(port, application, interface="127.0.0.1")
reactor.run()
"""


def start_nginx(launch: Launcher, configuration: str, port: int) -> None:
    """Start nginx with a configuration in which no path and no user of the system is left."""
    launch.write("nginx.conf", configuration)
    # One process: a worker would outlive a master that is killed.
    words = ["-e", "stderr", "-p", str(launch.directory), "-c", "nginx.conf"]
    words += ["-g", "daemon off; master_process off;"]
    launch.start(str(NGINX), *words).serving(port)


def ask_nginx(port: int, path: str) -> tuple[bytes, str | None, str | None]:
    """Fetch a page; returns body, `Cache-Control` and `Server`."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request("GET", path, headers={"X-Real-IP": "203.0.113.9"})
        answer = client.getresponse()
        body = answer.read()
        return body, answer.getheader("Cache-Control"), answer.getheader("Server")


@with_nginx
@printed("Overview: static files by nginx")
def test_nginx_serves_static_files(launch: Launcher, example: Block) -> None:
    """With a version in the URL, nginx tells the browser to keep the file, as cyclone does."""
    port = free_port()
    root = launch.directory / "friendfeed"
    (root / "static").mkdir(parents=True)
    (root / "static/logo.png").write_bytes(b"logo")
    (root / "index.html").write_bytes(b"index")
    location = example.text.replace("/var/friendfeed/static", str(root))
    configuration = f"""
        user {getpass.getuser()};
        pid {launch.directory}/nginx.pid;
        events {{ }}
        http {{
            access_log off;
            server {{ listen 127.0.0.1:{port}; root {root}; {location} }}
        }}
    """
    start_nginx(launch, configuration, port)
    body, kept, _ = ask_nginx(port, "/static/logo.png?v=aae54")
    assert (body, kept) == (b"logo", "max-age=315360000")
    assert ask_nginx(port, "/static/logo.png")[:2] == (b"logo", None)


@with_nginx
@printed("Overview: nginx in front")
def test_nginx_in_front(launch: Launcher, example: Block) -> None:
    """Nginx spreads requests over four servers, which learn who asks from it and from nobody else."""
    port, *ports = (free_port() for _ in range(5))
    launch.write("frontends.py", FRONTENDS)
    launch.start("python", "frontends.py", *map(str, ports))
    until("servers", lambda: all(answers(number) for number in ports))
    www = launch.directory / "www"
    (www / "static").mkdir(parents=True)
    for name in ("logo.png", "favicon.ico", "robots.txt"):
        (www / "static" / name).write_text(name)
    text = example.text
    replaced = {
        "user nginx;": f"user {getpass.getuser()};",
        "/var/log/nginx/": f"{launch.directory}/",
        "/var/run/nginx.pid": f"{launch.directory}/nginx.pid",
        "/var/www": str(www),
        "listen 80;": f"listen 127.0.0.1:{port};",
    }
    replaced |= {f"127.0.0.1:{8000 + n};": f"127.0.0.1:{ports[n]};" for n in range(4)}
    for old, new in replaced.items():
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    start_nginx(launch, text, port)
    pages = [ask_nginx(port, "/") for _ in range(8)]
    told = [json.loads(body) for body, _, _ in pages]
    assert {page["port"] for page in told} == set(ports)
    # Not what the client has sent in X-Real-IP.
    assert {(page["who"], page["how"]) for page in told} == {("127.0.0.1", "http")}
    assert {page["host"] for page in told} == {f"127.0.0.1:{port}"}
    assert {server for _, _, server in pages} == {"cyclone"}
    assert ask_nginx(port, "/static/logo.png?v=1")[:2] == (b"logo.png", "max-age=315360000")
    for name in ("favicon.ico", "robots.txt"):
        assert ask_nginx(port, f"/{name}")[0] == name.encode()
