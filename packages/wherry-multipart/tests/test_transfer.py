"""base64 and quoted-printable, piece by piece."""

import base64
import binascii
import contextlib
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_multipart._transfer import (
    TransferCoder,
    base64_groups_end,
    only_base64,
    transfer_decoder,
    transfer_encoder,
)

DATA = st.binary(max_size=300) | st.lists(
    st.sampled_from([b"\r", b"\n", b" ", b"\t", b"=", b"a" * 37, b"\xff", b"."]), max_size=40
).map(b"".join)


def run(coder: TransferCoder, data: bytes, size: int) -> bytes:
    pieces = [coder.feed(data[start : start + size]) for start in range(0, len(data), size)]
    return b"".join([*pieces, coder.finish()])


@given(data=DATA, size=st.integers(1, 50))
def test_base64_is_the_libraries_for_any_split(data: bytes, size: int) -> None:
    """S-309, RFC 2045 §6.8."""
    assert run(transfer_encoder("base64"), data, size) == base64.b64encode(data)


@given(data=DATA, size=st.integers(1, 50))
def test_base64_with_line_breaks_is_decoded_for_any_split(data: bytes, size: int) -> None:
    """S-324, S-326."""
    assert run(transfer_decoder("base64"), base64.encodebytes(data), size) == data


@given(data=DATA, size=st.integers(1, 50))
def test_quoted_printable_comes_back_exactly(data: bytes, size: int) -> None:
    """S-309: text and binary data alike, whatever the pieces."""
    whole = run(transfer_encoder("quoted-printable"), data, 1000)
    coded = run(transfer_encoder("quoted-printable"), data, size)

    assert coded == whole
    assert quopri.decodestring(coded) == data
    assert run(transfer_decoder("quoted-printable"), coded, size) == data


@given(data=DATA)
def test_quoted_printable_keeps_its_rules(data: bytes) -> None:
    """RFC 2045 §6.7: 76 columns, no bare CR or LF, no blank before a line end."""
    coded = run(transfer_encoder("quoted-printable"), data, 1000)

    for line in coded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.endswith((b" ", b"\t"))
        assert all(byte == 9 or 32 <= byte <= 126 for byte in line)


def test_quoted_printable_text_stays_readable() -> None:
    """Line breaks stay line breaks."""
    assert run(transfer_encoder("quoted-printable"), "a =b\r\n é ".encode(), 99) == (
        b"a =3Db\r\n =C3=A9=20"
    )


def test_quoted_printable_blanks_at_line_ends_are_escaped() -> None:
    """RFC 2045 §6.7 rule 3, also when the line end comes in the next piece."""
    for size in (1, 2, 3, 99):
        coded = run(transfer_encoder("quoted-printable"), b"a \r\nb\t\r\n \rc", size)
        assert coded == b"a=20\r\nb=09\r\n =0Dc"


@given(data=st.binary(), size=st.integers(1, 20))
def test_garbage_is_decoded_or_refused(data: bytes, size: int) -> None:
    """Nothing but `ValueError` comes out of it."""
    run(transfer_decoder("quoted-printable"), data, size)
    with contextlib.suppress(binascii.Error):
        run(transfer_decoder("base64"), data, size)


@pytest.mark.parametrize("name", ["", "binary", "8bit", "7bit", " Binary "])
def test_no_encoding_changes_nothing(name: str) -> None:
    """S-324."""
    assert run(transfer_decoder(name), b"a=3D\r\n", 2) == b"a=3D\r\n"


@pytest.mark.parametrize("name", ["x-uuencode", "gzip", "base64 "[:4], "é" * 500])
def test_unknown_encoding_is_a_runtime_error(name: str) -> None:
    """S-309, S-324: the message names the known ones and stays short."""
    with pytest.raises(RuntimeError, match="base64") as caught:
        transfer_encoder(name)
    with pytest.raises(RuntimeError, match="8bit"):
        transfer_decoder(name)
    assert len(str(caught.value)) < 300


def test_encoding_many_small_pieces_is_linear() -> None:
    """A run of blanks is not held back and copied again and again."""
    coder = transfer_encoder("quoted-printable")

    total = sum(len(coder.feed(b" ")) for _ in range(200_000)) + len(coder.finish())

    assert total > 200_000


@given(
    data=st.lists(st.sampled_from([b"A", b"=", b"\r\n", b"-", b"+/"]), max_size=30).map(b"".join)
)
def test_groups_end_behind_a_multiple_of_four_characters(data: bytes) -> None:
    """S-326: as many as there are."""
    end = base64_groups_end(data)

    assert len(only_base64(data[:end])) == len(only_base64(data)) // 4 * 4
