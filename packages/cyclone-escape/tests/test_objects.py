"""ObjectDict."""

import copy
import json
import pickle
import typing
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclone_escape import ObjectDict


class Settings(ObjectDict[int]):
    """A subclass, as frameworks make them."""


def test_items_are_attributes() -> None:
    """Reading, writing and deleting work both ways on the same items."""
    thing: ObjectDict[int] = ObjectDict(a=1)
    thing.b = 2
    thing["c"] = 3
    assert (thing.a, thing["b"], thing.c) == (1, 2, 3)
    del thing.a
    assert thing == {"b": 2, "c": 3}
    assert hasattr(thing, "b")
    assert not hasattr(thing, "a")
    assert getattr(thing, "a", 7) == 7


def test_it_is_built_like_a_dict() -> None:
    """From a mapping, from pairs, from keywords and by fromkeys()."""
    assert ObjectDict({"a": 1}).a == 1
    assert ObjectDict([("a", 1)], b=2).b == 2
    assert type(ObjectDict.fromkeys(["a"])) is ObjectDict


def test_missing_names_are_attribute_errors() -> None:
    """The error names the class and the key, carries both, and hides no KeyError behind it."""
    thing = Settings(a=1)
    with pytest.raises(AttributeError, match="Settings has no key or attribute 'x'") as caught:
        _ = thing.x
    assert (caught.value.name, caught.value.obj) == ("x", thing)
    assert caught.value.__context__ is None
    with pytest.raises(AttributeError, match="Settings has no key 'x' to delete"):
        del thing.x


def test_methods_win_over_items() -> None:
    """A key named as a method is reached by item, and the method still works."""
    thing = ObjectDict(items=1)
    assert thing["items"] == 1
    assert list(thing.items()) == [("items", 1)]


def test_special_names_are_never_items() -> None:
    """A key with two underscores on both sides is data: Python's machinery does not see it."""
    thing = ObjectDict({"__deepcopy__": "x", "__html__": "y", "__a": 1})
    assert not hasattr(thing, "__html__")
    assert copy.deepcopy(thing) == thing
    assert thing.__getattr__("__a") == 1
    with pytest.raises(AttributeError, match=r"to store it as data write objectdict\['__new__'\]"):
        thing.__new__ = None  # type: ignore[assignment,method-assign]
    with pytest.raises(AttributeError, match="has no key '__html__' to delete"):
        del thing.__html__
    assert thing["__html__"] == "y"


@pytest.mark.parametrize("cls", [ObjectDict, Settings])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(cls: type[ObjectDict[int]], protocol: int) -> None:
    """Every pickle protocol gives the same class and items back."""
    thing = cls(a=1, items=2)
    result = pickle.loads(pickle.dumps(thing, protocol))  # noqa: S301 - our own pickle
    assert result == thing
    assert type(result) is cls


@pytest.mark.parametrize("cls", [ObjectDict, Settings])
def test_copies(cls: type[ObjectDict[list[int]]]) -> None:
    """copy(), copy.copy() and copy.deepcopy() keep the class; only the last copies the values."""
    thing = cls(a=[1])
    for shallow in (thing.copy(), copy.copy(thing)):
        assert type(shallow) is cls
        assert shallow == thing
        assert shallow is not thing
        assert shallow.a is thing.a
    deep = copy.deepcopy(thing)
    assert type(deep) is cls
    assert deep == thing
    assert deep.a is not thing.a


def test_deep_copy_of_a_circle() -> None:
    """An object that contains itself is copied to one that contains itself."""
    thing: ObjectDict[object] = ObjectDict()
    thing.me = thing
    assert (result := copy.deepcopy(thing)).me is result


def test_a_parameter_leaves_no_item() -> None:
    """Python tries to note the type parameter on the instance; no key comes of it."""
    assert ObjectDict[int](a=1) == {"a": 1}
    assert typing.get_args(ObjectDict[int]) == (int,)


def test_it_stays_a_dict() -> None:
    """It prints, compares, unpacks, turns into JSON and is weakly referenced like a dict."""
    thing = ObjectDict(a=1)
    assert isinstance(thing, dict)
    assert repr(thing) == "{'a': 1}"
    assert {**thing} == {"a": 1}
    assert json.dumps(thing) == '{"a": 1}'
    assert weakref.ref(thing)() is thing


@given(st.dictionaries(st.text(), st.integers()))
def test_any_keys_survive_pickle_and_copy(data: dict[str, int]) -> None:
    """Keys that are no identifiers are items as well."""
    thing = ObjectDict(data)
    assert pickle.loads(pickle.dumps(thing)) == data  # noqa: S301 - our own pickle
    assert copy.deepcopy(thing) == data
