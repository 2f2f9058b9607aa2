"""`_target`: URLs are checked once, and say where the request goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from yarl import URL

from wherry import InvalidURL, InvalidUrlClientError, NonHttpUrlClientError
from wherry._target import Target, parse_url, resolve_target, with_params

SCHEMES = frozenset({"", "http", "https", "ws", "wss"})


def target_of(url: str | URL, method: str = "GET") -> Target:
    return resolve_target(parse_url(url), method=method, allowed_schemes=SCHEMES, ssl=True)


@pytest.mark.parametrize(
    ("url", "host_field"),
    [
        ("http://example.com/", "example.com"),
        ("http://example.com:80/", "example.com"),
        ("http://example.com:8080/", "example.com:8080"),
        ("https://example.com:80/", "example.com:80"),
        ("ws://example.com/", "example.com"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://EXAMPLE.com./", "example.com"),
        ("http://user:secret@example.com/", "example.com"),
        ("http://[fe80::1%25eth0]/", "[fe80::1]"),
        ("http://a_b.example/", "a_b.example"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
    ],
)
def test_host_names_the_target_without_default_port_and_userinfo(url: str, host_field: str) -> None:
    """S-380, S-377, SEC-3."""
    assert target_of(url).host_field == host_field


@pytest.mark.parametrize(
    ("url", "request_target"),
    [
        ("http://a.example", "/"),
        ("http://a.example/p?x=1#f", "/p?x=1"),
        ("http://a.example?x=1", "/?x=1"),
        ("http://a.example/a b", "/a%20b"),
        (URL("http://a.example/a%2Fb", encoded=True), "/a%2Fb"),
    ],
)
def test_the_request_target_is_path_and_query(url: str | URL, request_target: str) -> None:
    """S-384, S-376."""
    assert target_of(url).request_target == request_target


def test_connect_uses_the_authority_form() -> None:
    """S-384."""
    assert target_of("http://a.example/p", "CONNECT").request_target == "a.example:80"
    assert target_of("https://[::1]/p", "CONNECT").request_target == "[::1]:443"


def test_userinfo_and_fragment_are_kept_out_of_the_url() -> None:
    """S-376, S-459."""
    target = target_of("http://user:secret@a.example/p#frag")

    assert target.url == URL("http://a.example/p")
    assert target.real_url == URL("http://a.example/p#frag")
    assert "secret" not in repr(target)


def test_the_pool_key_has_host_in_lower_case_port_and_tls() -> None:
    """S-116, SEC-31."""
    key = target_of("https://A.Example/x").key

    assert (key.host, key.port, key.is_ssl, key.ssl) == ("a.example", 443, True, True)


@pytest.mark.parametrize(
    "url",
    ["", "/path", "a.example", "http://", "http:///path", "?q", "http://a.example:x/",
     "http://a.example:99999/", "http://[::1/", "http://a.example/\r\nX: y", "http://a\x00.example/",
     "http://.../", "http://a b/", "http://a%2fb/", "http://a|b/", "http://[::1%25]:x/"],
)  # fmt: skip
def test_a_url_that_cannot_be_used_is_refused_with_its_text(url: str) -> None:
    """S-371, S-517, SEC-1, SEC-3."""
    with pytest.raises(InvalidUrlClientError) as caught:
        target_of(url)

    assert str(caught.value.url) == url


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "127.1",
        "017700000001",
        "0x7f.1",
        "0x7f000001",
        "1.2.3",
        "1.2.3.4.",
        "0300.1.2.3",
    ],
)
def test_a_number_that_resolvers_read_as_an_address_is_refused(host: str) -> None:
    """S-135, S-521, SEC-48."""
    with pytest.raises(InvalidUrlClientError):
        target_of(f"http://{host}/")


def test_the_zone_of_an_address_is_for_connecting_only() -> None:
    """RFC 6874 §2, §4."""
    target = target_of("http://[fe80::1%25eth0]:81/")

    assert target.key.host == "fe80::1%eth0"
    assert target.host_field == "[fe80::1]:81"


@pytest.mark.parametrize("url", ["ftp://a.example/", "mailto:x@a.example", "//a.example/x", "x:y"])
def test_a_scheme_the_connector_does_not_know_is_refused(url: str) -> None:
    """S-372, S-518."""
    with pytest.raises((NonHttpUrlClientError, InvalidUrlClientError)):
        target_of(url)


def test_errors_about_a_url_show_no_part_of_its_password() -> None:
    """S-014, S-503, SEC-60: also where the parser takes the password for a port."""
    for url in ("http://user:sec/ret@a.example/", "http://user:hun#ter2@h/", "http://u:p:q@h:x/"):
        with pytest.raises(InvalidURL) as caught:
            target_of(url)

        text = f"{caught.value} {caught.value!r} {caught.value.description}"
        assert not any(part in text for part in ("sec", "ret@", "hun", "ter2", "p:q"))


def test_a_url_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidUrlClientError, match="bytes"):
        parse_url(b"http://a.example/")  # type: ignore[arg-type]  # the point of the test


@given(st.text(max_size=40) | st.text(max_size=30).map("http://".__add__))
def test_any_text_gives_a_target_or_a_documented_error(text: str) -> None:
    """SEC-3, SEC-51."""
    try:
        target = target_of(text)
    except (InvalidUrlClientError, NonHttpUrlClientError):
        return
    wire = target.request_target + target.host_field
    assert not any(ord(c) <= 0x20 or ord(c) == 0x7F for c in wire)
    assert "@" not in target.host_field


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        ("http://h/p", {"a": "1"}, "http://h/p?a=1"),
        ("http://h/p?x=1", {"a": 1, "b": 2.5}, "http://h/p?x=1&a=1&b=2.5"),
        ("http://h/p?a=1", {"a": "2"}, "http://h/p?a=1&a=2"),
        ("http://h/p", {"a": ["1", "2"]}, "http://h/p?a=1&a=2"),
        ("http://h/p", [("a", "1"), ("a", "2")], "http://h/p?a=1&a=2"),
        ("http://h/p", MultiDict([("a", "1"), ("a", "2")]), "http://h/p?a=1&a=2"),
        ("http://h/p", {"a": "x y&z"}, "http://h/p?a=x+y%26z"),
        ("http://h/p#f", {"a": "1"}, "http://h/p?a=1#f"),
        ("http://h/p", "a=1&b=+%20%", "http://h/p?a=1&b=+%20%25"),
        ("http://h/p?x=1", "a=1", "http://h/p?x=1&a=1"),
        ("http://h/p#f", "a=1", "http://h/p?a=1#f"),
        ("http://h//evil.example/p", "a=1", "http://h//evil.example/p?a=1"),
        ("http://u:p@h:81/p", "a=1", "http://u:p@h:81/p?a=1"),
        ("http://h/p", "", "http://h/p"),
        ("http://h/p", {}, "http://h/p"),
        ("http://h/p", None, "http://h/p"),
    ],
)
def test_params_go_behind_the_query(url: str, params: object, expected: str) -> None:
    """S-374, S-346, DECISIONS C-13."""
    result = with_params(URL(url), params)  # type: ignore[arg-type]  # any of the forms

    assert str(result) == expected


@pytest.mark.parametrize("value", [None, True, b"x", object()])
def test_a_params_value_of_another_type_is_refused(value: object) -> None:
    """S-374, S-513."""
    with pytest.raises(TypeError):
        with_params(URL("http://h/"), {"a": value})  # type: ignore[dict-item]  # the point
