"""The Babel extractor: the messages of templates, alone and through the real ``pybabel``."""

import gettext
import logging
import os
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_template import Loader, ParseError, Template
from cyclone_template.babel import Extracted, extract

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGES = Path(__file__).with_name("messages")
KEYWORDS = ("_", "gettext", "ngettext", "pgettext", "npgettext", "translate", "locale")


def find(
    template: str | bytes, tags: tuple[str, ...] = (), **options: str | bool
) -> list[Extracted]:
    """Return everything that is extracted from a template."""
    data = template.encode() if isinstance(template, str) else template
    return list(extract(BytesIO(data), KEYWORDS, tags, options))


def find_comments(template: str, *tags: str) -> list[tuple[str, list[str]]]:
    """Return the messages of a template with their translator comments."""
    return [
        (messages, comments)
        for _, _, messages, comments in find(template, tags or ("NOTE:", "L10N"))
        if isinstance(messages, str)
    ]


class Named(BytesIO):
    """A file that has a name."""

    name = "shop/page.html"


# -- Where messages are found --------------------------------------------------------------------


@pytest.mark.parametrize(
    "template",
    [
        '{{ _("m") }}',
        "<input value=\"{{ _('m') }}\">",
        '{% raw _("m") %}',
        '{% raw(_("m")) %}',
        '{% module Entry(_("m")) %}',
        '{% module forms.Entry(label=_("m")) %}',
        '{% if _("m") in names %}{% end %}',
        '{% if name := _("m") %}{% end %}',
        '{% if a %}{% elif _("m") %}{% end %}',
        '{% while wait(_("m")) %}{% end %}',
        '{% for n in [_("m")] %}{% end %}',
        '{% for names[_("m")] in n %}{% end %}',
        '{% set a = _("m") %}',
        '{% set a, b[_("m")] = 1, 2 %}',
        '{% set a = 1; b = _("m") %}',
        '{% set a += _("m") %}',
        '{% apply wrap(_("m")) %}{% end %}',
        '{% try %}{% except errors[_("m")] as e %}{% end %}',
        '{% autoescape chosen(_("m")) %}',
        '{% block a %}{{ _("m") }}{% super %}{% end %}',
        '\ufeff{{ _("m") }}',
    ],
)
def test_finds_messages_wherever_python_stands(template: str) -> None:
    """Each directive that holds an expression or a statement is searched."""
    assert find(template) == [(1, "_", "m", [])]


@pytest.mark.parametrize(
    "template",
    [
        "",
        '_("m")',
        '{{! _("m") }}{%! set a = _("m") %}',
        '{# _("m") #}{% comment _("m") %}',
        "{{ \"_('m')\" }}",
        '{{ 1 # _("m")\n }}',
        "{% extends _ %}{% include _ %}",
        "{% import gettext %}{% from locale import translate as _ %}",
        "{{ _ }}{{ _.name }}{{ _['m'] }}{{ names['_']('m') }}{{ other('m') }}",
    ],
)
def test_text_that_looks_like_a_call_is_no_message(template: str) -> None:
    """HTML, comments, escaped braces, strings and names of templates hold no messages."""
    assert find(template) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('locale.translate("m")', [("translate", "m")]),
        ('handler.locale.pgettext("c", "m")', [("pgettext", ("c", "m"))]),
        ('self._("m")', [("_", "m")]),
        ('get(1)["x"].gettext("m")', [("gettext", "m")]),
        ('_("a").format(name=_("b"))', [("_", "a"), ("_", "b")]),
        ('_("a", _("b"), n)', [("_", ("a", None, None)), ("_", "b")]),
        ('_(_("a"))', [("_", None), ("_", "a")]),
        ('_("a")(_("b"))', [("_", "a"), ("_", "b")]),
        ("f\"{_('a')} {n:{_('b')}}\" f'{_(1)}'", [("_", "a"), ("_", "b"), ("_", None)]),
        ('lambda _: _("a")', [("_", "a")]),
        ('[_("a") for x in (_("b"), _("c")) if _("d")]', [("_", m) for m in "abcd"]),
        ('{_("a"): _("b")}', [("_", "a"), ("_", "b")]),
        ('_("a") if _("b") else await _("c")', [("_", "a"), ("_", "b"), ("_", "c")]),
    ],
)
def test_finds_calls_anywhere_in_an_expression(code: str, expected: list[Any]) -> None:
    """A call counts by the last word of its function, however deep it stands."""
    assert find(f"{{{{ {code} }}}}") == [(1, *call, []) for call in expected]


# -- The arguments -------------------------------------------------------------------------------

SAME_AS_BABEL = {
    '_("a")': "a",
    "_('''a\nb''')": "a\nb",
    '_("a", n)': ("a", None),
    '_("a", "b", n)': ("a", "b", None),
    '_("a", *rest)': ("a", None),
    "_(*rest)": None,
    '_(n, "a")': (None, "a"),
    '_("a", plural="b", **names)': ("a", "b", None),
    '_(message="a")': "a",
    '_("a" "b" \'c\')': "abc",
    '_("a" + "b")': "ab",
    '_(r"a\\b")': r"a\b",
    '_("a\\n\\u20ac")': "a\n€",
    '_(f"abc")': "abc",
    '_("")': "",
    "_(None)": None,
    "_(1)": None,
    '_(other("a"))': None,
}
# Where Babel's extractor for Python takes tokens for what they look like.
UNLIKE_BABEL = {
    "_()": None,
    '_("a",)': "a",
    '_(("a"))': "a",
    '_(b"a")': None,
    '_("a" f"{{b}}")': "a{b}",
    '_(f"a{b}")': None,
    '_("a" f"{b}" "c")': None,
    '_("a" % b)': None,
    '_("a" - "b")': None,
    '_(b["a"])': None,
    '_(*["a"], b="b", *["c"])': (None, "b", None),
}


@pytest.mark.parametrize(("code", "expected"), [*SAME_AS_BABEL.items(), *UNLIKE_BABEL.items()])
def test_yields_strings_and_none_for_other_arguments(code: str, expected: object) -> None:
    """String literals are joined; what is no literal is None; one argument stands alone."""
    ((line, name, messages, comments),) = find(f"{{{{ {code} }}}}", infer_plurals=False)
    assert (line, name, comments) == (1, "_", [])
    assert messages == expected


@pytest.mark.needs("babel")
@pytest.mark.parametrize("code", SAME_AS_BABEL)
def test_agrees_with_babel_about_arguments(code: str) -> None:
    """A call in a template gives what Babel gives for the same call in a module."""
    from babel.messages.extract import extract_python

    ((_, *expected),) = extract_python(BytesIO(code.encode()), KEYWORDS, [], {})
    ((_, *found),) = find(f"{{{{ {code} }}}}", infer_plurals=False)
    assert found == expected


def test_a_sum_of_many_strings_is_one_message() -> None:
    """A concatenation is not followed by recursion."""
    code = " + ".join(['"a"'] * 900)
    assert find(f"{{{{ _({code}) }}}}") == [(1, "_", "a" * 900, [])]


@given(st.text(), st.text(), st.integers(0, 9))
def test_finds_any_message(message: str, plural: str, lines: int) -> None:
    """Whatever a message says, it is found as it is, on its line."""
    template = "\n" * lines + f"é {{{{ _({message!r}, {plural!r}, 2) }}}}"
    assert find(template) == [(1 + lines, "ngettext", (message, plural, None), [])]


# -- Plurals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ('_("a", "b", n)', "ngettext"),
        ('self.locale.translate("a", "b", n)', "ngettext"),
        ('translate("a", plural_message="b", count=n)', "ngettext"),
        ('pgettext("c", "a", "b", n)', "npgettext"),
        ('_("a", None, n)', "_"),
        ('_("a", "b")', "_"),
        ('pgettext("c", "a", b, n)', "pgettext"),
        ('pgettext("c", "a", "b")', "pgettext"),
        ('gettext("a", "b", n)', "gettext"),
        ('ngettext("a", "b", n)', "ngettext"),
    ],
)
def test_calls_with_a_plural_get_the_name_that_says_so(code: str, name: str) -> None:
    """Only with a plural that is a string, in its place, and only while the option is on."""
    template = f"{{{{ {code} }}}}"
    ((_, plain, messages, _),) = find(template, infer_plurals=False)
    assert f"{plain}(" in code
    assert find(template) == find(template, infer_plurals=True) == [(1, name, messages, [])]


def test_plurals_need_the_keyword() -> None:
    """Without ``ngettext`` among the keywords, nothing is yielded under that name."""
    found = list(extract(BytesIO(b'{{ _("a", "b", n) }}'), ["_"], [], {}))
    assert found == [(1, "_", ("a", "b", None), [])]


# -- Lines ---------------------------------------------------------------------------------------

LINES = """é {# a comment
of two lines #} {{ \"\"\"
\"\"\" and _("3") }}
{{ _("4") }} é{{ f(_("4"),
   _("5"),

   value._(
     "7"), locale
     .translate("9")) }}
{% set a = _("10")
b = _("11")
%}{% if (
_("13")) %}{{ f\"\"\"
{_("14")}
{n} {_("15")} {_("15")}\"\"\" }}{% end %}"""


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_line_is_that_of_the_name_of_the_function(newline: str) -> None:
    """Lines are right behind comments and strings, in long calls, with each kind of newline."""
    found = find(LINES.replace("\n", newline))
    lines = [str(line) for line, _, _, _ in found]
    assert lines == [messages for _, _, messages, _ in found]
    assert len(lines) == 12


# -- Translator comments -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "template",
    [
        '{# NOTE: x #}{{ _("m") }}',
        '{# NOTE: x #}\n<p>{{ _("m") }}',
        '{#NOTE: x\n#}\n{{ _("m") }}',
        '{# NOTE: x #}\n{{\n_("m") }}',
        '{% comment NOTE: x %}{% set a = _("m") %}',
        '{% comment NOTE: x %}\n{% if _("m") %}{% end %}',
        '{{ # NOTE: x\n_("m") }}',
        '{{\n# NOTE: x\n_("m") }}',
        '{{ f("#", # NOTE: x\n _("m")) }}',
        '{% set a = [\n # NOTE: x\n _(\n "m")] %}',
        '{% set a = 1 # NOTE: x\nb = _("m") %}',
        '{# other #}{# NOTE: x #}{{ _("m") }}',
        '{# NOTE: x #}{# other #}{{ _("m") }}',
        '{# other #}\n{# NOTE: x #}\n{{ _("m") }}',
    ],
)
def test_a_comment_belongs_to_the_message_behind_it(template: str) -> None:
    """A tagged comment goes with the message on its last line or the next one."""
    assert find_comments(template) == [("m", ["NOTE: x"])]


@pytest.mark.parametrize(
    "template",
    [
        '{# other NOTE: x #}{{ _("m") }}',
        '{# NOTE: x #}\n\n{{ _("m") }}',
        '{# NOTE: x #}\n\n{# other #}\n{{ _("m") }}',
        '{# NOTE: x #}\n{# #}\n\n{{ _("m") }}',
        '{{ _("m") }}{# NOTE: x #}',
        '{# NOTE: x #}{{ f(\n1,\n_("m")) }}',
        '{{ _("m") # NOTE: x\n}}',
        '{{ f("# NOTE: x", _("m")) }}',
        '{# #}{# {{ #}{% comment %}{% comment %}{{ _("m") }}',
    ],
)
def test_a_comment_elsewhere_belongs_to_no_message(template: str) -> None:
    """Comments without a tag, too far away, behind the message, or in a string are left out."""
    assert find_comments(template) == [("m", [])]


def test_a_comment_belongs_to_one_message() -> None:
    """The second message behind a comment has none."""
    template = '{# NOTE: x #}{{ _("a") }}{{ _("b") }}\n{# more #}{{ _("c") }}'
    assert find_comments(template) == [("a", ["NOTE: x"]), ("b", []), ("c", [])]


@pytest.mark.parametrize(
    ("template", "comments"),
    [
        ("{# NOTE: one\n\n   two  \n#}", ["NOTE: one", "two"]),
        ("{# NOTE: one #}\n{# two #}\n{# three #}\n", ["NOTE: one", "two", "three"]),
        ("{# NOTE: one #}{# L10N two #}", ["NOTE: one", "L10N two"]),
        ("{# NOTE: one #}\n\n{# L10N two #}", ["L10N two"]),
        ("{# NOTE: one #}{# no\nmore #}{# L10N two #}", ["NOTE: one", "L10N two"]),
    ],
)
def test_comments_go_on(template: str, comments: list[str]) -> None:
    """A comment has several lines, or the next one goes on with it."""
    assert find_comments(template + '{{ _("m") }}') == [("m", comments)]


def test_comments_of_python_go_on() -> None:
    """The next line of a comment inside a tag belongs to it."""
    template = '{{\n# NOTE: one\n# two\n_("a") + _("b") }}'
    assert find_comments(template) == [("a", ["NOTE: one", "two"]), ("b", [])]


def test_without_tags_there_are_no_comments() -> None:
    """No tag is no wish for comments, not a wish for all of them."""
    template = '{# NOTE: x #}{{ # NOTE: y\n_("m") }}'
    assert find(template) == [(2, "_", "m", [])]


# -- Files, options and errors -------------------------------------------------------------------


def test_reads_files_in_text_mode() -> None:
    """A file that gives text needs no encoding."""
    found = list(extract(StringIO('\ufeff\n{{ _("é") }}'), KEYWORDS, [], {"encoding": "ascii"}))
    assert found == [(2, "_", "é", [])]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8"])
def test_reads_other_encodings(encoding: str) -> None:
    """The option says how the file is to be decoded."""
    assert find('é\n{{ _("é") }}'.encode(encoding), encoding=encoding) == [(2, "_", "é", [])]


@pytest.mark.parametrize("encoding", ["utf-9", "hex", "undefined"])
def test_an_encoding_must_decode_text(encoding: str) -> None:
    """A wrong option is an error that names it, even if silence is wanted."""
    with pytest.raises(ValueError, match=f"the option 'encoding' .* is '{encoding}'"):
        find("m", encoding=encoding, silent="true")


@pytest.mark.parametrize("value", ["maybe", "", 2, None])
@pytest.mark.parametrize("option", ["silent", "infer_plurals"])
def test_flags_are_true_or_false(option: str, value: Any) -> None:  # noqa: ANN401  any wrong value
    """Another word is an error that says what to write."""
    with pytest.raises(ValueError, match=f"'{option}' .* is {value!r}: write 'true' or 'false'"):
        find("", **{option: value})


@pytest.mark.parametrize(
    ("value", "silent"),
    [
        *[(value, True) for value in ("true", "Yes", "on", "1", 1, True)],
        *[(value, False) for value in ("false", "NO", "off", "0", 0, False)],
    ],
)
def test_flags_have_the_words_of_mapping_files(value: Any, silent: bool) -> None:  # noqa: ANN401
    """They are written as configparser reads them, or are what TOML makes of them."""
    if silent:
        assert find("{{", silent=value) == []
    else:
        with pytest.raises(ParseError):
            find("{{", silent=value)


WRONG = {
    '{{ _("a") }}\n{{ _("b" }}\n{{ _("c") }}': 2,
    '{{ _("a") }}\n{{ }}': 2,
    '{{ _("a") }}\n\n{{ _("b"': 3,
    '{{ _("a") }}{% if %}{% end %}': 1,
    '{{ _("a") }}\n{% fi x %}': 2,
    '{{ _("a") }}\n{% if x %}': 2,
    '{{ _("a") }}\n{% + %}': 2,
    '{{ _("a") }}\n{% set return _("b") %}': 2,
}


@pytest.mark.parametrize(("template", "line"), WRONG.items())
def test_a_template_that_cannot_be_parsed_is_an_error(template: str, line: int) -> None:
    """The error has file and line and says what the engine itself would say."""
    with pytest.raises(ParseError) as caught:
        list(extract(Named(template.encode()), KEYWORDS, [], {}))
    assert (caught.value.filename, caught.value.lineno) == ("shop/page.html", line)
    with pytest.raises(ParseError) as engine:
        Template(template, name="shop/page.html")
    assert str(caught.value) == str(engine.value)


@pytest.mark.parametrize(("template", "line"), WRONG.items())
def test_silent_yields_what_was_found_and_warns(
    template: str, line: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With the option, the mistake is a warning and ends the search."""
    with caplog.at_level(logging.WARNING, "cyclone.template"):
        assert find(template, silent="true") == [(1, "_", "a", [])]
    ((logger, level, message),) = caplog.record_tuples
    assert (logger, level) == ("cyclone.template", logging.WARNING)
    assert message.startswith("Messages are missing: ")
    assert message.endswith(f" at <template>:{line}")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (Named(b"\n\n\xe9"), "The template is not utf-8: .*'encoding' at shop/page.html:3"),
        (StringIO("\n\ud800"), "The template cannot be encoded: .* at <template>:2"),
    ],
)
def test_what_is_no_text_is_an_error(
    file: Named | StringIO, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Wrong bytes and lone surrogates have a line, and are a warning if that is wanted."""
    with pytest.raises(ParseError, match=said):
        list(extract(file, KEYWORDS, [], {}))
    file.seek(0)
    assert list(extract(file, KEYWORDS, [], {"silent": "true"})) == []
    assert len(caplog.messages) == 1


PIECES = ["{{", "}}", "{%", "%}", "{#", "#}", "\n", "\r", '"', "'", "(", ")", "_(", "'m'", "f'{"]
PIECES += [
    "set a = ",
    "if ",
    "for a in ",
    "end",
    "comment ",
    "NOTE:",
    "#",
    "}",
    "\\",
    ",",
    "é",
    "\0",
]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_extracted_or_refused_with_a_line(text: str) -> None:
    """Any text gives well-formed messages or a ParseError with a line of it, and nothing else."""
    found: list[Extracted] = []
    lines = [1]
    try:
        found = find(text, ("NOTE:",))
    except ParseError as error:
        lines = [error.lineno]
    lines += [line for line, _, _, _ in found]
    assert lines == sorted(lines)
    assert 1 <= min(lines) <= max(lines) <= text.count("\n") + text.count("\r") + 1
    assert {name for _, name, _, _ in found} <= set(KEYWORDS)


def test_imports_no_babel() -> None:
    """The module works without Babel, and loads nothing of it where it is installed."""
    code = "import cyclone_template.babel, sys; print([n for n in sys.modules if n == 'babel'])"
    done = subprocess.run(  # noqa: S603  our own interpreter, our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


# -- The real thing ------------------------------------------------------------------------------

# File, line, context, message with plural, translator comments. Sorted.
EXPECTED = {
    ("base.html", 4, None, "Café Zucchini", "NOTE: the name of the shop; keep it short"),
    ("base.html", 6, None, "Start", ""),
    ("base.html", 6, "noun", "Basket", ""),
    ("base.html", 12, None, "All prices in {currency}", ""),
    ("basket.html", 2, "noun", "Basket", ""),
    ("basket.html", 6, None, "Your basket", "NOTE: stands above the list of all vegetables"),
    ("basket.html", 7, None, ("{count} vegetable", "{count} vegetables"), ""),
    ("basket.html", 8, "weight", ("{count} kilo", "{count} kilos"), ""),
    ("basket.html", 10, None, "It is empty.", ""),
    ("basket.html", 11, None, "Too much!", ""),
    ("basket.html", 16, None, "Pay now", "NOTE: a button"),
    ("basket.html", 21, None, "Hint: ", ""),
    ("basket.html", 21, None, "Wash before use.", ""),
    ("basket.html", 22, None, "Total", ""),
    ("account/login.html", 1, None, "Sign in", ""),
    ("account/login.html", 3, None, "name or e-mail", ""),
    ("account/login.html", 4, None, "send", ""),
    ("account/login.html", 5, None, "Forgot your <b>password</b>?", ""),
    ("account/login.html", 5, None, "Ask us", ""),
    ("account/login.html", 6, None, "nobody", ""),
    ("account/login.html", 6, None, "Hello, nobody", ""),
    ("account/login.html", 7, None, ("one moment", "{n} moments"), ""),
    ("mail/receipt.txt", 2, None, "Dear {name},", ""),
    (
        "mail/receipt.txt",
        4,
        None,
        ("%d crate is on its way.", "%d crates are on their way."),
        "",
    ),
}
POLISH = {
    "Your basket": "Twój koszyk",
    ("{count} vegetable", "{count} vegetables"): (
        "{count} warzywo",
        "{count} warzywa",
        "{count} warzyw",
    ),
    ("{count} kilo", "{count} kilos"): ("{count} kilo", "{count} kila", "{count} kil"),
    "Basket": "Koszyk",
    "Pay now": "Zapłać",
}


def pybabel(*arguments: str | Path, folder: Path = MESSAGES, status: int = 0) -> str:
    """Run ``pybabel`` in a folder of templates; return what it writes to stderr."""
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-m", "babel.messages.frontend", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


def read_template_file(path: Path) -> set[tuple[str, int, str | None, Any, str]]:
    """Return what stands in a .pot file, as ``EXPECTED`` has it."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return {
            (name, line, message.context, message.id, " ".join(message.auto_comments))
            for message in read_po(file)
            for name, line in message.locations
        }


@pytest.mark.needs("babel")
def test_pybabel_extract_finds_all_messages(tmp_path: Path) -> None:
    """A directory of templates gives every message once, with file, line, context and plural."""
    pot = tmp_path / "shop.pot"
    pybabel("extract", "-F", "babel.cfg", "-c", "NOTE:", "-k", "translate", "-o", pot, ".")
    assert read_template_file(pot) == EXPECTED


@pytest.mark.needs("babel")
def test_keywords_can_say_it_all(tmp_path: Path) -> None:
    """Without the rule for plurals, arguments of ``-k`` with numbers do the same."""
    mapping = tmp_path / "babel.cfg"
    mapping.write_text("[cyclone: **]\ninfer_plurals = false\n[ignore: babel.cfg]\n")
    pot = tmp_path / "shop.pot"
    specs = "_:1 _:1,2,3t pgettext:1c,2 pgettext:1c,2,3,4t translate:1 translate:1,2,3t"
    keywords = [word for spec in specs.split() for word in ("-k", spec)]
    folders = ["account", "mail", "base.html", "basket.html"]
    pybabel("extract", "-F", mapping, "-c", "NOTE:", *keywords, "-o", pot, *folders)
    assert read_template_file(pot) == EXPECTED


@pytest.mark.needs("babel")
def test_pybabel_strips_the_tags_of_comments(tmp_path: Path) -> None:
    """What Babel does with the comments of its own extractors it can do with ours."""
    pot = tmp_path / "shop.pot"
    pybabel("extract", "-F", "babel.cfg", "-s", "-c", "NOTE:", "-o", pot, ".")
    assert "#. a button\n" in pot.read_text(encoding="utf-8")


def fill_in(path: Path) -> None:
    """Fill a .po file in, as a translator would."""
    from babel.messages.pofile import read_po, write_po

    with path.open("rb") as file:
        catalog = read_po(file)
    for message in catalog:
        message.string = POLISH.get(message.id, message.string)
    with path.open("wb") as file:
        write_po(file, catalog)


@pytest.mark.needs("babel")
def test_a_page_is_rendered_in_the_language_of_the_catalogue(tmp_path: Path) -> None:
    """Extract, init, translate, compile: the page then speaks Polish, in three plural forms."""
    pot = tmp_path / "shop.pot"
    pybabel("extract", "-F", "babel.cfg", "-o", pot, ".")
    pybabel("init", "-i", pot, "-d", tmp_path, "-D", "shop", "-l", "pl")
    fill_in(tmp_path / "pl" / "LC_MESSAGES" / "shop.po")
    pybabel("compile", "-d", tmp_path, "-D", "shop")
    catalog = gettext.translation("shop", tmp_path, ["pl"])
    loader = Loader(MESSAGES, whitespace="oneline")

    def render(count: int) -> str:
        page = loader.load("basket.html").generate(
            _=_with_plural(catalog.gettext, catalog.ngettext),
            pgettext=_with_plural(catalog.pgettext, catalog.npgettext),
            locale=type("Locale", (), {"code": "pl"}),
            rows=range(count),
            kilos=count,
            limit=9,
            unknown="Basket",
        )
        assert isinstance(page, bytes)
        return page.decode()

    assert "<title>Koszyk</title>" in render(1)
    assert "<h1>Twój koszyk</h1> <p>1 warzywo</p> <p>1 kilo</p>" in render(1)
    assert "<p>3 warzywa</p> <p>3 kila</p>" in render(3)
    assert "<p>5 warzyw</p> <p>5 kil</p>  Zapłać" in render(5)


def _with_plural(one: "Callable[..., str]", many: "Callable[..., str]") -> "Callable[..., str]":
    """Return a function with optional plural and count at the end, as a locale has it."""

    def translate(*arguments: Any) -> str:  # noqa: ANN401  text, and a number at the end
        return (many if isinstance(arguments[-1], int) else one)(*arguments)

    return translate


@pytest.mark.needs("babel")
def test_pybabel_stops_at_a_broken_template(tmp_path: Path) -> None:
    """A mistake ends ``pybabel`` with file and line; with ``silent`` it is a warning."""
    Path(tmp_path, "page.html").write_text('{{ _("a") }}\n{{ _("b" }}\n')
    mapping, pot = tmp_path / "babel.cfg", tmp_path / "shop.pot"
    command = ("extract", "-F", mapping, "-o", pot, ".")
    mapping.write_text("[cyclone: **.html]\n")
    assert "page.html:2" in pybabel(*command, folder=tmp_path, status=1)
    mapping.write_text("[cyclone: **.html]\nsilent = true\n")
    assert "page.html:2" in pybabel(*command, folder=tmp_path)
    assert read_template_file(pot) == {("page.html", 1, None, "a", "")}
