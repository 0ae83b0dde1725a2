"""The helpers under their classic name."""

import builtins
import datetime as dt
import gzip
import random
import re
import sys
import unittest
import warnings
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyclone_escape
from cyclone_core import util
from cyclone_core.util import ArgReplacer, Configurable, GzipDecompressor


def test_helpers_are_those_of_cyclone_escape() -> None:
    """`util` offers the very objects, so that a check by type holds under either name."""
    assert util.ObjectDict is cyclone_escape.ObjectDict
    assert util.import_object is cyclone_escape.import_object


def test_names_of_python_2() -> None:
    """The names of types are Python's own types."""
    assert (util.bytes_type, util.unicode_type, util.basestring_type) == (bytes, str, str)
    assert util.TimeoutError is builtins.TimeoutError


def test_the_examples_run() -> None:
    """`doctests()` is a suite of the documented examples, and they are right."""
    suite = util.doctests()
    assert suite.countTestCases() == 3
    assert suite.run(unittest.TestResult()).wasSuccessful()


class TestConfigurable:
    """Choosing an implementation."""

    class Base(Configurable):
        made: tuple[Any, ...]

        @classmethod
        def configurable_base(cls) -> type[Configurable]:
            return TestConfigurable.Base

        @classmethod
        def configurable_default(cls) -> type[Configurable]:
            return TestConfigurable.One

    class One(Base):
        def initialize(self, *args: object, pos: int | None = None) -> None:
            self.made = (*args, pos)

    class Two(Base):
        def initialize(self, *args: object, pos: int | None = None, a: int = 0) -> None:
            self.made = (*args, pos, a)

    class Inner(Base):
        @classmethod
        def configurable_base(cls) -> type[Configurable]:
            return TestConfigurable.Inner

        @classmethod
        def configurable_default(cls) -> type[Configurable]:
            return TestConfigurable.InnerOne

    class InnerOne(Inner):
        def initialize(self, *args: object, pos: int | None = None, c: int = 0) -> None:
            self.made = (*args, pos, c)

    class InnerTwo(InnerOne):
        pass

    @pytest.fixture(autouse=True)
    def _restore(self) -> Iterator[None]:
        bases: list[type[Configurable]] = [self.Base, self.Inner]
        saved = [base._save_configuration() for base in bases]
        yield
        for base, before in zip(bases, saved, strict=True):
            base._restore_configuration(before)

    def test_default(self) -> None:
        """Without a choice the base makes the default, with its arguments; others make themselves."""
        made = self.Base(42, pos=1)
        assert type(made) is self.One
        assert made.made == (42, 1)
        assert type(self.Two()) is self.Two
        assert self.Base.configured_class() is self.One

    @pytest.mark.parametrize("by_name", [True, False])
    def test_choice(self, by_name: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """A class is configured as such or by its dotted name, with arguments for all objects."""
        monkeypatch.setattr(util, "Two", self.Two, raising=False)
        self.Base.configure("cyclone_core.util.Two" if by_name else self.Two, a=3, pos=1)
        made = self.Base()
        assert type(made) is self.Two
        assert made.made == (1, 3)
        assert self.Base(pos=2).made == (2, 3)
        assert self.Two().made == (None, 0)  # the arguments are for the base
        self.Base.configure(None)
        assert type(self.Base()) is self.One

    def test_arguments_for_the_default(self) -> None:
        """None keeps the default class and sets its arguments."""
        self.Base.configure(None, pos=5)
        assert self.Base().made == (5,)

    def test_two_levels(self) -> None:
        """A class that is chosen may choose in its turn, each level with its own arguments."""
        self.Base.configure(self.Inner, pos=1)
        made = self.Base()
        assert type(made) is self.InnerOne
        assert made.made == (1, 0)
        self.Inner.configure(self.InnerTwo, c=7)
        assert type(self.Base()) is self.InnerTwo
        assert self.Base().made == (1, 7)
        assert self.Inner().made == (None, 7)
        self.Base.configure(None)
        assert type(self.Inner()) is self.InnerTwo

    def test_what_is_no_subclass(self) -> None:
        """A class that cannot stand for the base is refused, and so is what is no class."""
        for wrong in (int, "cyclone_core.util.ObjectDict", "cyclone_core.util.doctests"):
            with pytest.raises(ValueError, match="is no subclass of Base: it cannot stand for it"):
                self.Base.configure(wrong)  # type: ignore[arg-type]
        with pytest.raises(ImportError):
            self.Base.configure("cyclone_core.util.Nothing")

    def test_methods_that_must_be_defined(self) -> None:
        """The message says which class lacks what."""
        with pytest.raises(NotImplementedError, match=r"Configurable .* configurable_base\(\)"):
            Configurable()

        class Half(Configurable):
            @classmethod
            def configurable_base(cls) -> type[Configurable]:
                return Half

        with pytest.raises(NotImplementedError, match=r"Half .* configurable_default\(\)"):
            Half()

    def test_initialize_is_needed_for_arguments(self) -> None:
        """Without `initialize` a class takes no arguments."""

        class Plain(self.Base):  # type: ignore[name-defined, misc]
            pass

        assert isinstance(Plain(), Plain)
        for arguments, named in (((1,), {}), ((), {"a": 1})):
            with pytest.raises(TypeError, match=r"Plain has no initialize\(\) that takes"):
                Plain(*arguments, **named)


class TestArgReplacer:
    """One argument of a call."""

    replacer = ArgReplacer(lambda x, y, callback=None, *, z=None: (x, y, callback, z), "callback")

    def test_omitted(self) -> None:
        """What was not passed is added by its name."""
        args, named = (1, 2), {"z": 3}
        assert self.replacer.get_old_value(args, named) is None
        assert self.replacer.get_old_value(args, named, "default") == "default"
        assert self.replacer.replace("new", args, named) == (
            None,
            (1, 2),
            {"z": 3, "callback": "new"},
        )

    def test_by_position(self) -> None:
        """What was passed by position is replaced there."""
        assert self.replacer.get_old_value((1, 2, "old", 3), {}) == "old"
        assert self.replacer.replace("new", (1, 2, "old", 3), {}) == ("old", [1, 2, "new", 3], {})

    def test_by_name(self) -> None:
        """What was passed by name is replaced under it."""
        named = {"callback": "old"}
        assert self.replacer.get_old_value((1,), named) == "old"
        assert self.replacer.replace("new", (1,), named) == ("old", (1,), {"callback": "new"})

    @pytest.mark.parametrize("name", ["z", "rest"])
    def test_what_has_no_position(self, name: str) -> None:
        """An argument that is passed by name only, or that `**kwargs` takes."""

        def function(*args: object, z: int = 0, **kwargs: object) -> object:
            return args, z, kwargs

        replacer = ArgReplacer(function, name)
        assert replacer.arg_pos is None
        assert replacer.replace(1, (5, 6), {name: 0}) == (0, (5, 6), {name: 1})

    def test_a_bound_method(self) -> None:
        """`self` is not counted where the caller does not pass it."""

        class Object:
            def method(self, a: int, b: int) -> int:
                return a + b

        assert ArgReplacer(Object().method, "b").arg_pos == 1


class TestGzipDecompressor:
    """Streams of gzip."""

    @staticmethod
    def inflate(data: bytes, step: int, max_length: int) -> bytes:
        """Decompress in steps."""
        decompressor = GzipDecompressor()
        pieces = []
        for start in range(0, len(data), step):
            value = data[start : start + step]
            while value:
                piece = decompressor.decompress(value, max_length)
                assert len(piece) <= max_length
                pieces.append(piece)
                value = decompressor.unconsumed_tail
        assert decompressor.flush() == b""
        return b"".join(pieces)

    @given(
        members=st.lists(st.binary(max_size=300), max_size=4),
        step=st.integers(1, 100),
        most=st.integers(1, 100),
    )
    def test_members(self, members: list[bytes], step: int, most: int) -> None:
        """Any number of members comes out, in pieces of any length, and an empty stream is one."""
        data = b"".join(gzip.compress(member) for member in members)
        assert self.inflate(data, step, most) == b"".join(members)

    def test_without_a_bound(self) -> None:
        """Everything at once is what older programs ask for; they are warned."""
        body = random.Random(1).randbytes(5000)  # noqa: S311 -- data for a test
        decompressor = GzipDecompressor()
        with pytest.warns(DeprecationWarning, match="may fill the memory"):
            assert decompressor.decompress(gzip.compress(body) * 2) == body * 2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert decompressor.decompress(b"") == b""
        assert decompressor.flush() == b""

    @pytest.mark.parametrize(
        "data", [b"hello", b"\x1f\x8c", gzip.compress(b"x", mtime=0) + b"more"]
    )
    def test_what_is_no_gzip(self, data: bytes) -> None:
        """It is refused, at the start and behind a member."""
        with pytest.raises(zlib.error):
            self.inflate(data, 100, 100)

    def test_the_first_byte_alone_may_be_the_start(self) -> None:
        """A stream that comes byte by byte is judged by its second byte."""
        decompressor = GzipDecompressor()
        assert decompressor.decompress(b"\x1f", 10) == b""
        with pytest.raises(zlib.error):
            decompressor.decompress(b"\x00", 10)

    def test_truncated(self) -> None:
        """A stream that ends in a member is told from one that is complete."""
        data = gzip.compress(b"hello", mtime=0)
        for end in (1, 10, len(data) - 1):
            with pytest.raises(zlib.error, match="in the middle of a gzip member"):
                self.inflate(data[:end], 100, 100)

    def test_flush_before_the_tail(self) -> None:
        """Who forgets the rest is told so."""
        decompressor = GzipDecompressor()
        decompressor.decompress(gzip.compress(bytes(1000)), 10)
        with pytest.raises(ValueError, match=r"pass unconsumed_tail to decompress\(\)"):
            decompressor.flush()


def test_raise_exc_info() -> None:
    """The exception comes again with the frames where it was raised first."""

    def fail() -> None:
        raise KeyError("a", "b")

    try:
        fail()
    except KeyError:
        caught = sys.exc_info()
    with pytest.raises(KeyError) as raised:
        util.raise_exc_info(caught)
    assert raised.value is caught[1]
    assert "fail" in [entry.name for entry in raised.traceback]
    with pytest.raises(TypeError, match="was given no exception"):
        util.raise_exc_info((None, None, None))


@pytest.mark.parametrize(
    ("error", "number"),
    [
        (OSError(2, "no such file"), 2),
        (OSError("text"), None),
        (RuntimeError(5), 5),
        (RuntimeError("5"), None),
        (RuntimeError(), None),
    ],
)
def test_errno_from_exception(error: Exception, number: int | None) -> None:
    """The number comes from the attribute or the first argument, and is a number or None."""
    assert util.errno_from_exception(error) == number


@given(st.text())
def test_re_unescape(text: str) -> None:
    """It is the inverse of `re.escape`."""
    assert util.re_unescape(re.escape(text)) == text


@pytest.mark.parametrize("pattern", [r"\d", r"\b", r"a\1", "a\\"])
def test_re_unescape_of_what_was_not_escaped(pattern: str) -> None:
    """What `re.escape` cannot have made is refused."""
    with pytest.raises(ValueError, match="cannot unescape"):
        util.re_unescape(pattern)


def test_re_unescape_of_other_letters() -> None:
    """Only ASCII letters and digits mean something behind a backslash."""
    assert util.re_unescape("\\é\\\n") == "é\n"


def test_timedelta_to_seconds() -> None:
    """It counts days and fractions, too."""
    assert util.timedelta_to_seconds(dt.timedelta(days=1, microseconds=500_000)) == 86400.5


def test_exec_in() -> None:
    """Source and code objects run with the names that they are given."""
    names: dict[str, Any] = {"a": 2}
    util.exec_in("b = a * 3", names)
    assert names["b"] == 6
    own: dict[str, Any] = {}
    util.exec_in(compile("c = a + 1", "<test>", "exec"), names, own)
    assert own == {"c": 3}
    assert "c" not in names


def test_exec_in_inherits_no_future() -> None:
    """The code is compiled without what the calling module has imported from `__future__`."""
    caller: dict[str, Any] = {"exec_in": util.exec_in, "names": {}}
    exec(  # noqa: S102 -- a module with such an import
        "from __future__ import annotations\nexec_in('def f(a: int): ...', names)", caller
    )
    assert caller["names"]["f"].__annotations__ == {"a": int}
