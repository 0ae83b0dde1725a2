"""`OptionParser`: options of a command line, of a file, of the environment, and of the program."""

import copy
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cyclone_core.options import Error, OptionParser, UnknownOptionError

HelpText = Callable[[], str]
NoName = Any


@pytest.fixture
def options() -> OptionParser:
    """A parser with the options that most tests need."""
    parser = OptionParser()
    parser.define("port", default=80, help="port to listen on")
    parser.define("debug", default=False)
    parser.define("log-dir", metavar="DIR")
    return parser


@pytest.fixture
def help_text(capsys: pytest.CaptureFixture[str]) -> Iterator[HelpText]:
    """A function that takes what was printed on stderr."""
    yield lambda: capsys.readouterr().err
    out, err = capsys.readouterr()
    assert not out + err


# Reading and setting.


def test_attributes_and_items(options: OptionParser) -> None:
    """An option is an attribute and an item, with dashes or underscores."""
    assert options.port == options["port"] == 80
    options.log_dir = "/a"
    assert options["log-dir"] == options["log_dir"] == options.log_dir == "/a"
    options["log-dir"] = "/b"
    assert options.log_dir == "/b"


def test_called_like_a_method(options: OptionParser) -> None:
    """An option that is called like a method can be read as an item."""
    options.define("items", default=3)
    assert options["items"] == 3
    assert callable(options.items)


def test_wrong_type(options: OptionParser) -> None:
    """What is assigned must have the type; a text is not parsed."""
    with pytest.raises(Error, match="option 'port' takes an int, not '2', a str"):
        options.port = "2"


def test_unknown(options: OptionParser) -> None:
    """An option that nobody has defined is an Error and an AttributeError, with a guess."""
    with pytest.raises(UnknownOptionError, match=r"option 'prot'; do you mean 'port'\?"):
        _ = options.prot
    with pytest.raises(AttributeError, match="'log_dirs'; do you mean 'log-dir'"):
        options.log_dirs = 1
    with pytest.raises(Error, match=r"Unrecognized option 'xyz'$"):
        _ = options["xyz"]
    with pytest.raises(Error, match="xyz"):
        options["xyz"] = 1
    assert not hasattr(options, "xyz")
    assert getattr(options, "xyz", 7) == 7


def test_contains(options: OptionParser) -> None:
    """`in` asks for names, with dashes or underscores."""
    assert "log_dir" in options
    assert "log-dir" in options
    assert "help" in options
    assert "xyz" not in options
    assert 7 not in options


def test_all(options: OptionParser) -> None:
    """Iteration, items and dicts have the names as they were defined."""
    assert list(options) == ["help", "port", "debug", "log-dir"]
    assert options.items() == [("help", None), ("port", 80), ("debug", False), ("log-dir", None)]
    assert options.as_dict() == dict(options.items())


def test_groups(options: OptionParser) -> None:
    """A group is a name, or the file that calls `define`; "" gives all options."""
    options.define("static_path", default="s", group="application")
    assert options.groups() == {"", __file__, "application"}
    assert options.group_dict("application") == {"static_path": "s"}
    assert options.group_dict(__file__) == {"port": 80, "debug": False, "log-dir": None}
    assert options.group_dict("") == options.as_dict()
    assert options.group_dict("nowhere") == {}


def test_copy(options: OptionParser) -> None:
    """A copy can be made, and shares its options."""
    double = copy.copy(options)
    double.port = 90
    assert options.port == 90


# Defining.


@pytest.mark.parametrize("first", ["log-level", "log_level"])
@pytest.mark.parametrize("second", ["log-level", "log_level"])
def test_twice(first: str, second: str) -> None:
    """A name can be defined once, and the message says where it was."""
    options = OptionParser()
    options.define(first)
    with pytest.raises(Error, match=rf"Option '{second}' is already defined in .*test_parser\.py"):
        options.define(second)


def test_help_is_taken() -> None:
    """There is an option `help` already."""
    with pytest.raises(Error, match="'help' is already defined in this module"):
        OptionParser().define("help")


@pytest.mark.parametrize("name", ["", "-", "--port", "a=b", "a b", " a", "a\n", 7, None])
def test_no_name(name: NoName) -> None:
    """A name that could never be given is refused."""
    with pytest.raises(Error, match="an option cannot be called"):
        OptionParser().define(name)


def test_no_type() -> None:
    """A type that cannot be called is refused."""
    with pytest.raises(Error, match="the type of option 'a' is a class or a function, not 'int'"):
        OptionParser().define("a", type="int")  # type: ignore[arg-type]


def test_type_of_default() -> None:
    """Without a type it is that of the default; of a list, and without a default, it is str."""
    options = OptionParser()
    options.define("ratio", default=1.5)
    options.define("hosts", default=["a"], multiple=True)
    options.define("name")
    options.parse_command_line(["x", "--ratio=2", "--hosts=b,c", "--name=3"])
    assert (options.ratio, options.hosts, options.name) == (2.0, ["b", "c"], "3")


# The command line.


def test_command_line(options: OptionParser) -> None:
    """Options end at the first word that is none; the first word of all is the program."""
    words = ["--port=9", "--port=443", "--debug", "-log_dir=/a=b", "sub", "--foo=bar"]
    assert options.parse_command_line(words) == ["sub", "--foo=bar"]
    assert (options.port, options.debug, options.log_dir) == (443, True, "/a=b")


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ([], []),
        (["x"], []),
        (["x", "--", "--port=1"], ["--port=1"]),
        (["x", "-", "--port=1"], ["-", "--port=1"]),
        (["x", "--debug=off", ""], [""]),
    ],
)
def test_rest(options: OptionParser, words: list[str], rest: list[str]) -> None:
    """What is behind the options is returned."""
    assert options.parse_command_line(words) == rest
    assert options.port == 80
    assert options.debug is False


def test_own_command_line(options: OptionParser, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default it is the command line of the process."""
    monkeypatch.setattr(sys, "argv", ["x", "--port=1", "rest"])
    assert options.parse_command_line() == ["rest"]
    assert options.port == 1


def test_unknown_word(options: OptionParser, help_text: HelpText) -> None:
    """An unknown option is an Error behind the help text."""
    with pytest.raises(UnknownOptionError) as caught:
        options.parse_command_line(["x", "--prot=1"])
    assert str(caught.value) == "command line: Unrecognized option 'prot'; do you mean 'port'?"
    assert "--port" in help_text()


def test_value_is_missing(options: OptionParser) -> None:
    """Only a bool needs no value."""
    with pytest.raises(
        Error, match=r"^command line: option 'log-dir' requires a value: --log-dir=V"
    ):
        options.parse_command_line(["x", "--log_dir"])


def test_wrong_value(options: OptionParser) -> None:
    """A wrong value is an Error that says where it stands."""
    with pytest.raises(Error, match=r"^command line: option 'port' takes an int, not 'http'"):
        options.parse_command_line(["x", "--port=http"])


def test_subcommand(options: OptionParser) -> None:
    """The rest of one parser is the command line of another."""
    sub = OptionParser()
    sub.define("foo", type=str)
    rest = options.parse_command_line(["x", "--debug", "run", "--foo=bar"])
    assert sub.parse_command_line(rest) == []
    assert sub.foo == "bar"
    assert "foo" not in options


def test_callbacks(options: OptionParser) -> None:
    """Parse callbacks are run behind each parsing that is final, in their order."""
    called: list[int] = []
    options.add_parse_callback(lambda: called.append(options.port))
    options.add_parse_callback(lambda: called.append(0))
    options.parse_command_line(["x", "--port=1"], final=False)
    assert called == []
    options.parse_command_line(["x", "--port=2"])
    assert called == [2, 0]
    options.run_parse_callbacks()
    assert called == [2, 0, 2, 0]


# Help.


def test_help(options: OptionParser, help_text: HelpText) -> None:
    """`--help` prints the options and ends the program without an error."""
    with pytest.raises(SystemExit) as caught:
        options.parse_command_line(["x", "--help"])
    assert caught.value.code == 0
    text = help_text()
    assert text.startswith("Usage: ")
    assert "  --port                          port to listen on (default 80)\n" in text
    options.parse_command_line(["x", "--help=false"])


def test_print_help(options: OptionParser, help_text: HelpText) -> None:
    """Help goes to stderr or to a file, with dashes in names."""
    file = io.StringIO()
    options.print_help(file)
    assert "  --log-dir=DIR\n" in file.getvalue()
    options.print_help()
    assert help_text() == file.getvalue()


# Files.


def test_file(options: OptionParser, tmp_path: Path) -> None:
    """A file gives values, or texts that are parsed; other names are ignored."""
    options.define("ports", type=int, multiple=True)
    options.define("hosts", multiple=True)
    path = tmp_path / "app.conf"
    path.write_text(
        "import os\nport = '443'\ndebug = True\nlog_dir = os.path.dirname(__file__)\n"
        "ports = '1,3:5'\nhosts = ['a', 'b']\nother = object()\n"
    )
    options.parse_config_file(str(path))
    assert (options.port, options.debug, options.log_dir) == (443, True, str(tmp_path))
    assert (options.ports, options.hosts) == ([1, 3, 4, 5], ["a", "b"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "debug = True\nport = 'http'",
            ", line 2: option 'port' takes an int, not 'http' (invalid",
        ),
        ("port = 1.5", ", line 1: option 'port' takes an int, not 1.5, a float"),
        ("log_dir = 1", ", line 1: option 'log-dir' takes a str, not 1, a int"),
        (
            "\nhosts = 7",
            ", line 2: option 'hosts' takes a list of str, as text 'a,b,c', not 7, a i",
        ),
        ("vars()['port'] = []", ": option 'port' takes an int, not [], a list"),
        ("port =", ", line 1: invalid syntax"),
    ],
)
def test_wrong_file(options: OptionParser, tmp_path: Path, text: str, said: str) -> None:
    """A wrong value in a file is an Error with file, line, option, and what it takes."""
    options.define("hosts", multiple=True)
    path = tmp_path / "app.conf"
    path.write_text(text)
    with pytest.raises(Error) as caught:
        options.parse_config_file(str(path))
    assert str(caught.value).startswith(f"{path}{said}")


def test_file_of_an_option(options: OptionParser, tmp_path: Path) -> None:
    """An option may parse a file: later words win over it, earlier ones do not."""
    path = tmp_path / "app.conf"
    path.write_text("port = 2\nlog_dir = 'file'")
    called: list[int] = []
    options.add_parse_callback(lambda: called.append(1))
    options.define("config", callback=lambda name: options.parse_config_file(name, final=False))
    options.parse_command_line(["x", "--port=1", f"--config={path}", "--log-dir=word"])
    assert (options.port, options.log_dir, called) == (2, "word", [1])
    options.parse_config_file(str(path))
    assert (options.log_dir, called) == ("file", [1, 1])


# The environment.


def test_environment(options: OptionParser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that an option names counts more than the default, and less than what is parsed."""
    values: list[int] = []
    options.define("size", default=1, env="APP_SIZE", callback=values.append)
    monkeypatch.setenv("APP_SIZE", "2")
    assert options.size == 1
    options.parse_command_line(["x"])
    assert options.size == 2
    monkeypatch.setenv("APP_SIZE", "3")
    options.parse_command_line(["x", "--size=4"])
    assert values == [2, 4]


def test_environment_behind_a_file(
    options: OptionParser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file wins over the environment, unless that is parsed once more."""
    monkeypatch.setenv("APP_SIZE", "2")
    options.define("size", default=1, env="APP_SIZE")
    path = tmp_path / "app.conf"
    path.write_text("size = 3")
    options.parse_config_file(str(path), final=False)
    assert options.size == 3
    options.parse_environment()
    assert options.size == 2


def test_prefix(options: OptionParser) -> None:
    """With a prefix each option has a variable, but `help`, and those that name one."""
    options.define("size", default=1, env="SIZE")
    called: list[int] = []
    options.add_parse_callback(lambda: called.append(1))
    environ = {
        "APP_PORT": "1",
        "APP_DEBUG": "yes",
        "APP_LOG_DIR": "",
        "APP_SIZE": "5",
        "SIZE": "6",
        "APP_HELP": "1",
        "APP_OTHER": "1",
    }
    options.parse_environment("APP_", final=False, environ=environ)
    assert called == []
    assert (options.port, options.debug, options.log_dir, options.size) == (1, True, None, 6)
    options.parse_environment("APP_", environ={})
    assert called == [1]


def test_wrong_variable(options: OptionParser) -> None:
    """A wrong value is an Error that names the variable; a prefix cannot be empty."""
    with pytest.raises(Error, match=r"^environment variable APP_PORT: option 'port' takes an int"):
        options.parse_environment("APP_", environ={"APP_PORT": "http"})
    with pytest.raises(Error, match="PATH and HOME"):
        options.parse_environment("")


# Mocking.


def test_mockable(options: OptionParser) -> None:
    """`patch.object` sets an attribute and deletes it; both work, one within another."""
    outer, inner = options.mockable(), options.mockable()
    outer.port = 3
    assert outer.port == options.port == 3
    options.port = 4
    inner.port = 5
    assert options.port == 5
    del inner.port
    assert options.port == 4
    del outer.port
    assert options.port == 80
    outer.port = 6
    del outer.port


def test_mockable_twice(options: OptionParser) -> None:
    """One object patches an option once, and only what it has set can be undone."""
    patch = options.mockable()
    with pytest.raises(Error, match="'port' was not set through this object"):
        del patch.port
    with pytest.raises(Error, match="takes an int"):
        patch.port = "wrong"
    patch.port = 1
    with pytest.raises(Error, match="'port' is patched already"):
        patch.port = 2
    assert options.port == 1
