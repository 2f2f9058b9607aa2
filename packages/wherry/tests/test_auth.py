"""`auth`: basic credentials."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry import BasicAuth, encode_basic_auth

_logins = st.text().filter(lambda text: ":" not in text)


@given(_logins, st.text())
def test_what_is_encoded_can_be_decoded(login: str, password: str) -> None:
    """S-456."""
    try:
        auth = BasicAuth(login, password, "utf-8")
        header = auth.encode()
    except UnicodeEncodeError:
        return
    assert BasicAuth.decode(header, "utf-8") == auth
    assert header == encode_basic_auth(login, password)


def test_the_examples_of_the_rfc() -> None:
    """S-456, S-457, RFC 7617 §2."""
    assert BasicAuth("Aladdin", "open sesame").encode() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert encode_basic_auth("test", "123£") == "Basic dGVzdDoxMjPCow=="
    assert BasicAuth("u") == ("u", "", "latin1")


@pytest.mark.parametrize("arguments", [(None,), ("u", None), ("a:b", "c")])
def test_parts_that_cannot_be_told_apart_later_are_refused(arguments: tuple[str, ...]) -> None:
    """S-456."""
    with pytest.raises(ValueError, match=r"None|RFC 7617"):
        BasicAuth(*arguments)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Bearer dTpw",
        "Basic dT*w",
        "Basic dTpw!",
        "Basic dTp",
        "Basic dQ==",
        "Basic é",
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    """S-456: also base64 with foreign characters."""
    with pytest.raises(ValueError, match=r"Basic|credentials"):
        BasicAuth.decode(header)


def test_the_scheme_is_read_in_any_case() -> None:
    assert BasicAuth.decode("bAsIc dTpw") == BasicAuth("u", "p")


def test_user_info_is_taken_from_a_url() -> None:
    """S-456."""
    assert BasicAuth.from_url(URL("http://u%40:p%3A@h/")) == BasicAuth("u@", "p:")
    assert BasicAuth.from_url(URL("http://u@h/")) == BasicAuth("u", "")
    assert BasicAuth.from_url(URL("http://h/")) is None
    with pytest.raises(TypeError):
        BasicAuth.from_url("http://u@h/")  # type: ignore[arg-type]  # the point


def test_the_password_stays_out_of_the_repr() -> None:
    """S-14."""
    auth = BasicAuth("user", "hidden")
    assert "hidden" not in f"{auth!r} {auth}"
    assert pickle.loads(pickle.dumps(auth)) == auth
