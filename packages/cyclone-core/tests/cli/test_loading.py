"""From a name or a file to a factory, and each way to fail."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.protocol import ServerFactory

from cyclone_core.cli.loading import Found, find, make, put_first
from cyclone_core.cli.problems import ApplicationProblem, UsageProblem

Write = Callable[..., Path]

FACTORIES = """
from twisted.internet.protocol import ServerFactory

class Own(ServerFactory):
    def __init__(self, argument=None):
        self.argument = argument

Application = lambda: Own()
instance = Own("made before")
number = 7

def broken_app():
    return 1 / 0

def needs_app(argument):
    return Own(argument)

def leaving_app():
    raise SystemExit
"""


def located(write: Write, name: str, text: str = FACTORIES) -> Path:
    """Write a module and make its directory the first on the path."""
    directory = write(name, text).parent
    root = Path.cwd()
    put_first(root)
    assert directory.is_relative_to(root)
    return root


def refusal(kind: type[Exception], target: str, root: Path) -> str:
    """Return the one line with which a target is refused."""
    with pytest.raises(kind) as caught:
        make(find(target, root), None)
    line = str(caught.value)
    assert "\n" not in line
    assert "Traceback" not in line
    return line


def test_the_working_directory_comes_first(write: Write) -> None:
    """It is put in front of sys.path, once, also when it stood elsewhere."""
    root = str(write("hello.py").parent)
    sys.path.append(root)
    put_first(Path(root))
    assert sys.path[0] == root
    assert sys.path.count(root) == 1


@pytest.mark.parametrize("target", ["one.Application", "one:Application", "one.Own"])
def test_a_name_is_a_lambda_or_a_class(write: Write, target: str) -> None:
    """`module.Name` is called without an argument; the colon of other tools works too."""
    root = located(write, "one.py")
    assert isinstance(make(find(target, root), None), ServerFactory)


def test_a_name_may_lie_deep_in_a_package(write: Write) -> None:
    """Packages and modules are imported, then attributes are looked up."""
    write("deep/__init__.py")
    root = located(write, "deep/inner.py", FACTORIES + "\nclass Box:\n    made = Own\n")
    assert type(make(find("deep.inner.Box.made", root), None)).__name__ == "Own"


def test_an_instance_is_taken_as_it_is(write: Write) -> None:
    """A factory that exists already is not called."""
    root = located(write, "two.py")
    factory = make(find("two.instance", root), None)
    assert factory is sys.modules["two"].instance


def test_the_argument_is_handed_on(write: Write) -> None:
    """--appopts is the single positional argument."""
    root = located(write, "three.py")
    assert vars(make(find("three.needs_app", root), "the text"))["argument"] == "the text"
    assert vars(make(find("three.Own", root), ""))["argument"] == ""


def test_an_instance_takes_no_argument(write: Write) -> None:
    """--ssl-appopts with an instance is a mistake of the command line."""
    root = located(write, "four.py")
    with pytest.raises(UsageProblem, match=r"^--ssl-appopts is for an application that is made"):
        make(find("four.instance", root), "text", "ssl-appopts")


@pytest.mark.parametrize("target", ["", "a..b", ".a", "a.", "a b.c", "a-b.c", "hello.1"])
def test_a_target_that_is_no_dotted_name(tmp_path: Path, target: str) -> None:
    """It is refused before anything is imported."""
    assert "is no dotted name" in refusal(UsageProblem, target, tmp_path)


def test_a_missing_module_is_named_with_the_directory(write: Write) -> None:
    """The line names module and directory, and a similar file or package there."""
    write("package/__init__.py")
    root = located(write, "hello.py")
    line = refusal(UsageProblem, "helo.Application", root)
    assert line == (
        f"There is no module helo in {root}, nor is one installed. Did you mean hello? "
        "Start in the directory that holds helo.py."
    )
    assert "Did you mean package?" in refusal(UsageProblem, "packge.app", root)


def test_a_missing_attribute_is_named_with_what_there_is(write: Write) -> None:
    """The line says what the module defines, and which name is similar."""
    root = located(write, "five.py")
    assert refusal(UsageProblem, "five.Aplication", root) == (
        "five has no Aplication. Did you mean Application? It defines five.Application, "
        "five.Own, five.broken_app, five.instance, five.leaving_app, five.needs_app."
    )
    assert refusal(UsageProblem, "five.Own.missing", root).startswith("five.Own has no missing. It")


def test_a_module_without_applications_says_so(write: Write) -> None:
    """Nothing is listed where nothing looks right."""
    root = located(write, "empty.py", "")
    assert refusal(UsageProblem, "empty.app", root) == (
        "empty has no app. empty defines nothing that looks like an application."
    )


def test_a_module_is_no_application(write: Write) -> None:
    """`-r hello` and `-r package.module` ask for a name in it."""
    write("six/__init__.py")
    root = located(write, "six/inner.py")
    line = refusal(UsageProblem, "six", root)
    assert line.startswith("six is a module, not an application: name one")
    assert refusal(UsageProblem, "six.inner", root).startswith("six.inner is a module")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import os\n\n1 / 0\n", "ZeroDivisionError: division by zero (bad.py, line 3)"),
        ("x = (\n", "SyntaxError: '(' was never closed (bad.py, line 1)"),
        ("import no_such_thing\n", "No module named 'no_such_thing' (bad.py, line 1)"),
        ("\nraise SystemExit\n", "SystemExit (bad.py, line 2)"),
        ("raise ValueError('a\\nb')\n", "ValueError: a b (bad.py, line 1)"),
    ],
)
@pytest.mark.parametrize("target", ["bad.Application", "bad.py"])
def test_a_failing_import_names_the_users_line(
    write: Write, target: str, text: str, told: str
) -> None:
    """One line: what failed, where in the user's code, and how to see the traceback."""
    root = located(write, "bad.py", text)
    line = refusal(ApplicationProblem, target, root)
    assert told in line
    shown = "`python bad.py`" if target == "bad.py" else '`python -c "import bad"`'
    assert line.endswith(f"{shown} shows the traceback.")
    assert "bad" not in sys.modules


def test_a_failing_call_names_the_users_line(write: Write) -> None:
    """The line in the function, not the line that called it."""
    root = located(write, "seven.py")
    assert refusal(ApplicationProblem, "seven.broken_app", root) == (
        "seven.broken_app could not be made: ZeroDivisionError: division by zero "
        '(seven.py, line 13). `python -c "import seven; seven.broken_app()"` shows the traceback.'
    )
    with pytest.raises(ApplicationProblem, match=r"seven\.broken_app\('a b'\)\"` shows"):
        make(find("seven.broken_app", root), "a b")
    with pytest.raises(ApplicationProblem, match=r"`python -c '.*\$x.*' shows|\$x"):
        make(find("seven.broken_app", root), "$x")
    line = refusal(ApplicationProblem, "seven.leaving_app", root)
    assert line.startswith("seven.leaving_app could not be made: SystemExit (seven.py, line 19)")


def test_a_failing_call_in_a_file_can_be_run_again(write: Write) -> None:
    """The command that is shown makes the application, as loading the file alone would not."""
    root = located(write, "made.py", "def Application():\n    raise ValueError('x')\n")
    found = find("made.py", root)
    with pytest.raises(ApplicationProblem) as caught:
        make(found, None)
    code = "import runpy; runpy.run_path('made.py')['Application']()"
    assert str(caught.value).endswith(f'`python -c "{code}"` shows the traceback.')
    with pytest.raises(ValueError, match="x"):
        exec(code.replace("made.py", str(root / "made.py")))  # noqa: S102 -- what a user would type


def test_a_call_that_misses_its_argument_names_the_file(write: Write) -> None:
    """No line of the user's code ran, so the file is all there is to name."""
    root = located(write, "eight.py")
    line = refusal(ApplicationProblem, "eight.needs_app", root)
    assert "missing 1 required positional argument" in line
    assert str(root / "eight.py") in line


def test_a_failing_builtin_names_no_file(tmp_path: Path) -> None:
    """A thing without a file fails with the exception alone."""
    found = Found("int", lambda: int("x"), None, (tmp_path,), "python")
    with pytest.raises(
        ApplicationProblem, match=r"^int could not be made: ValueError: .* 10: 'x'\. `p"
    ):
        make(found, None)


def test_what_is_no_application_is_refused(write: Write) -> None:
    """A number, and a function that returns one, are named with their type."""
    root = located(write, "nine.py", "number = 7\nmake_app = lambda: None\n")
    told = "it must be a cyclone.web.Application, or a class or function that returns one."
    assert refusal(ApplicationProblem, "nine.number", root) == (
        f"nine.number is no application but of type int: {told}"
    )
    assert refusal(ApplicationProblem, "nine.make_app", root) == (
        f"nine.make_app() is no application but of type NoneType: {told}"
    )


def test_installed_code_does_not_count_as_the_users(write: Write) -> None:
    """The line is that of the caller when a library in a virtual environment fails."""
    write(".venv/site-packages/library.py", "def fail():\n    raise OSError('deep')\n")
    root = located(
        write,
        "ten.py",
        "import sys\nsys.path.append('.venv/site-packages')\nimport library\nlibrary.fail()\n",
    )
    assert "OSError: deep (ten.py, line 4)" in refusal(ApplicationProblem, "ten.x", root)


def test_a_file_is_found_without_being_on_the_path(write: Write) -> None:
    """The file and its neighbours may lie in another directory; it is imported under its name."""
    write("sub/neighbour.py", "name = 'Application'\n")
    write("sub/eleven.py", "import neighbour\n" + FACTORIES)
    root = Path.cwd()
    put_first(root)
    assert isinstance(make(find("sub/eleven.py", root), None), ServerFactory)
    assert sys.modules["eleven"].__file__ == str(root / "sub" / "eleven.py")
    assert sys.path[:2] == [str(root), str(root / "sub")]


def test_a_file_is_loaded_once(write: Write) -> None:
    """The same file for HTTP and HTTPS is one module."""
    root = located(write, "twelve.py")
    first = find("twelve.py", root)
    assert find("./twelve.py", root).maker is first.maker


def test_a_file_does_not_replace_a_module_of_its_name(write: Write) -> None:
    """A file called socket.py leaves the standard library's socket alone."""
    import socket

    root = located(write, "sub/socket.py")
    make(find("sub/socket.py", root), None)
    assert sys.modules["socket"] is socket
    assert "cyclone_app_socket" in sys.modules


def test_a_missing_file_is_named_with_the_directory(write: Write) -> None:
    """The line names file and directory, and a similar file there."""
    root = located(write, "hello.py")
    assert refusal(UsageProblem, "helo.py", root) == (
        f"There is no file helo.py in {root}. Did you mean hello.py?"
    )
    write("folder.py/inner.txt")
    assert "There is no file folder.py" in refusal(UsageProblem, "folder.py", root)


def test_a_file_without_an_application_says_what_to_add(write: Write) -> None:
    """The line shows the missing statement, and names what looks like an application."""
    root = located(write, "thirteen.py", "x = 1\n")
    assert refusal(ApplicationProblem, "thirteen.py", root) == (
        "No Application found in thirteen.py: add `Application = lambda: "
        "cyclone.web.Application([...])` to it."
    )
    write("fourteen.py", "def make_app(): ...\n")
    line = refusal(ApplicationProblem, "fourteen.py", root)
    assert line.endswith("Or name it: --app=fourteen.make_app")


def test_a_file_elsewhere_is_shown_with_its_whole_path(
    write: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Only paths below the working directory are shortened."""
    write("hello.py")
    other = tmp_path_factory.mktemp("other") / "failing.py"
    other.write_text("1 / 0\n", encoding="utf-8")
    line = refusal(ApplicationProblem, str(other), Path.cwd())
    assert line.startswith(f"{other} could not be imported: ZeroDivisionError")


def test_a_syntax_error_without_a_place_is_told_all_the_same(write: Write) -> None:
    """A SyntaxError that names no file falls back to the line that raised it."""
    root = located(write, "fifteen.py", "raise SyntaxError('odd')\n")
    assert "SyntaxError: odd (fifteen.py, line 1)" in refusal(ApplicationProblem, "fifteen.x", root)


def test_an_attribute_that_fails_is_told(write: Write) -> None:
    """A module that computes its attributes may fail at it: one line, no traceback."""
    text = "def __getattr__(name):\n    if name == 'app':\n        raise OSError('no disk')\n"
    root = located(write, "sixteen.py", text + "    raise AttributeError(name)\n")
    assert refusal(ApplicationProblem, "sixteen.app", root) == (
        "sixteen.app could not be looked up: OSError: no disk (sixteen.py, line 3)."
    )


def test_a_file_behind_a_loaded_module_is_pointed_out(write: Write) -> None:
    """A file called like a module of the standard library is not found by its name."""
    root = located(write, "socket.py")
    line = refusal(UsageProblem, "socket.Application", root)
    assert line.startswith("socket is another module, loaded from ")
    assert f"hides {root / 'socket.py'}: start that as socket.py" in line
    assert isinstance(make(find("socket.py", root), None), ServerFactory)
