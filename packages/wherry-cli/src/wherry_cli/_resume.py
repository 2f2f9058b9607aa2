"""Downloads that are continued where they broke off, and never with bytes of another file.

Decides what is asked for and what an answer means; `Destination` opens the files. What has come is
kept in `NAME.part`, with `NAME.part.json` beside it, which says of which URL and which version of
the file it is a part. RFC 9110 §13.1.5 (If-Range), §14.2 (Range), §14.4 (Content-Range), §8.8
(strong validators).
"""

import enum
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from yarl import URL

from ._download import download_name
from ._errors import CommandError, ExitStatus

STRONG_AFTER = timedelta(seconds=60)
"""A Last-Modified this long before Date is a strong validator (RFC 9110 §8.8.2.2)."""

_content_range = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", re.IGNORECASE).fullmatch


class Step(enum.Enum):
    """What to do with the answer to a request that may continue a download."""

    BEGIN = enum.auto()
    """Its body is the whole file."""
    CONTINUE = enum.auto()
    """Its body is what is missing."""
    FINISHED = enum.auto()
    """Nothing was missing; its body is to be left alone."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A download of `url` into `folder`: what there is of it, and of which version of the file."""

    path: Path
    url_digest: str
    size: int = 0
    """Bytes that are there."""
    validator: str | None = None
    """The strong entity tag, or else the Last-Modified date."""
    total: int | None = None
    """Bytes that there will be, if that is known."""

    @property
    def notes(self) -> Path:
        """The file beside it."""
        return self.path.with_name(self.path.name + ".json")

    def fields(self) -> list[tuple[str, str]]:
        """The header fields to ask with. Codings are refused: ranges would count coded bytes."""
        fields = [("Accept-Encoding", "identity")]
        if self.validator is not None and self.size:
            fields += [("Range", f"bytes={self.size}-"), ("If-Range", self.validator)]
        return fields

    def write_notes(self, headers: Mapping[str, str], total: int | None) -> bool:
        """Remember the version of the file that `headers` came with; False if they do not say."""
        validator = strong_validator(headers)
        if validator is None:
            return False
        notes = {"url_sha256": self.url_digest, "validator": validator, "total": total}
        self.notes.write_text(json.dumps(notes) + "\n", "utf-8")
        return True

    def remove(self) -> None:
        """Remove both files."""
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def find_partial(url: URL, folder: Path) -> Partial:
    """What there is of `url` in `folder`, perhaps nothing.

    `CommandError` if there is a part of something else, or of nobody knows what.
    """
    path = folder / f"{download_name(None, [url])}.part"
    digest = hashlib.sha256(str(url).encode("utf-8", "surrogatepass")).hexdigest()
    partial = Partial(path, digest)
    if not path.exists():
        return partial
    try:
        notes = json.loads(partial.notes.read_bytes())
        validator, total = str(notes["validator"]), notes["total"]
        is_ours = notes["url_sha256"] == digest and (total is None or isinstance(total, int))
    except (OSError, ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise CommandError(
            ExitStatus.LOCAL_FILE,
            f"{str(path)!r} is no part of this download; remove it to begin from the start",
        )
    return Partial(path, digest, path.stat().st_size, validator, total)


def strong_validator(headers: Mapping[str, str]) -> str | None:
    """What identifies these very bytes: a strong entity tag, or a Last-Modified that is strong."""
    if "Content-Encoding" in headers:
        return None  # what is written is decoded, ranges are not
    tag = headers.get("ETag", "")
    if tag:
        return None if tag.startswith("W/") else tag
    modified, answered = _moment(headers.get("Last-Modified")), _moment(headers.get("Date"))
    if modified is None or answered is None or answered - modified < STRONG_AFTER:
        return None
    return headers["Last-Modified"]


def _moment(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None


def judge(partial: Partial, status: int, headers: Mapping[str, str]) -> Step:
    """What the answer to a request with `partial.fields()` means.

    `CommandError` if the file is another one by now, or the answer is no part of it.
    """
    if status == 200:
        return _judge_whole(partial, headers)
    if status == 206 and partial.size:
        return _judge_part(partial, headers)
    if status == 416 and partial.size:
        start, _, total = _range_of(headers)
        if start is None and total == partial.size == (partial.total or total):
            return Step.FINISHED
        raise _changed(partial)
    raise CommandError(
        ExitStatus.HTTP_ERROR, f"the server answered {status}, which is no file to download"
    )


def _judge_whole(partial: Partial, headers: Mapping[str, str]) -> Step:
    # A server without ranges sends all of it again, and that is the same file if it says so.
    if partial.size and strong_validator(headers) != partial.validator:
        raise _changed(partial)
    return Step.BEGIN


def _judge_part(partial: Partial, headers: Mapping[str, str]) -> Step:
    start, end, total = _range_of(headers)
    if start != partial.size or end is None or "Content-Encoding" in headers:
        raise CommandError(
            ExitStatus.PROTOCOL,
            f"expected the bytes from {partial.size} on, but the server sent Content-Range "
            f"{headers.get('Content-Range', '')[:100]!r}",
        )
    name = "ETag" if (partial.validator or "").startswith('"') else "Last-Modified"
    is_other = headers.get(name, partial.validator) != partial.validator
    if is_other or (total is not None and total != (partial.total or total)):
        raise _changed(partial)
    return Step.CONTINUE


def _range_of(headers: Mapping[str, str]) -> tuple[int | None, int | None, int | None]:
    """Start, end and total of Content-Range, None where it does not say."""
    found = _content_range(headers.get("Content-Range", "").strip())
    if found is None:
        return None, None, None
    start, end, total = (int(n) if n and n.isdecimal() else None for n in found.groups())
    return start, end, total


def _changed(partial: Partial) -> CommandError:
    return CommandError(
        ExitStatus.LOCAL_FILE,
        f"the file changed on the server since {str(partial.path)!r} was begun; "
        "remove that to download it from the start",
    )
