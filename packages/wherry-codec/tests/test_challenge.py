"""Challenges: commas that separate schemes, and commas that separate parameters."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry_codec._challenge import Challenge, parse_challenges
from wherry_codec._field_syntax import quote_string

TOKENS = st.text("abcdxyz0189-", min_size=1, max_size=6)
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
CHALLENGES = st.builds(
    Challenge,
    TOKENS,
    st.from_regex(r"[A-Za-z0-9\-._~+/]{1,8}={0,3}", fullmatch=True),
    st.just({}),
) | st.builds(Challenge, TOKENS, st.none(), st.dictionaries(TOKENS, VALUES, max_size=4))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        ("Negotiate", [Challenge("negotiate")]),
        ("NTLM TlRMTVNTUAAB==", [Challenge("ntlm", "TlRMTVNTUAAB==")]),
        ('Basic realm="a, b"', [Challenge("basic", None, {"realm": "a, b"})]),
        (
            'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            [
                Challenge("basic", None, {"realm": "simple"}),
                Challenge(
                    "newauth", None, {"realm": "apps", "type": "1", "title": 'Login to "apps"'}
                ),
            ],
        ),
        (
            "Negotiate, Digest REALM = a ,nonce=b=, , opaque=, Bearer",
            [
                Challenge("negotiate"),
                Challenge("digest", None, {"realm": "a", "nonce": "b=", "opaque": ""}),
                Challenge("bearer"),
            ],
        ),
        ("Basic   realm=a", [Challenge("basic", None, {"realm": "a"})]),
        ("Digest realm=a, realm=b", [Challenge("digest", None, {"realm": "a"})]),
        ("Digest realm=a b, nonce=c", [Challenge("digest", None, {"realm": "a b", "nonce": "c"})]),
    ],
)
def test_challenges_are_read(value: str, expected: list[Challenge]) -> None:
    """RFC 9110 §11.6.1, S-479: several in one field, parameters with the scheme they belong to."""
    assert parse_challenges(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("realm=a, Basic realm=b", [Challenge("basic", None, {"realm": "b"})]),
        ("Basic realm=a, D@gest x, nonce=b", [Challenge("basic", None, {"realm": "a"})]),
        ("Basic realm=a, Digest re lm=x, nonce=b", [Challenge("basic", None, {"realm": "a"})]),
        ('Basic realm="a, Digest nonce=b', [Challenge("basic")]),
        ('Basic realm="a"b, charset=c', [Challenge("basic", None, {"charset": "c"})]),
        ("Basic a b", []),
        ("Basic a==b", [Challenge("basic", None, {"a": "=b"})]),
    ],
)
def test_parameters_never_move_to_another_challenge(value: str, expected: list[Challenge]) -> None:
    """S-479, SEC-28: what follows something that is no scheme is left out up to the next scheme."""
    assert parse_challenges(value) == expected


def test_challenges_of_several_lines_come_in_order() -> None:
    """S-479; a parameter at the beginning of a line belongs to no challenge of another."""
    lines = ['Digest realm="a', "nonce=b, Basic realm=c"]

    assert parse_challenges(lines) == [
        Challenge("digest"),
        Challenge("basic", None, {"realm": "c"}),
    ]


def test_parameters_of_a_challenge_cannot_be_changed() -> None:
    """It is a value and may be shared."""
    (challenge,) = parse_challenges("Basic realm=a")

    with pytest.raises(TypeError):
        challenge.parameters["realm"] = "b"  # type: ignore[index]


@settings(max_examples=30)
@given(st.lists(CHALLENGES, max_size=4))
def test_what_is_written_is_read(challenges: list[Challenge]) -> None:
    """RFC 9110 §11.3, §11.6.1."""
    lines = [
        " ".join(
            filter(
                None,
                [
                    challenge.scheme,
                    challenge.token68,
                    ", ".join(f"{n}={quote_string(v)}" for n, v in challenge.parameters.items()),
                ],
            )
        )
        for challenge in challenges
    ]

    assert parse_challenges(", ".join(lines)) == challenges
    assert parse_challenges(lines) == challenges
