"""Options about connections."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme

from wherry_cli._connecting import Connecting, Override, OverridingResolver, parse_override
from wherry_cli._errors import CommandError


@pytest.mark.parametrize(
    ("text", "override"),
    [
        ("h:80:127.0.0.1", Override("h", 80, ("127.0.0.1",))),
        ("H.Example:443:::1", Override("h.example", 443, ("::1",))),
        ("h:443:[::1],127.0.0.1", Override("h", 443, ("::1", "127.0.0.1"))),
        ("[::2]:443:::1", Override("::2", 443, ("::1",))),
    ],
)
def test_resolve_option(text: str, override: Override) -> None:
    """As curl's."""
    assert parse_override(text) == override


@pytest.mark.parametrize(
    "text", ["", "h", "h:80", "h:x:1.1.1.1", "h:0:1.1.1.1", "h:80:name", ":1:1"]
)
def test_resolve_option_that_is_none(text: str) -> None:
    """A name is no address, 0 no port."""
    with pytest.raises(ValueError, match=r"HOST:PORT:ADDRESS|address"):
        parse_override(text)


async def test_resolver_answers_for_its_hosts_alone() -> None:
    """By host and port, whatever the case; others are looked up."""
    resolver = OverridingResolver((Override("h", 80, ("127.0.0.9", "::9")),))

    found = await resolver.resolve("H", 80, socket.AF_UNSPEC)
    only_v6 = await resolver.resolve("h", 80, socket.AF_INET6)
    other = await resolver.resolve("127.0.0.1", 80, socket.AF_INET)
    await resolver.close()

    assert [each["host"] for each in found] == ["127.0.0.9", "::9"]
    assert [each["host"] for each in only_v6] == ["::9"]
    assert [each["host"] for each in other] == ["127.0.0.1"]


async def test_resolver_has_no_address_of_another_family() -> None:
    """An error as of any resolver."""
    resolver = OverridingResolver((Override("h", 80, ("::9",)),))
    with pytest.raises(OSError, match="--resolve"):
        await resolver.resolve("h", 80, socket.AF_INET)
    await resolver.close()


def test_tls_is_the_usual_unless_files_are_given(tmp_path: Path) -> None:
    """True and False go to the session as they are."""
    assert Connecting().tls() is True
    assert Connecting(verifies_tls=False).tls() is False


def test_authorities_are_the_only_ones(tmp_path: Path) -> None:
    """As in curl."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    context = Connecting(authorities=tmp_path / "ca.pem").tls()

    assert isinstance(context, ssl.SSLContext)
    assert len(context.get_ca_certs()) == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_insecure_with_a_certificate(tmp_path: Path) -> None:
    """Shown to the server, whose own is not verified."""
    leaf = trustme.CA().issue_cert("me")
    leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "me.pem"))

    context = Connecting(certificate=tmp_path / "me.pem", verifies_tls=False).tls()

    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_file_without_certificates_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    """That names it."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)

    for connecting in (Connecting(authorities=path), Connecting(certificate=path)):
        with pytest.raises(CommandError, match=r"ca\.pem"):
            connecting.tls()
