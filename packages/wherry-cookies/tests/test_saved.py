"""Taking members out of files."""

import copy
import pickle

import pytest

from wherry_cookies import CookieFileError
from wherry_cookies._json_text import Place
from wherry_cookies._saved import Fields, mapping

PLACE = Place().at("cookies").at(3)


def test_absent_members_have_the_empty_value() -> None:
    fields = Fields({}, PLACE)

    assert (fields.text("a"), fields.flag("a"), fields.moment("a")) == ("", False, None)
    assert fields.scope("x.example") == ("x.example", "")


def test_members_are_taken_by_type() -> None:
    fields = Fields({"t": "x", "n": 60, "f": True, "e": "", "m": 1.5, "host_only": True}, PLACE)

    assert (fields.text("t"), fields.text("n")) == ("x", "60")
    assert (fields.flag("f"), fields.flag("e")) == (True, False)
    assert (fields.moment("m"), fields.moment("n")) == (1.5, 60.0)
    assert fields.scope("x.example") == ("", "x.example")


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", None),
        ("text", True),
        ("text", ["s3cret"]),
        ("flag", 1),
        ("flag", None),
        ("moment", "s3cret"),
        ("moment", True),
        ("moment", float("nan")),
        ("moment", float("inf")),
        ("moment", 10**400),
    ],
)
def test_a_wrong_member_is_named_without_its_value(method: str, value: object) -> None:
    """S-014."""
    fields = Fields({"a": value}, PLACE)

    with pytest.raises(CookieFileError) as caught:
        getattr(fields, method)("a")

    assert caught.value.where == "cookies[3].a"
    assert "s3cret" not in str(caught.value)


def test_only_objects_have_members() -> None:
    assert mapping({"a": 1}, PLACE) == {"a": 1}
    with pytest.raises(CookieFileError, match=r"expected an object, got str, at cookies\[3\]"):
        Fields("text", PLACE)


def test_the_error_survives_pickling_and_copying() -> None:
    error = CookieFileError("expected JSON", "line 1")

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (twin.expected, twin.where, str(twin)) == (error.expected, error.where, str(error))
