"""Text files as bodies."""

import io
from pathlib import Path

from wherry_payload import TextIOPayload, get_payload
from wherry_payload.testing import check_payload


async def test_text_file_is_as_promised(tmp_path: Path) -> None:
    """S-273, S-282, S-284: written twice, the same both times."""
    path = tmp_path / "x"
    path.write_bytes(bytes(range(256)) * 1000)

    body = await check_payload(lambda: get_payload(path.open(encoding="latin-1", newline="")))

    assert body == path.read_bytes().decode("latin-1").encode()


async def test_text_goes_out_in_the_payloads_charset(tmp_path: Path) -> None:
    """S-282: decoded as opened, encoded as asked, size not declared."""
    path = tmp_path / "x"
    path.write_bytes("é\n".encode("latin-1") * 300_000)
    with path.open(encoding="latin-1") as file:
        payload = get_payload(file)

        assert payload.size is None
        assert payload.content_type == "text/plain; charset=utf-8"
        assert await payload.as_bytes() == "é\n".encode() * 300_000
        assert payload.decode() == "é\n" * 300_000


async def test_text_with_a_byte_order_mark_has_one() -> None:
    """S-282: one encoder for all pieces, a new one when sent again."""
    text = "ab" * 200_000
    payload = TextIOPayload(io.StringIO(text), encoding="utf-16")

    for _ in range(2):
        assert await payload.as_bytes() == text.encode("utf-16")


async def test_shift_state_at_the_end_is_flushed() -> None:
    """S-282: charsets with shift states end as they must."""
    payload = TextIOPayload(io.StringIO("日本"), encoding="iso2022_jp")

    assert await payload.as_bytes() == "日本".encode("iso2022_jp")


async def test_text_file_that_is_being_iterated_is_sent_once(tmp_path: Path) -> None:
    """S-284: Python disables tell() there, so it cannot go back."""
    path = tmp_path / "x"
    path.write_text("first\nrest\n")
    with path.open() as file:
        next(file)
        payload = get_payload(file)

        assert await payload.as_bytes() == b"rest\n"
        assert payload.consumed is True


def test_charset_must_be_one_for_text() -> None:
    """S-279: `base64` is a codec of Python's and no charset."""
    payload = TextIOPayload(io.StringIO("a"), content_type="text/x; charset=base64")

    assert payload.encoding == "utf-8"
