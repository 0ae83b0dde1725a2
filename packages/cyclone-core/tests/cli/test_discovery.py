"""Which object of a file is the application."""

import sys
from types import ModuleType

import pytest
from twisted.internet.protocol import ServerFactory

from cyclone_core.cli.discovery import candidates, find_application, is_factory, similar
from cyclone_core.web import Application


def module(**names: object) -> ModuleType:
    """Make a module named `app_file` with these names in it."""
    made = ModuleType("app_file")
    vars(made).update(names)
    return made


def subclass(name: str, file: str = "app_file") -> type[Application]:
    """Make a subclass of Application that was defined in a file."""
    return type(name, (Application,), {"__module__": file})


def chosen(found: tuple[str, object, str] | None) -> str | None:
    """Return the name that was chosen."""
    return None if found is None else found[0]


class Duck:
    """Has the two methods that a port calls, and declares nothing."""

    def buildProtocol(self) -> None:
        """Do nothing."""

    def doStart(self) -> None:
        """Do nothing."""


def test_a_factory_is_known_by_interface_or_methods() -> None:
    """Instances count, their classes and other objects do not."""
    assert is_factory(ServerFactory())
    assert is_factory(Duck())
    assert not is_factory(ServerFactory)
    assert not is_factory(Duck)
    assert not is_factory(object())


@pytest.mark.parametrize(
    "value", [subclass("Application"), lambda: None, Application([]), ServerFactory()]
)
def test_the_name_application_wins(value: object) -> None:
    """Class, lambda or instance, whatever else there is."""
    found = find_application(module(Application=value, Zoo=subclass("Zoo"), app=Application([])))
    assert found == ("Application", value, "the name Application wins")


def test_the_frameworks_own_class_is_no_application() -> None:
    """`from cyclone.web import Application` does not hide the application of the file."""
    own = Application([])
    assert chosen(find_application(module(Application=Application, mine=own))) == "mine"
    assert find_application(module(Application=Application, Base=Application)) is None


def test_a_name_application_that_is_no_application_is_passed_over() -> None:
    """A text or a number under that name does not count."""
    assert chosen(find_application(module(Application="hello", app=Application([])))) == "app"


def test_own_classes_come_before_imported_ones() -> None:
    """The last own class in alphabetical order is taken (cyclone 1.x), else the last imported."""
    imported = subclass("Zoo", "elsewhere")
    names = {"Zoo": imported, "Alpha": subclass("Alpha"), "Beta": subclass("Beta")}
    assert chosen(find_application(module(**names))) == "Beta"
    assert chosen(find_application(module(Zoo=imported, app=Application([])))) == "Zoo"


def test_named_instances_come_before_others() -> None:
    """`application` before `app` before any other single instance."""
    first, second, third = (Application([]) for _ in range(3))
    names: dict[str, object] = {"thing": third, "app": second, "application": first}
    assert chosen(find_application(module(**names))) == "application"
    del names["application"]
    assert chosen(find_application(module(**names))) == "app"
    del names["app"]
    assert chosen(find_application(module(**names))) == "thing"


def test_two_instances_are_not_guessed_at() -> None:
    """Nothing is found when several instances have other names."""
    assert find_application(module(one=Application([]), two=Application([]))) is None


def test_a_file_without_the_framework_may_hold_a_factory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody has loaded cyclone_core.web, a Twisted factory named app is found still."""
    monkeypatch.delitem(sys.modules, "cyclone_core.web")
    assert chosen(find_application(module(app=ServerFactory()))) == "app"
    assert find_application(module(thing=ServerFactory(), number=1)) is None


def test_a_half_loaded_framework_is_no_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    """While cyclone_core.web is being imported it has no Application yet."""
    monkeypatch.setitem(sys.modules, "cyclone_core.web", ModuleType("cyclone_core.web"))
    assert find_application(module(thing=1)) is None


def test_candidates_are_what_looks_like_an_application() -> None:
    """Own factory classes, instances, and own functions with `app` in their names."""

    def make_app() -> None:
        """Make nothing."""

    def index() -> None:
        """Make nothing."""

    for function in (make_app, index):
        function.__module__ = "app_file"
    names: dict[str, object] = {
        "Mine": subclass("Mine"),
        "Imported": subclass("Imported", "elsewhere"),
        "Application": Application,
        "make_app": make_app,
        "index": index,
        "factory": ServerFactory(),
        "_hidden": ServerFactory(),
        "number": 1,
    }
    assert candidates(module(**names)) == ["Mine", "factory", "make_app"]


def test_a_suggestion_is_made_for_a_slip() -> None:
    """One close name, or one with other capitals, or silence."""
    assert similar("Aplication", ["Application", "Main"]) == " Did you mean Application?"
    assert similar("APP", ["app"]) == " Did you mean app?"
    assert similar("nothing", ["Application"]) == ""
