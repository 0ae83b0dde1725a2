"""The translation guide that cyclone 1.x printed, followed step by step in an empty folder.

The files and commands are those of the guide. Two things differ from its text: the indentation,
which was lost on the way here, and the `-` at the end of the xgettext command. Without it GNU
xgettext says "no input file given" instead of reading the pipe. The server takes a free port.
"""

import html
import http.client
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest
from babel.messages.pofile import read_po
from startup_processes import PATIENCE, Launcher, free_port

FOOBAR_TAC = """\
# coding: utf-8
# twisted application: foobar.tac

import cyclone.web
import cyclone.locale
from twisted.application import service, internet

class BaseHandler(cyclone.web.RequestHandler):
    def get_user_locale(self):
        lang = self.get_cookie("lang")
        return cyclone.locale.get(lang)

class IndexHandler(BaseHandler):
    def get(self):
        self.render("index.html")

    def post(self):
        _ = self.locale.translate
        name = self.get_argument("name")
        self.write(_("the name is: %s" % name))

class LangHandler(cyclone.web.RequestHandler):
    def get(self, lang):
        if lang in cyclone.locale.get_supported_locales():
            self.set_cookie("lang", lang)
        self.redirect("/")

class Application(cyclone.web.Application):
    def __init__(self):
        handlers = [
            (r"/", IndexHandler),
            (r"/lang/(.+)", LangHandler),
        ]
        settings = {
            "static_path": "./static",
            "template_path": "./template",
        }
        cyclone.locale.load_gettext_translations("./locale", "foobar")
        cyclone.web.Application.__init__(self, handlers, **settings)

application = service.Application("foobar")
internet.TCPServer(8888, Application(),
    interface="127.0.0.1").setServiceParent(application)
"""

INDEX_HTML = """\
<html>
<body>
    <form action="/" method="post">
    <p>{{ _("write someone's name:") }}</p>
    <input type="text" name="name">
    <input type="submit" value="{{ _('send') }}">
    </form>
    <br>
    <p>{{ _("change language:") }}</p>
    <p><a href="/lang/en_US">English (US)</a></p>
    <p><a href="/lang/pt_BR">Portuguese (BR)</a></p>
</body>
</html>
"""

FIX_PY = '''\
#!/usr/bin/env python
# coding: utf-8
# fix.py

import re, sys

if __name__ == "__main__":
    try:
        filename = sys.argv[1]
        assert filename != "-"
        fd = open(filename)
    except:
        fd = sys.stdin

    line_re = re.compile(r"""['"]{{|}}['"] """)
    for line in fd:
        line = line_re.sub(r"", line)
        sys.stdout.write(line)
    fd.close()
'''

EXTRACT = r"""
cat foobar.tac template/index.html | python fix.py | \
    xgettext --language=Python --from-code=utf-8 --keyword=_:1,2 -d foobar -
"""
COMPILE = """
mkdir -p ./locale/pt_BR/LC_MESSAGES/
msgfmt foobar.po -o ./locale/pt_BR/LC_MESSAGES/foobar.mo
"""

# What the guide means by "translate everything".
PORTUGUESE = {
    "the name is: %s": "o nome é: %s",
    "write someone's name:": "escreva o nome de alguém:",
    "send": "enviar",
    "change language:": "mudar de língua:",
}

# A process of its own: the catalogues of cyclone.locale belong to the whole process.
RENDER = """
import sys
import cyclone.locale, cyclone.template
cyclone.locale.load_gettext_translations("./locale", "foobar")
assert cyclone.locale.get_supported_locales() == {"en_US", "pt_BR"}
loader = cyclone.template.Loader("./template")
locale = cyclone.locale.get(sys.argv[1])
sys.stdout.buffer.write(loader.load("index.html").generate(_=locale.translate))
"""

BABEL_MAPPING = """
[cyclone: template/**.html]

[python: **.tac]
"""


def run(folder: Path, *command: str) -> str:
    """Run a program in the folder, with our Python first on PATH, and return what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(
    port: int, method: str, path: str, form: Mapping[str, str] | None = None, cookie: str = ""
) -> tuple[str, str, str]:
    """Ask the server; returns the body, the cookie that it sets and where it redirects to."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as client:
        client.request(method, path, urlencode(form) if form else None, headers)
        answer = client.getresponse()
        told = [answer.getheader(name, "") for name in ("Set-Cookie", "Location")]
        return html.unescape(answer.read().decode()), told[0].partition(";")[0], told[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write the files of the guide and extract their messages as it says."""
    (tmp_path / "template").mkdir()
    (tmp_path / "foobar.tac").write_text(FOOBAR_TAC, encoding="utf-8")
    (tmp_path / "template/index.html").write_text(INDEX_HTML, encoding="utf-8")
    (tmp_path / "fix.py").write_text(FIX_PY, encoding="utf-8")
    run(tmp_path, "bash", "-euo", "pipefail", "-c", EXTRACT)
    return tmp_path


def translate(catalogue: Path) -> None:
    """Fill in a catalogue as a person does in an editor: the charset, then every message."""
    text = catalogue.read_text(encoding="utf-8").replace("charset=CHARSET", "charset=UTF-8")
    for english, portuguese in PORTUGUESE.items():
        empty = f'msgid "{english}"\nmsgstr ""\n'
        assert empty in text
        text = text.replace(empty, f'msgid "{english}"\nmsgstr "{portuguese}"\n')
    catalogue.write_text(text, encoding="utf-8")


def messages(catalogue: Path) -> dict[str, list[tuple[str, int]]]:
    """Return the messages of a catalogue with the places that it names."""
    # As text: a catalogue that nobody has edited has the charset "CHARSET".
    with catalogue.open(encoding="utf-8") as file:
        return {str(one.id): one.locations for one in read_po(file) if one.id}


def test_page_is_translated(project: Path) -> None:
    """The page of the guide comes in Portuguese once its catalogue is compiled."""
    translate(project / "foobar.po")
    run(project, "bash", "-euo", "pipefail", "-c", COMPILE)
    page = html.unescape(run(project, sys.executable, "-c", RENDER, "pt_BR"))
    assert "<p>escreva o nome de alguém:</p>" in page
    assert '<input type="submit" value="enviar">' in page
    assert "<p>mudar de língua:</p>" in page
    assert '<p><a href="/lang/pt_BR">Portuguese (BR)</a></p>' in page


def test_page_without_translation(project: Path) -> None:
    """Another language gets the text of the template, in the same places."""
    translate(project / "foobar.po")
    run(project, "bash", "-euo", "pipefail", "-c", COMPILE)
    page = html.unescape(run(project, sys.executable, "-c", RENDER, "en_US"))
    assert "<p>write someone's name:</p>" in page
    assert '<input type="submit" value="send">' in page
    assert "<p>change language:</p>" in page


def test_babel_finds_the_same(project: Path) -> None:
    """`pybabel extract` finds what the detour through fix.py and xgettext does, with its lines."""
    (project / "babel.cfg").write_text(BABEL_MAPPING, encoding="utf-8")
    pybabel = [sys.executable, "-m", "babel.messages.frontend", "--quiet"]
    run(project, *pybabel, "extract", "-F", "babel.cfg", "-o", "babel.pot", ".")
    found = messages(project / "babel.pot")
    assert found.keys() == messages(project / "foobar.po").keys() == PORTUGUESE.keys()
    assert found == {
        "the name is: %s": [("foobar.tac", 20)],
        "write someone's name:": [("template/index.html", 4)],
        "send": [("template/index.html", 6)],
        "change language:": [("template/index.html", 9)],
    }


@pytest.mark.parametrize("mended", [False, True])
def test_finished_application(project: Path, launch: Launcher, mended: bool) -> None:
    """`twistd -ny foobar.tac`: the links choose the language.

    The answer to the form is never translated as printed: the name is put into the message before its
    translation is looked up. Behind the closing parenthesis it is.
    """
    text = FOOBAR_TAC
    if mended:
        printed = '_("the name is: %s" % name)'
        assert printed in text
        text = text.replace(printed, '_("the name is: %s") % name')
    port = free_port()
    (project / "foobar.tac").write_text(text.replace("8888", str(port)), encoding="utf-8")
    translate(project / "foobar.po")
    run(project, "bash", "-euo", "pipefail", "-c", COMPILE)
    server = Launcher(project, launch.directory)
    try:
        server.start("twistd", "-ny", "foobar.tac").serving(port)
        assert "write someone's name:" in ask(port, "GET", "/")[0]
        assert ask(port, "GET", "/lang/pt_BR")[1:] == ("lang=pt_BR", "/")
        assert ask(port, "GET", "/lang/xx")[1:] == ("", "/")
        assert "escreva o nome de alguém:" in ask(port, "GET", "/", cookie="lang=pt_BR")[0]
        told = ask(port, "POST", "/", {"name": "Zé"}, "lang=pt_BR")[0]
        assert told == ("o nome é: Zé" if mended else "the name is: Zé")
    finally:
        server.close()
