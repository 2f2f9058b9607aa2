"""Whether a download can be continued, and what with."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from multidict import CIMultiDict
from yarl import URL

from wherry_cli._errors import CommandError, ExitStatus
from wherry_cli._resume import Partial, Step, find_partial, judge, strong_validator

SITE = URL("http://h/files/boat.iso?x=1")
PART = Partial(Path("boat.iso.part"), "digest", 10, '"v1"', 100)
ALL = Partial(Path("boat.iso.part"), "digest", 100, '"v1"', 100)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def fields(**given: str) -> CIMultiDict[str]:
    return CIMultiDict({name.replace("_", "-"): value for name, value in given.items()})


def test_nothing_is_there(tmp_path: Path) -> None:
    """Then the whole file is asked for, without codings."""
    partial = find_partial(SITE, tmp_path)

    assert partial.path == tmp_path / "boat.iso.part"
    assert partial.fields() == [("Accept-Encoding", "identity")]


def test_part_is_found_again(tmp_path: Path) -> None:
    """And the rest is asked for, if it is the same file (RFC 9110 §13.1.5)."""
    first = find_partial(SITE, tmp_path)
    assert first.write_notes(fields(ETag='"v1"'), 100)
    first.path.write_bytes(b"0123456789")

    again = find_partial(SITE, tmp_path)

    assert (again.size, again.validator, again.total) == (10, '"v1"', 100)
    assert again.fields()[1:] == [("Range", "bytes=10-"), ("If-Range", '"v1"')]


@pytest.mark.parametrize("notes", [None, b"", b"[]", b"{}", b'{"url_sha256": 1, "validator": "x"}'])
def test_part_of_something_else_is_refused(tmp_path: Path, notes: bytes | None) -> None:
    """Nobody knows what it is; appending would damage both."""
    partial = find_partial(SITE, tmp_path)
    partial.path.write_bytes(b"x")
    if notes is not None:
        partial.notes.write_bytes(notes)

    with pytest.raises(CommandError, match="no part of this download"):
        find_partial(SITE, tmp_path)


def test_part_of_another_url_is_refused(tmp_path: Path) -> None:
    """The same name, another query."""
    partial = find_partial(SITE, tmp_path)
    partial.write_notes(fields(ETag='"v1"'), None)
    partial.path.write_bytes(b"x")

    with pytest.raises(CommandError, match="no part of this download"):
        find_partial(SITE.with_query(x=2), tmp_path)


@pytest.mark.parametrize(
    ("given", "validator"),
    [
        ({"ETag": '"a"'}, '"a"'),
        ({"ETag": 'W/"a"'}, None),
        ({"ETag": '"a"', "Content_Encoding": "gzip"}, None),
        ({}, None),
        ({"Last_Modified": "yesterday", "Date": "today"}, None),
        ({"Last_Modified": format_datetime(NOW, usegmt=True)}, None),
    ],
)
def test_strong_validators(given: dict[str, str], validator: str | None) -> None:
    """RFC 9110 §8.8: only they say that bytes are the same."""
    assert strong_validator(fields(**given)) == validator


@pytest.mark.parametrize(("age", "is_strong"), [(59, False), (60, True)])
def test_date_is_strong_after_a_minute(age: int, is_strong: bool) -> None:
    """RFC 9110 §8.8.2.2."""
    modified = format_datetime(NOW - timedelta(seconds=age), usegmt=True)
    given = fields(Last_Modified=modified, Date=format_datetime(NOW, usegmt=True))

    assert strong_validator(given) == (modified if is_strong else None)


@pytest.mark.parametrize(
    ("partial", "status", "given", "step"),
    [
        (Partial(Path("p"), "d"), 200, {}, Step.BEGIN),
        (PART, 206, {"Content_Range": "bytes 10-99/100", "ETag": '"v1"'}, Step.CONTINUE),
        (PART, 206, {"Content_Range": "bytes 10-99/*"}, Step.CONTINUE),
        (PART, 200, {"ETag": '"v1"'}, Step.BEGIN),
        (
            Partial(Path("p"), "d", 100, '"v1"', 100),
            416,
            {"Content_Range": "bytes */100"},
            Step.FINISHED,
        ),
    ],
)
def test_answers_that_go_on(
    partial: Partial, status: int, given: dict[str, str], step: Step
) -> None:
    """The rest, the whole again from a server without ranges, or nothing more to come."""
    assert judge(partial, status, fields(**given)) is step


@pytest.mark.parametrize(
    ("status", "given", "exit_status"),
    [
        (200, {"ETag": '"v2"'}, ExitStatus.LOCAL_FILE),
        (200, {}, ExitStatus.LOCAL_FILE),
        (206, {"Content_Range": "bytes 10-99/100", "ETag": '"v2"'}, ExitStatus.LOCAL_FILE),
        (206, {"Content_Range": "bytes 10-199/200"}, ExitStatus.LOCAL_FILE),
        (416, {"Content_Range": "bytes */50"}, ExitStatus.LOCAL_FILE),
        (206, {"Content_Range": "bytes 0-99/100"}, ExitStatus.PROTOCOL),
        (206, {}, ExitStatus.PROTOCOL),
        (
            206,
            {"Content_Range": "bytes 10-99/100", "Content_Encoding": "gzip"},
            ExitStatus.PROTOCOL,
        ),
        (404, {}, ExitStatus.HTTP_ERROR),
        (304, {}, ExitStatus.HTTP_ERROR),
    ],
)
def test_answers_that_are_refused(
    status: int, given: dict[str, str], exit_status: ExitStatus
) -> None:
    """Another version of the file, other bytes, or no file at all."""
    with pytest.raises(CommandError) as caught:
        judge(PART, status, fields(**given))

    assert caught.value.status is exit_status
