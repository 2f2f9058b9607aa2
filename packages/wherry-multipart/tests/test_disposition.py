"""Reading Content-Disposition, which everybody writes differently."""

import warnings
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    ContentDisposition,
    content_disposition,
    content_disposition_filename,
    parse_content_disposition,
    safe_filename,
)
from wherry_payload import content_disposition_header


@pytest.mark.parametrize(
    ("header", "disptype", "params", "filename"),
    [
        ("inline", "inline", {}, None),
        ("  ATTACHMENT ; filename=x", "attachment", {"filename": "x"}, "x"),
        ('inline; filename="foo.html"', "inline", {"filename": "foo.html"}, "foo.html"),
        ('inline; filename = "a b"', "inline", {"filename": "a b"}, "a b"),
        ('inline; filename="a\\"b"', "inline", {"filename": 'a"b'}, 'a"b'),
        ('inline; filename="a;b;c=d"', "inline", {"filename": "a;b;c=d"}, "a;b;c=d"),
        ("attachment; filename='x'", "attachment", {"filename": "'x'"}, "'x'"),
        ('a; filename="foo-%41"', "a", {"filename": "foo-%41"}, "foo-%41"),
        ("a; filename*=iso-8859-1''foo-%E4", "a", {"filename*": "foo-ä"}, "foo-ä"),
        ("a; filename*=UTF-8''%c3%a4%e2%82%ac", "a", {"filename*": "ä€"}, "ä€"),
        ("a; filename*=''%c3%a4", "a", {"filename*": "ä"}, "ä"),
        ("a; filename*=UTF-8'de'foo%", "a", {"filename*": "foo%"}, "foo%"),
        ("a; filename*=bogus''foo", "a", {"filename*": "foo"}, "foo"),
        ("a; filename=x; filename*=''y", "a", {"filename": "x", "filename*": "y"}, "y"),
        ("a; filename*0=x; filename*1=y", "a", {"filename*0": "x", "filename*1": "y"}, "xy"),
        ("a; filename*0=x; filename*2=y", "a", {"filename*0": "x", "filename*2": "y"}, "x"),
        ("a; filename*1=x", "a", {"filename*1": "x"}, None),
        (
            "a; filename*0*=UTF-8''a%c3; filename*1*=%a4; filename*2=\".t%41\"",
            "a",
            {"filename*0*": "UTF-8''a%c3", "filename*1*": "%a4", "filename*2": ".t%41"},
            "aä.t%41",
        ),
        ('a; filename="/etc/passwd"', "a", {"filename": "etc/passwd"}, "etc/passwd"),
        ('a; filename="\\\\\\\\srv"', "a", {"filename": "srv"}, "srv"),
        ("a; filename*=''%2f%5cx", "a", {"filename*": "x"}, "x"),
        ("a; filename*0*=''%2fx", "a", {"filename*0*": "''%2fx"}, "x"),
        ("a; filename*0*=bogus''x%ff", "a", {"filename*0*": "bogus''x%ff"}, "x\ufffd"),
        ("a; name=x; filename=y", "a", {"name": "x", "filename": "y"}, "y"),
        (None, None, {}, None),
        ("", None, {}, None),
    ],
)
def test_header_is_understood(
    header: str | None, disptype: str | None, params: dict[str, str], filename: str | None
) -> None:
    """S-301 to S-304: type, parameters, and the file name they amount to."""
    assert parse_content_disposition(header) == (disptype, params)
    assert content_disposition_filename(params) == filename


@pytest.mark.parametrize(
    "header",
    [
        '"inline"',
        "filename=foo.html",
        "x=y; filename=foo.html",
        "; filename=foo.html",
        ": inline",
        "inline; attachment; filename=foo",
        'attachment; filename="foo.html".txt',
        'attachment; filename="bar',
        'attachment; filename=foo"bar"',
        "attachment; filename=foo bar.html",
        "attachment; filename=foo[1].html",
        "attachment; filename=é",
        "attachment; filename=foo, attachment; filename=bar",
        "attachment filename=bar",
        "attachment; filename",
        "attachment; filename=",
        "attachment; filename=a; FILENAME=b",
        "é",
    ],
)
def test_malformed_header_is_none(header: str) -> None:
    """S-301, S-302, S-570: it warns and counts as absent."""
    with pytest.warns(BadContentDispositionHeader) as caught:
        assert parse_content_disposition(header) == (None, {})

    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "parameter",
    [
        "filename*=UTF-8''foo-%E4",
        "filename*=bogus''%E4",
        "filename*=UTF-8'foo",
        "filename*=foo",
        "filename*=\"UTF-8''foo\"",
        "=x",
        "[]=x",
    ],
)
def test_bad_parameter_is_skipped(parameter: str) -> None:
    """S-301: one bad parameter does not take the others with it."""
    with pytest.warns(BadContentDispositionParam):
        parsed = parse_content_disposition(f"attachment; {parameter}; a=b")

    assert parsed == ("attachment", {"a": "b"})


def test_semicolon_at_the_end_warns_only() -> None:
    """What came before it is clear."""
    with pytest.warns(BadContentDispositionHeader):
        assert parse_content_disposition("attachment; a=b;") == ("attachment", {"a": "b"})


@given(header=st.text(alphabet="aF=;\"'*%0 1é\\\t\r\n/-") | st.text())
def test_never_raises(header: str) -> None:
    """S-302."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, params = parse_content_disposition(header)
        content_disposition_filename(params)
        content_disposition_filename(params, "name")


@pytest.mark.parametrize("unit", ["%", "9", "'", ";filename*0=a", ' ="', "*", '"\\'])
def test_hostile_header_takes_linear_time(unit: str) -> None:
    """SEC-51: a megabyte of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in ("attachment; filename*=", "attachment; filename*=punycode''a-%39"):
            parse_content_disposition(start + unit * (1_000_000 // len(unit)))


def test_other_names_than_filename_keep_their_slashes() -> None:
    """S-304 is about file names."""
    _, params = parse_content_disposition('form-data; name="/a"')

    assert content_disposition_filename(params, "name") == "/a"


@given(
    name=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"])
    )
)
def test_written_names_come_back(name: str) -> None:
    """S-297, S-303: what the writer escapes the reader unescapes."""
    header = content_disposition_header("form-data", {"name": name})

    _, params = parse_content_disposition(header)

    assert content_disposition_filename(params, "name") == name


def test_content_disposition_as_one_value() -> None:
    """S-305: type, read-only parameters, file name."""
    found = content_disposition("attachment; filename=x")

    assert found == ContentDisposition("attachment", {"filename": "x"}, "x")
    assert isinstance(found.parameters, MappingProxyType)
    assert content_disposition(None) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\dir\\x.txt", "x.txt"),
        ("c:x", "x"),
        ("a/", None),
        ("..", None),
        (".", None),
        ("", None),
        (None, None),
        ("con", None),
        ("NUL.txt", None),
        ("com1", None),
        ("LPT\u00b9.x", None),
        ("console", "console"),
        ("a\x00b\r\n.t", "ab.t"),
        ("gnp\u202etxt.exe", "gnptxt.exe"),
        (" .hidden. ", "hidden"),
        ("x:stream", "stream"),
        ("é" * 200, "é" * 127),
    ],
)
def test_safe_filename(name: str | None, expected: str | None) -> None:
    """SEC-52: no separators, drive, dots alone, control characters, or reserved names."""
    assert safe_filename(name) == expected


@given(name=st.text())
def test_safe_filename_is_a_single_name(name: str) -> None:
    """SEC-52, for any input."""
    safe = safe_filename(name)

    if safe is not None:
        assert safe not in ("", ".", "..")
        assert not set(safe) & set("/\\:\x00\r\n")
        assert len(safe.encode()) <= 255
        assert safe_filename(safe) == safe
