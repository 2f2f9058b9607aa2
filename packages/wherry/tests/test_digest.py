"""`_digest`: what a Digest challenge is answered with, and where."""

import hashlib
import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from wherry import ClientError
from wherry._digest import (
    MAX_DOMAIN_URIS,
    MAX_NONCES,
    MAX_SPACES,
    Credentials,
    DigestChallenge,
    NonceUse,
    ProtectionSpaces,
    authorization,
    choose_challenge,
    choose_qop,
    is_available,
    next_nonce,
)

needs_sha512_256 = pytest.mark.skipif(
    not is_available("sha512_256"), reason="the OpenSSL of this Python has no SHA-512/256"
)
HOME = URL("http://h.example/")
C = DigestChallenge("r", "n", qops=("auth",))


def answer_parameters(header: str) -> dict[str, str]:
    """The parameters of an answer, read by the grammar of RFC 9110 §11.4 and nothing else."""
    assert header.startswith("Digest ")
    pattern = r'([a-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([!#$%&\'*+\-.^_`|~0-9A-Za-z]+))(?:, |\Z)'
    parameters, position = {}, len("Digest ")
    while position < len(header):
        match = re.compile(pattern, re.DOTALL).match(header, position)
        assert match is not None, header[position:]
        name, quoted, token = match.groups()
        assert name not in parameters
        parameters[name] = token if quoted is None else re.sub(r"(?s)\\(.)", r"\1", quoted)
        position = match.end()
    return parameters


def server_accepts(
    header: str, method: str, login: str, password: str, content: bytes = b"", prime: str = ""
) -> bool:
    """A server's half, from the RFCs: knows login and password, gets the rest from the answer."""
    got = answer_parameters(header)
    name = got["algorithm"].lower().removesuffix("-sess").replace("-", "")
    name = {"sha": "sha1", "sha512256": "sha512_256"}.get(name, name)

    def h(data: str | bytes) -> str:
        data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        return hashlib.new(name, data).hexdigest()

    if got.get("userhash") == "true":
        assert got["username"] == h(f"{login}:{got['realm']}")
    elif "username*" in got:
        assert "username" not in got
        assert unquote(got["username*"].removeprefix("UTF-8''")) == login
    else:
        assert got["username"] == login
    secret = h(f"{login}:{got['realm']}:{password}")
    if got["algorithm"].lower().endswith("-sess"):
        secret = h(f"{secret}:{prime or got['nonce']}:{got['cnonce']}")
    what = h(f"{method}:{got['uri']}" + (f":{h(content)}" if got.get("qop") == "auth-int" else ""))
    if "qop" in got:
        once = f"{got['nonce']}:{got['nc']}:{got['cnonce']}:{got['qop']}"
    else:
        assert not got.keys() & {"nc", "cnonce"}
        once = got["nonce"]
    return got["response"] == h(f"{secret}:{once}:{what}")


# --- the vectors of the RFCs --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_first_example_of_rfc_7616(algorithm: str, response: str) -> None:
    """RFC 7616 §3.9.1: both challenges, each answered."""
    lines = [
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    ]
    challenge = choose_challenge(lines if algorithm == "SHA-256" else lines[1:])
    assert challenge is not None
    assert challenge.algorithm == algorithm
    header = authorization(
        challenge,
        Credentials("Mufasa", "Circle of Life"),
        NonceUse(1, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", ""),
        method="GET",
        uri="/dir/index.html",
        qop="auth",
    )
    assert answer_parameters(header) == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": response,
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


@needs_sha512_256
@pytest.mark.parametrize("userhash", [True, False])
def test_the_second_example_of_rfc_7616(userhash: bool) -> None:
    """RFC 7616 §3.9.2 as corrected by erratum 4897: SHA-512/256, charset and userhash."""
    challenge = choose_challenge(
        'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, '
        'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", '
        'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8'
        + (", userhash=true" if userhash else "")
    )
    assert challenge is not None
    header = authorization(
        challenge,
        # Decomposed on purpose: charset=UTF-8 asks for normal form C (§4).
        Credentials("Ja\u0308søn Doe", "Secret, or not?"),
        NonceUse(1, "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", ""),
        method="GET",
        uri="/doe.json",
        qop="auth",
    )
    parameters = answer_parameters(header)
    assert parameters["response"] == (
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    )
    if userhash:
        assert parameters["username"] == (
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
        )
        assert parameters["userhash"] == "true"
    else:
        assert header.startswith("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm=")
        assert "userhash" not in parameters


@pytest.mark.parametrize(
    ("qop", "password", "response"),
    [
        ("auth", "Circle Of Life", "6629fae49393a05397450978507c4ef1"),
        ("", "CircleOfLife", "1949323746fe6a43ef61f9606e7febea"),
    ],
)
def test_the_examples_of_the_older_rfcs(qop: str, password: str, response: str) -> None:
    """RFC 2617 §3.5; RFC 2069 §2.4 as corrected by erratum 749."""
    challenge = DigestChallenge(
        "testrealm@host.com",
        "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qops=("auth",) if qop else (),
        opaque="5ccc069c403ebaf9f0171e9517f40e41",
    )
    header = authorization(
        challenge,
        Credentials("Mufasa", password),
        NonceUse(1, "0a4f113b", ""),
        method="GET",
        uri="/dir/index.html",
        qop=qop,
    )
    assert answer_parameters(header)["response"] == response
    assert ("nc=" in header, "cnonce=" in header) == (bool(qop), bool(qop))


def test_fields_come_in_a_fixed_order() -> None:
    """S-483, appendix E."""
    challenge = choose_challenge(
        'Digest realm="r", nonce="n1", qop="auth,auth-int", algorithm=SHA-256, opaque="o"'
    )
    assert challenge is not None
    qop = choose_qop(challenge, can_hash_content=True)
    header = authorization(
        challenge,
        Credentials("u", "p"),
        NonceUse(1, "0123456789abcdef", ""),
        method="GET",
        uri="/a%2Fb?x=1",
        qop=qop,
        content_hash=hashlib.sha256().hexdigest(),
    )
    assert re.fullmatch(
        'Digest username="u", realm="r", nonce="n1", uri="/a%2Fb[?]x=1", response="[0-9a-f]{64}", '
        'algorithm=SHA-256, opaque="o", qop=auth-int, nc=00000001, cnonce="0123456789abcdef"',
        header,
    )
    assert server_accepts(header, "GET", "u", "p")


# --- any text -----------------------------------------------------------------------------------

_field_text = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cc", "Cs"])
    | st.sampled_from('\t"\\,=;: ')
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"])
)
_secret = st.text(st.characters(exclude_categories=["Cs"]))
_targets = st.text(st.sampled_from('/ab%2F?&="\\:;,*'), min_size=1)
_algorithms = st.builds(
    lambda name, sess, upper: (name + sess).upper() if upper else (name + sess).lower(),
    st.sampled_from(
        ["MD5", "SHA", "SHA256", "SHA-256", "SHA512", "SHA-512"]
        + ["SHA-512-256"] * is_available("sha512_256")
    ),
    st.sampled_from(["", "-sess"]),
    st.booleans(),
)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(
    login=_secret.map(lambda text: text.replace(":", "")),
    password=_secret,
    realm=_field_text,
    nonce=_field_text.filter(bool),
    opaque=st.none() | _field_text,
    algorithm=_algorithms,
    qop=st.sampled_from(["auth", "auth-int", "auth, auth-int", "AUTH-INT,x"]),
    hides_username=st.booleans(),
    target=_targets,
    content=st.binary(),
)
def test_a_server_accepts_every_answer(
    login: str,
    password: str,
    realm: str,
    nonce: str,
    opaque: str | None,
    algorithm: str,
    qop: str,
    hides_username: bool,
    target: str,
    content: bytes,
) -> None:
    """S-480…S-484: whatever the texts are, the server gets its own back, and the same hashes."""
    line = f"Digest realm={_quoted(realm)}, nonce={_quoted(nonce)}, algorithm={algorithm}, "
    line += f'qop="{qop}"' + (", userhash=TRUE" if hides_username else "")
    line += "" if opaque is None else f", opaque={_quoted(opaque)}"
    challenge = choose_challenge(line)
    assert challenge is not None
    spaces = ProtectionSpaces()
    space = spaces.learn(challenge, HOME)
    made = challenge.new_hash()
    made.update(content)

    for number in (1, 2):
        header = authorization(
            challenge,
            Credentials(login, password),
            space.take(challenge, f"{number:016x}"),
            method="POST",
            uri=target,
            qop=choose_qop(challenge, can_hash_content=True),
            content_hash=made.hexdigest(),
        )

        assert server_accepts(header, "POST", login, password, content)
        got = answer_parameters(header)
        assert (got["realm"], got["nonce"], got.get("opaque")) == (realm, nonce, opaque)
        assert (got["uri"], got["algorithm"]) == (target, algorithm)
        assert got["nc"] == f"{number:08x}"
        assert not server_accepts(header, "POST", login, f"{password}x", content)


@given(st.lists(st.text() | st.text(st.sampled_from('Digest ,="\\realmnoncqp5')), max_size=3))
def test_garbage_gives_nothing_or_the_documented_error(lines: list[str]) -> None:
    """S-485, SEC-51."""
    try:
        challenge = choose_challenge(lines)
    except ClientError:
        return
    assert challenge is None or challenge.nonce
    assert isinstance(next_nonce(lines), str)


# --- which challenge ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "chosen"),
    [
        (["Digest realm=r, nonce=1", "Digest realm=r, nonce=2, algorithm=SHA-256"], "2"),
        (["Digest realm=r, nonce=1, algorithm=sha-512, Digest realm=r, nonce=2"], "1"),
        (["Digest realm=r, nonce=1, algorithm=SHA, Digest realm=r, nonce=2"], "1"),
        (
            [
                "Digest realm=r, nonce=1, algorithm=SHA-256, "
                "Digest realm=r, nonce=2, algorithm=SHA-512-sess, qop=auth"
            ],
            "2",
        ),
        (["Digest realm=r, nonce=1, Digest realm=r, nonce=2, qop=auth"], "2"),
        (["Digest realm=r, nonce=1, algorithm=SHA256", "Digest realm=r, nonce=2"], "1"),
        (["Digest realm=a, nonce=1, Digest realm=b, nonce=2"], "1"),
        (["Digest realm=r, nonce=1, algorithm=WHIRL, Digest realm=r, nonce=2"], "2"),
        (["Digest realm=r, nonce=1, qop=new, Digest realm=r, nonce=2"], "2"),
        (['Basic realm="x, Digest nonce=0", Digest realm=r, nonce=1', "NTLM"], "1"),
        (["Digest", "Digest realm=r, nonce=1"], "1"),
        (["Newauth realm=a, nonce=0, DIGEST Realm=r, NONCE=1, Basic realm=b"], "1"),
    ],
)
def test_the_strongest_usable_challenge_is_chosen(lines: list[str], chosen: str) -> None:
    """SEC-28, S-479: wherever it stands; of equally strong ones the first."""
    challenge = choose_challenge(lines)
    assert challenge is not None
    assert challenge.nonce == chosen


@pytest.mark.parametrize("missing", [set[str](), {"sha512_256"}, {"md5"}])
def test_a_hash_that_is_missing_is_passed_over(missing: set[str]) -> None:
    line = "Digest realm=r, nonce=1, algorithm=SHA-512-256, Digest realm=r, nonce=2"
    challenge = choose_challenge(line, lambda name: name not in missing)
    assert challenge is not None
    assert challenge.nonce == ("2" if "sha512_256" in missing else "1")
    assert not is_available("no such hash")
    with pytest.raises(ClientError, match="needs the hash sha512_256, which the OpenSSL"):
        choose_challenge(line, lambda name: False)


@pytest.mark.parametrize(
    "lines",
    [[], "", "Basic realm=r", "Digest", "Digest abc=", "digest, Basic realm=r", "Digest r e=1"],
)
def test_without_a_digest_challenge_there_is_nothing_to_answer(lines: str | list[str]) -> None:
    """S-485."""
    assert choose_challenge(lines) is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("nonce=n", "expected realm and nonce, got only 'nonce'"),
        ("realm=r, qop=auth", "expected realm and nonce, got only 'realm, qop'"),
        ('realm=r, nonce=""', "nonce is empty"),
        ("realm=r, nonce=n, algorithm=MD4", "SHA-512-256 as algorithm, got 'MD4'"),
        ('realm=r, nonce=n, algorithm=""', "as algorithm, got ''"),
        ("realm=r, nonce=n, algorithm=MD5-SESS-SESS", "got 'MD5-SESS-SESS'"),
        ("realm=r, nonce=n, qop=auth-conf", "expected auth or auth-int as qop, got 'auth-conf'"),
        ("realm=r, nonce=n, algorithm=MD5-sess", "needs a client nonce"),
        (f"realm=r, nonce=n, algorithm={'x' * 5000}", r"x'\.\.\. \(5000 in all\)$"),
    ],
)
def test_a_challenge_that_cannot_be_answered_is_refused(parameters: str, message: str) -> None:
    """S-485, S-560: says what was expected and what came."""
    with pytest.raises(ClientError, match=message):
        choose_challenge(f"Digest {parameters}")


def test_empty_values_are_kept() -> None:
    """S-485."""
    challenge = choose_challenge('Digest realm="", nonce=n, opaque="", qop="", domain="", stale=""')
    assert challenge == DigestChallenge("", "n", opaque="")
    assert challenge is not None
    header = authorization(
        challenge, Credentials("", ""), NonceUse(1, "c", ""), method="GET", uri="/"
    )
    assert 'username="", realm="", nonce="n"' in header
    assert header.endswith('algorithm=MD5, opaque=""')


@pytest.mark.parametrize(
    ("qops", "can_hash", "chosen"),
    [
        (("auth", "auth-int"), True, "auth-int"),
        (("auth", "auth-int"), False, "auth"),
        (("auth-int",), False, "auth-int"),
        (("auth",), True, "auth"),
        ((), True, ""),
    ],
)
def test_the_content_is_protected_where_that_is_cheap(
    qops: tuple[str, ...], can_hash: bool, chosen: str
) -> None:
    """S-481, C-16."""
    assert choose_qop(DigestChallenge("r", "n", qops=qops), can_hash_content=can_hash) == chosen


@pytest.mark.parametrize(
    ("value", "nonce"),
    [
        ('nextnonce="a,b", qop=auth, rspauth="x"', "a,b"),
        ("rspauth=x , NextNonce = n", "n"),
        (["", "qop=auth", "nextnonce=n"], "n"),
        ('nextnonce=""', ""),
        ("garbage", ""),
        ("x y, nextnonce=n", ""),
        ([], ""),
    ],
)
def test_a_server_may_name_the_next_nonce(value: str | list[str], nonce: str) -> None:
    """RFC 7616 §3.5."""
    assert next_nonce(value) == nonce


# --- credentials --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("login", "password", "message"),
    [
        (None, "p", "login"),
        ("u", None, "password"),
        ("a:b", "p", "RFC 7616"),
        ("\ud800", "p", "UTF-8"),
        ("u", "secret\udfff", "UTF-8"),
    ],
)
def test_credentials_that_cannot_be_hashed_are_refused(
    login: str, password: str, message: str
) -> None:
    """S-477; the password is not shown."""
    with pytest.raises(ValueError, match=message) as caught:
        Credentials(login, password)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_the_password_does_not_show() -> None:
    """SEC-60."""
    assert repr(Credentials("u", "hidden")) == "Credentials(login='u')"


# --- counts -------------------------------------------------------------------------------------


def test_counts_go_on_for_a_nonce_that_comes_again() -> None:
    """S-484: servers that take turns, or that give one nonce to all."""
    spaces = ProtectionSpaces()
    other = DigestChallenge("r", "other", qops=("auth",))
    counts = []
    for challenge in (C, other, C, C, other):
        space = spaces.learn(challenge, HOME)
        counts.append(space.take(challenge, "c").nc)
        spaces.forget(space, challenge)
    assert counts == [1, 1, 2, 3, 2]


def test_counts_are_kept_for_a_limited_number_of_nonces() -> None:
    space = ProtectionSpaces().learn(C, HOME)
    for number in range(MAX_NONCES - 1):
        space.take(DigestChallenge("r", f"n{number}"), "c")
    assert space.take(C, "c").nc == 1
    space.take(DigestChallenge("r", "one more"), "c")
    assert space.take(C, "c").nc == 2
    assert space.take(DigestChallenge("r", "n0"), "c").nc == 1


def test_a_session_key_is_made_once() -> None:
    """RFC 7616 §3.4.2: of the challenge's nonce and the first client nonce, for `nextnonce` too."""
    first = DigestChallenge("r", "n", "SHA-256-sess", ("auth",))
    space = ProtectionSpaces().learn(first, HOME)
    assert space.take(first, "c1") == NonceUse(1, "c1", "n")
    assert space.take(first, "c2") == NonceUse(2, "c1", "n")

    space.follow(first, "n2")
    second = space.challenge
    use = space.take(second, "c3")

    assert use == NonceUse(1, "c1", "n")
    header = authorization(second, Credentials("u", "p"), use, method="GET", uri="/", qop="auth")
    assert answer_parameters(header)["nonce"] == "n2"
    assert server_accepts(header, "GET", "u", "p", prime="n")


def test_without_a_session_each_request_has_its_own_client_nonce() -> None:
    """S-484."""
    space = ProtectionSpaces().learn(C, HOME)
    assert [space.take(C, cnonce).cnonce for cnonce in ("c1", "c2")] == ["c1", "c2"]


def test_a_late_next_nonce_does_not_replace_a_later_challenge() -> None:
    spaces = ProtectionSpaces()
    space = spaces.learn(C, HOME)
    newer = DigestChallenge("r", "newer", qops=("auth",))
    spaces.learn(newer, HOME)
    space.follow(C, "late")
    assert space.challenge == newer
    space.follow(newer, "newer")
    space.follow(newer, "next")
    assert space.challenge == DigestChallenge("r", "next", qops=("auth",))


# --- protection spaces --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "url", "is_covered"),
    [
        ("", "http://h.example/any?x", True),
        (" ", "http://h.example:80/", True),
        ("", "http://h.example:81/", False),
        ("", "https://h.example/", False),
        ("", "ws://h.example/socket", True),
        ("", "http://other.example/", False),
        ("/a", "http://h.example/a", True),
        ("/a", "http://h.example/a?q=1", True),
        ("/a", "http://h.example/a/b", True),
        ("/a", "http://h.example/ab", False),
        ("/a/", "http://h.example/a", False),
        ("/a/", "http://h.example/a/b", True),
        ("/x /a", "http://h.example/a", True),
        ("b", "http://h.example/dir/b/c", True),
        ("b", "http://h.example/b", False),
        ("http://other.example/a", "http://other.example/a/b", True),
        ("http://other.example/a", "http://other.example/b", False),
        ("http://other.example/a", "http://h.example/a", False),
        ("https://u:p@other.example", "https://other.example/any", True),
        ("//OTHER.example", "http://other.example/any", True),
        ("http://[ ftp://other.example/ http://h:x/", "http://h.example/", True),
        ("ftp://other.example/", "ftp://other.example/", False),
    ],
)
def test_a_challenge_holds_for_its_domain(domain: str, url: str, is_covered: bool) -> None:
    """S-486, RFC 7616 §3.3: relative to where it came from; without one for the whole origin."""
    spaces = ProtectionSpaces()
    base = HOME / "dir" / "page"
    spaces.settle(base)
    space = spaces.learn(DigestChallenge("r", "n", domain=domain), base)
    assert spaces.covering(URL(url)) is (space if is_covered else None)


def test_credentials_stay_where_they_belong() -> None:
    """S-487: at the first origin, and where that one says so."""
    spaces = ProtectionSpaces()
    spaces.settle(HOME)
    spaces.settle(URL("http://late.example/"))
    granted, other = URL("http://granted.example/a/b"), URL("http://other.example/")
    assert [spaces.admits(url) for url in (HOME, granted, other)] == [True, False, False]
    domain = "/ http://granted.example/a http://late.example/a"

    space = spaces.learn(DigestChallenge("r", "n", domain=domain), HOME)
    assert spaces.admits(granted)
    assert not spaces.admits(granted.with_path("/c"))
    # Whom home has named may not name others.
    spaces.learn(DigestChallenge("x", "n", domain="http://other.example/"), granted)
    assert not spaces.admits(other)
    assert not spaces.admits(granted.with_path("/c"))

    spaces.forget(space, space.challenge)
    assert [spaces.admits(url) for url in (HOME, granted, other)] == [True, False, False]


def test_a_server_with_tls_cannot_name_one_without() -> None:
    """SEC-22."""
    spaces = ProtectionSpaces()
    home, plain, secure = (
        URL(text) for text in ("https://h.example/", "http://g.example/", "wss://g.example/")
    )
    spaces.settle(home)
    spaces.learn(DigestChallenge("r", "n", domain="http://g.example/ https://g.example/"), home)
    assert (spaces.admits(plain), spaces.admits(secure)) == (False, True)


def test_the_closest_space_is_used() -> None:
    """RFC 7616 §3.3: an own challenge before one from elsewhere, the longest path, the latest."""
    spaces = ProtectionSpaces()
    spaces.settle(HOME)
    other = URL("http://other.example/deep/page")
    for realm, domain in (("all", "/"), ("a", "/a"), ("b", "/b"), ("latest", "/b")):
        spaces.learn(DigestChallenge(realm, "n", domain=f"{domain} {other}"), HOME)

    def realm_at(url: URL) -> str | None:
        space = spaces.covering(url)
        return None if space is None else space.challenge.realm

    assert [realm_at(HOME.with_path(path)) for path in ("/x", "/a/x", "/b/x")] == [
        "all", "a", "latest",
    ]  # fmt: skip
    assert realm_at(other) == "latest"
    spaces.learn(DigestChallenge("own", "n"), other)
    assert realm_at(other) == "own"


def test_a_refused_answer_is_not_sent_unasked() -> None:
    spaces = ProtectionSpaces()
    space = spaces.learn(C, HOME)
    newer = DigestChallenge("r", "newer", qops=("auth",))
    assert spaces.learn(newer, HOME) is space
    spaces.forget(space, C)  # another request has brought a new nonce meanwhile
    assert spaces.covering(HOME) is space
    spaces.forget(space, newer)
    assert spaces.covering(HOME) is None
    assert spaces.learn(C, HOME) is spaces.covering(HOME)


def test_a_server_cannot_fill_the_memory() -> None:
    """SEC-28: with realms, or with a long domain."""
    spaces = ProtectionSpaces()
    domain = " ".join(f"/{number}" for number in range(5000))
    for number in range(MAX_SPACES + 5):
        spaces.learn(DigestChallenge(f"r{number}", "n", domain=domain), HOME)
    first, last = (spaces.learn(DigestChallenge(f"r{n}", "n"), HOME) for n in (0, MAX_SPACES + 4))
    assert first.take(C, "c").nc == last.take(C, "c").nc == 1
    space = ProtectionSpaces().learn(DigestChallenge("r", "n", domain=domain), HOME)
    assert len(space.prefixes) == MAX_DOMAIN_URIS
