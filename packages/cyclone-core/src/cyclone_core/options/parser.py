"""`OptionParser`: the options of a program, defined anywhere, read from one object."""

import difflib
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from cyclone_core.options.config import Configuration
from cyclone_core.options.errors import Error, UnknownOptionError
from cyclone_core.options.mocking import Mockable
from cyclone_core.options.option import Option
from cyclone_core.options.usage import usage
from cyclone_core.options.values import ValueType

__all__ = ["OptionParser"]

_COMMAND_LINE = "command line"


class OptionParser:
    """The options of a program (Tornado: `options.OptionParser`; cyclone: `options.options`).

    An option is read and set as an attribute or as an item, with dashes or underscores in its name. Its
    value is what was given last, on whatever way; a command line that is parsed behind a configuration
    file wins over the file. Variables of the environment that options name with `env` are looked at
    before all that, when something is parsed for the first time.
    """

    def __init__(self) -> None:
        """Make a parser that knows one option: `help`, which prints the others and ends the program."""
        # Attributes are options.
        self._options: dict[str, Option]
        self._parse_callbacks: list[Callable[[], object]]
        vars(self).update(_options={}, _parse_callbacks=[])
        self._add(
            Option(
                "help", type=bool, help="show this help information", callback=self._print_and_end
            )
        )

    # Reading and setting.

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- of any type
        """Read an option.

        Raises:
            UnknownOptionError: Nobody has defined it.
        """
        return self._find(name).value()

    def __setattr__(self, name: str, value: object) -> None:
        """Set an option; a text is not parsed, but must be a value.

        Raises:
            UnknownOptionError: Nobody has defined it.
            Error: The value has another type.
        """
        self._find(name).assign(value)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 -- of any type
        """Read an option, even one that is called like a method of this class."""
        return self._find(name).value()

    def __setitem__(self, name: str, value: object) -> None:
        """Set an option; see `__setattr__`."""
        self._find(name).assign(value)

    def __contains__(self, name: object) -> bool:
        """Tell whether an option is defined."""
        return isinstance(name, str) and _normal(name) in self._options

    def __iter__(self) -> Iterator[str]:
        """Go through the names, as they were defined."""
        return (option.name for option in self._options.values())

    def items(self) -> list[tuple[str, Any]]:
        """List names and values.

        Returns:
            A pair for each option.
        """
        return [(option.name, option.value()) for option in self._options.values()]

    def as_dict(self) -> dict[str, Any]:
        """Gather all options.

        Returns:
            Names, as they were defined, and values.
        """
        return dict(self.items())

    def groups(self) -> set[str]:
        """List the groups.

        Returns:
            Their names; where `define` was called without one, the path of the calling file.
        """
        return {option.group for option in self._options.values()}

    def group_dict(self, group: str) -> dict[str, Any]:
        """Gather the options of a group: `Application(handlers, **options.group_dict("application"))`.

        Args:
            group: The group, or "" for all options.

        Returns:
            Names and values; nothing if there is no such group.
        """
        options = self._options.values()
        return {each.name: each.value() for each in options if not group or each.group == group}

    # Defining.

    def define(
        self,
        name: str,
        default: Any = None,  # noqa: ANN401 -- of any type
        type: ValueType | None = None,  # noqa: A002 -- Tornado's name
        help: str | None = None,  # noqa: A002 -- Tornado's name
        metavar: str | None = None,
        multiple: bool = False,
        group: str | None = None,
        callback: Callable[[Any], object] | None = None,
        env: str | None = None,
    ) -> None:
        """Define an option.

        Args:
            name: Its name. Dashes and underscores are the same.
            default: Its value until one is given. It is not checked.
            type: `str`, `int`, `float`, `bool`, `datetime`, `timedelta`, any other class, or any
                function: it is called with a text and returns the value. By default the class of
                `default`, or `str`.
            help: What the option is for, for `--help`.
            metavar: How `--help` calls the value.
            multiple: Whether the value is a list: `1,2,5:8` for integers, `a,b,c` for others.
            group: A group; by default the file that calls.
            callback: Is called with each value that is given, not with the default.
            env: An environment variable that may give the value; it counts unless it is empty.

        Raises:
            Error: The name is taken, or can never be given; or the type cannot be called.
        """
        frame = inspect.currentframe()
        caller = None if frame is None else frame.f_back
        file = "" if caller is None else caller.f_code.co_filename
        if not _is_name(name):
            raise Error(f"an option cannot be called {name!r}: its name is one word without `=`")
        if type is None:
            type = str if multiple or default is None else default.__class__  # noqa: A001
        if not callable(type):
            raise Error(f"the type of option {name!r} is a class or a function, not {type!r}")
        option = Option(
            name,
            default=default,
            type=type,
            help=help,
            metavar=metavar,
            multiple=multiple,
            group=group or file,
            callback=callback,
            env=env,
            file=file,
        )
        self._add(option)

    def add_parse_callback(self, callback: Callable[[], object]) -> None:
        """Have something done when all has been parsed.

        Args:
            callback: Is called at the end of every parsing that is final.
        """
        self._parse_callbacks.append(callback)

    def run_parse_callbacks(self) -> None:
        """Do what waits for the end of the parsing; `final=True` does it already."""
        for callback in self._parse_callbacks:
            callback()

    # Parsing.

    def parse_command_line(
        self, args: Sequence[str] | None = None, final: bool = True
    ) -> list[str]:
        """Take options of a command line: `--name=value`, and `--name` for a `bool` that is true.

        Options end at the first word that is none, and at `--`.

        Args:
            args: The words, the name of the program first; by default `sys.argv`.
            final: Whether nothing else will be parsed: then parse callbacks are run.

        Returns:
            The words behind the options.

        Raises:
            Error: A value is wrong or missing.
            UnknownOptionError: Nobody has defined the option. What there is has been printed.
            SystemExit: After `--help`.
        """
        self._look_at_environment()
        words = list(sys.argv if args is None else args)
        rest: list[str] = []
        for position, word in enumerate(words[1:], 1):
            if word == "--":
                rest = words[position + 1 :]
                break
            if not word.startswith("-") or word == "-":
                rest = words[position:]
                break
            self._parse_word(word)
        if final:
            self.run_parse_callbacks()
        return rest

    def parse_config_file(self, path: str, final: bool = True) -> None:
        """Execute a file of Python, and take what it assigns to the names of options.

        Values are of the option's type, or texts that are parsed as those of a command line. Other names
        are ignored. Never execute a file that somebody else may write.

        Args:
            path: The file, in UTF-8. `__file__` is its absolute path.
            final: Whether nothing else will be parsed: then parse callbacks are run.

        Raises:
            Error: A value is wrong, or the file cannot be executed; the message has file and line.
            OSError: The file cannot be read.
        """
        self._look_at_environment()
        configuration = Configuration(path)
        for name, value in configuration.names.items():
            option = self._options.get(_normal(name))
            if option is None:
                continue
            source = configuration.where(configuration.line_of(name))
            if isinstance(value, str) and (option.multiple or option.type is not str):
                option.parse(value, source)
            else:
                option.assign(value, source)
        if final:
            self.run_parse_callbacks()

    def parse_environment(
        self,
        prefix: str | None = None,
        final: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Take options from variables of the environment.

        It is for programs that parse nothing else, such as those of twistd, and for those whose
        environment wins over a configuration file: call it behind `parse_config_file`.

        Args:
            prefix: With `"APP_"`, `APP_LOG_LEVEL` is option `log_level` unless that has an `env` of its
                own. Without one only options with `env` are looked at.
            final: Whether nothing else will be parsed: then parse callbacks are run.
            environ: The variables; by default those of the process. Empty ones count as not set.

        Raises:
            Error: A value is wrong, or the prefix is empty; the message names the variable.
        """
        if prefix == "":
            raise Error("the prefix is empty: variables such as PATH and HOME would be options")
        for option in list(self._options.values()):
            self._read_variable(option, prefix, os.environ if environ is None else environ)
        if final:
            self.run_parse_callbacks()

    def print_help(self, file: TextIO | None = None) -> None:
        """Print the options.

        Args:
            file: Where to; by default stderr.
        """
        (sys.stderr if file is None else file).write(usage(sys.argv[0], self._options.values()))

    def mockable(self) -> Mockable:
        """Make an object for `unittest.mock.patch.object(options.mockable(), "name", value)`.

        Returns:
            An object that has the options as attributes; make one for each patch.
        """
        return Mockable(self)

    # Within.

    def _find(self, name: str) -> Option:
        # Copying and unpickling look for attributes before there are any.
        options: dict[str, Option] = vars(self).get("_options", {})
        option = options.get(_normal(name))
        if option is None:
            raise self._unknown(name)
        return option

    def _add(self, option: Option) -> None:
        known = self._options.get(_normal(option.name))
        if known is not None:
            raise Error(
                f"Option {option.name!r} is already defined in {known.file or 'this module'}"
                " -- a name can be given once only",
                option=option.name,
            )
        self._options[_normal(option.name)] = option

    def _unknown(self, name: str, source: str | None = None) -> UnknownOptionError:
        known = vars(self).get("_options", {})
        close = difflib.get_close_matches(_normal(name), known, n=1)
        hint = f"; do you mean {known[close[0]].name!r}?" if close else ""
        return UnknownOptionError(f"Unrecognized option {name!r}{hint}", source=source)

    def _parse_word(self, word: str) -> None:
        name, equals, text = word.lstrip("-").partition("=")
        option = self._options.get(_normal(name))
        if option is None:
            self.print_help()
            raise self._unknown(name, _COMMAND_LINE)
        if not equals:
            if option.type is not bool:
                raise Error(
                    f"option {option.name!r} requires a value: --{_normal(name)}=VALUE",
                    option=option.name,
                    source=_COMMAND_LINE,
                )
            text = "true"
        option.parse(text, _COMMAND_LINE)

    def _look_at_environment(self) -> None:
        for option in list(self._options.values()):
            if option.env is not None and not option.environment_read:
                self._read_variable(option, None, os.environ)

    def _read_variable(
        self, option: Option, prefix: str | None, environ: Mapping[str, str]
    ) -> None:
        variable = option.env
        if variable is None and prefix is not None and option.name != "help":
            variable = prefix + option.name.replace("-", "_").upper()
        if variable is None:
            return
        option.environment_read = True
        text = environ.get(variable, "")
        if text:
            option.parse(text, f"environment variable {variable}")

    def _print_and_end(self, wanted: bool) -> None:
        if wanted:
            self.print_help()
            sys.exit(0)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name.split() == [name] and name[0] != "-" and "=" not in name


def _normal(name: str) -> str:
    return name.replace("_", "-")
