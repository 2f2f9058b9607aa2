"""The command as people use it: every option, against a server on the loopback interface."""

import gzip
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import Result

from wherry_codec import Request
from wherry_codec.testing import RawPlan, ResponsePlan

Run = Callable[..., Result]
Serve = Callable[..., str]


def described(result: Result) -> dict[str, Any]:
    """The request that arrived, as the echo server tells it."""
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout_bytes)
    document["fields"] = dict(document["headers"])
    return document


def test_url_alone_is_a_get(run: Run, echo: str) -> None:
    """`wherry URL` sends GET and no body."""
    seen = described(run(f"{echo}/a%20b?c=d#e"))

    assert (seen["method"], seen["target"], seen["body"]) == ("GET", "/a%20b?c=d", "")
    assert "content-length" not in seen["fields"]


def test_body_goes_to_stdout_untouched_and_head_to_stderr(run: Run, serve: Serve) -> None:
    """Standard output is the body and nothing else, byte for byte."""
    body = bytes(range(256)) + b"\r\n\x1b[31m"
    url = serve(lambda *_: ResponsePlan(203, [("X-Kind", "any")], body))

    result = run(url)

    assert body == result.stdout_bytes
    assert result.stderr.startswith("HTTP/1.1 203 Non-Authoritative Information\nX-Kind: any\n")


def test_quiet_says_nothing_on_stderr(run: Run, echo: str) -> None:
    """-q leaves the response head out."""
    assert run("-q", echo).stderr == ""


def test_json_is_not_touched_unless_on_a_terminal(run: Run, serve: Serve) -> None:
    """A pipe gets JSON as the server wrote it."""
    document = b'{"a":1,  "a":1.0}'
    url = serve(lambda *_: ResponsePlan(200, {"Content-Type": "application/json"}, document))

    assert run(url).stdout_bytes == document


def test_request_option_sets_the_method(run: Run, echo: str) -> None:
    """-X, also for methods nobody has heard of."""
    assert described(run("-X", "FROB", echo))["method"] == "FROB"


def test_header_option_adds_fields(run: Run, echo: str) -> None:
    """-H may be repeated, and replaces an automatic field."""
    seen = described(run("-H", "X-One: 1", "-H", "X-One:2", "-H", "User-Agent: me", echo))

    assert [f for f in seen["headers"] if f[0] == "x-one"] == [["x-one", "1"], ["x-one", "2"]]
    assert seen["fields"]["user-agent"] == "me"


def test_header_option_without_value_leaves_an_automatic_field_out(run: Run, echo: str) -> None:
    """'Name:' takes a field away, 'Name;' sends it empty, as in curl."""
    seen = described(run("-H", "User-Agent:", "-H", "X-Empty;", echo))

    assert "user-agent" not in seen["fields"]
    assert seen["fields"]["x-empty"] == ""


def test_data_option_posts_and_is_joined(run: Run, echo: str) -> None:
    """-d implies POST and a urlencoded body."""
    seen = described(run("-d", "a=1", "-d", "b=2", echo))

    assert (seen["method"], seen["body"]) == ("POST", "a=1&b=2")
    assert seen["fields"]["content-type"] == "application/x-www-form-urlencoded"


def test_data_option_reads_files_and_stdin(run: Run, echo: str, tmp_path: Path) -> None:
    """@file and @- are read without their line ends, as curl does."""
    (tmp_path / "form").write_bytes(b"a=1\r\n")

    seen = described(run("-d", f"@{tmp_path / 'form'}", "-d", "@-", echo, stdin=b"b=2\n"))

    assert seen["body"] == "a=1&b=2"


def test_header_option_wins_over_the_type_of_the_body(run: Run, echo: str) -> None:
    """A Content-Type of one's own is the only one sent."""
    seen = described(run("-d", "x", "-H", "content-type: text/plain", echo))

    assert [field for field in seen["headers"] if field[0] == "content-type"] == [
        ["content-type", "text/plain"]
    ]


def test_method_option_wins_over_the_one_a_body_implies(run: Run, echo: str) -> None:
    """-X PUT with -d is PUT."""
    assert described(run("-X", "PUT", "-d", "x", echo))["method"] == "PUT"


def test_json_option_sends_text_as_it_is(run: Run, echo: str, tmp_path: Path) -> None:
    """--json sets Content-Type and Accept, and does not rewrite the document."""
    seen = described(run("--json", '{"a" : "ü"}', echo))

    assert (seen["method"], seen["body"]) == ("POST", '{"a" : "ü"}')
    assert seen["fields"]["content-type"] == "application/json"
    assert seen["fields"]["accept"] == "application/json"


def test_json_option_reads_files_whole(run: Run, echo: str, tmp_path: Path) -> None:
    """--json @file keeps line ends."""
    (tmp_path / "doc.json").write_bytes(b"[1,\r\n2]\n")

    assert described(run("--json", f"@{tmp_path / 'doc.json'}", echo))["body"] == "[1,\r\n2]\n"


def test_form_option_sends_multipart_with_a_length(run: Run, echo: str, tmp_path: Path) -> None:
    """-F with texts and files; the size of files is known, so the body is not chunked."""
    file = tmp_path / "boat.txt"
    file.write_bytes(b"ahoy" * 50_000)

    seen = described(
        run("-F", "a=1;b", "-F", f"f=@{file};type=text/x-boat;filename=other.txt", echo)
    )

    assert seen["fields"]["content-type"].startswith("multipart/form-data; boundary=")
    assert int(seen["fields"]["content-length"]) == len(seen["body"])
    assert 'name="a"' in seen["body"]
    assert "\r\n\r\n1;b\r\n" in seen["body"]
    assert 'name="f"; filename="other.txt"' in seen["body"]
    assert "Content-Type: text/x-boat" in seen["body"]
    assert "ahoy" * 50_000 in seen["body"]


def test_form_file_is_named_like_the_file(run: Run, echo: str, tmp_path: Path) -> None:
    """Without directories, and with the type its name suggests (RFC 7578 §4.2)."""
    (tmp_path / "boat.png").write_bytes(b"x")

    body = described(run("-F", f"f=@{tmp_path / 'boat.png'}", echo))["body"]

    assert 'name="f"; filename="boat.png"' in body
    assert "Content-Type: image/png" in body


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a Unix thing")
def test_form_file_may_be_a_pipe(run: Run, echo: str, tmp_path: Path) -> None:
    """As in `-F f=@<(command)`: no size, so the body is chunked."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"flow" * 30_000,))
    writer.start()

    seen = described(run("-F", f"f=@{tmp_path / 'pipe'}", echo))
    writer.join()

    assert seen["fields"]["transfer-encoding"] == "chunked"
    assert "flow" * 30_000 in seen["body"]


def test_form_file_is_sent_again_after_a_redirect(run: Run, serve: Serve, tmp_path: Path) -> None:
    """307 keeps the body, so the file starts again (RFC 9110 §15.4.8)."""
    (tmp_path / "f").write_bytes(b"content")

    def handler(request: Request, body: bytes) -> ResponsePlan:
        if request.target == "/":
            return ResponsePlan(307, {"Location": "/next"})
        return ResponsePlan(200, body=body)

    result = run("-F", f"f=@{tmp_path / 'f'}", serve(handler))

    assert b"content" in result.stdout_bytes


@pytest.mark.parametrize(
    "options",
    [
        ("-d", "x", "--json", "{}"),
        ("-d", "x", "-F", "a=b"),
        ("-F", "a=b", "--json", "{}"),
        ("-v", "-q"),
        ("-o", "file", "--download"),
        ("-H", "no colon"),
        ("-H", ": no name"),
        ("-F", "no equals sign"),
        ("--max-time", "0"),
        ("-X", "NOT A TOKEN"),
        ("-H", "X: a\nb: c"),
        ("--no-such-option",),
    ],
)
def test_wrong_options_exit_with_2(run: Run, echo: str, options: tuple[str, ...]) -> None:
    """Usage errors are one line with a pointer to the help, and nothing is sent."""
    result = run(*options, echo)

    assert result.exit_code == 2
    assert result.stderr.startswith("wherry: ")
    assert result.stderr.count("\n") == 1
    assert "--help" in result.stderr
    assert result.stdout_bytes == b""


def test_no_url_exits_with_2(run: Run) -> None:
    """`wherry` alone."""
    assert run().exit_code == 2


@pytest.mark.parametrize("url", ["example.com", "ftp://example.com/", "http://", "http://h:99999/"])
def test_unusable_url_exits_with_3(run: Run, url: str) -> None:
    """What is not an http URL with a host."""
    result = run(url)

    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1


def test_password_in_an_unusable_url_is_not_shown(run: Run) -> None:
    """Error texts have no credentials."""
    assert "hunter2" not in run("http://me:hunter2@host:99999/").stderr


def test_refused_connection_exits_with_4(run: Run, unused_url: str) -> None:
    """Nobody listens."""
    result = run(unused_url)

    assert result.exit_code == 4
    assert result.stderr.count("\n") == 1


def test_unknown_certificate_exits_with_5_unless_insecure(run: Run, echo_over_tls: str) -> None:
    """-k takes any certificate."""
    assert run(echo_over_tls).exit_code == 5
    assert described(run("-k", echo_over_tls))["method"] == "GET"


def test_max_time_exits_with_6(run: Run, serve: Serve) -> None:
    """A server that never answers."""
    url = serve(lambda *_: RawPlan([b""], closes=False))

    result = run("--max-time", "0.05", url)

    assert result.exit_code == 6
    assert result.stderr.count("\n") == 1


def test_max_time_includes_the_body(run: Run, serve: Serve) -> None:
    """A body that never ends: what came before is delivered."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
    url = serve(lambda *_: RawPlan([head], closes=False))

    result = run("--max-time", "0.3", url)

    assert (result.exit_code, result.stdout_bytes) == (6, b"half")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 20", b"garbage\r\n\r\n"])
def test_no_response_head_exits_with_7(run: Run, serve: Serve, answer: bytes) -> None:
    """The server closes before or within the head, or speaks another protocol."""
    result = run("-d", "x", serve(lambda *_: RawPlan([answer])))

    assert result.exit_code == 7
    assert result.stderr.count("\n") == 1


def test_cut_body_exits_with_8(run: Run, serve: Serve) -> None:
    """The connection ends before Content-Length bytes; what came is delivered."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"

    result = run(serve(lambda *_: RawPlan([answer])))

    assert (result.exit_code, result.stdout_bytes) == (8, b"half")


def test_broken_coding_exits_with_8(run: Run, serve: Serve) -> None:
    """A body that is not the gzip it claims to be."""
    fields = {"Content-Encoding": "gzip"}

    assert run(serve(lambda *_: ResponsePlan(200, fields, b"no gzip"))).exit_code == 8


@pytest.mark.parametrize(
    "options",
    [
        ("-d", "@/no/such/file"),
        ("-F", "f=@/no/such/file"),
        ("--json", "@/no/such/file"),
        ("-o", "/no/such/directory/file"),
    ],
)
def test_missing_file_exits_with_9(run: Run, echo: str, options: tuple[str, ...]) -> None:
    """The line names the file."""
    result = run("-q", *options, echo)

    assert result.exit_code == 9
    assert "/no/such/" in result.stderr
    assert result.stderr.count("\n") == 1


def test_endless_redirect_exits_with_10(run: Run, serve: Serve) -> None:
    """Ten redirects are enough."""
    url = serve(lambda *_: ResponsePlan(302, {"Location": "/"}))

    assert run(url).exit_code == 10


def test_redirect_to_another_scheme_exits_with_10(run: Run, serve: Serve) -> None:
    """A redirect cannot leave http."""
    assert (
        run(serve(lambda *_: ResponsePlan(302, {"Location": "file:///etc/passwd"}))).exit_code == 10
    )


def test_redirects_are_followed_with_their_cookies(run: Run, serve: Serve) -> None:
    """The default; only the last head is shown, and cookies come along."""

    def handler(request: Request, body: bytes) -> ResponsePlan:
        if request.target == "/":
            return ResponsePlan(302, [("Location", "/there"), ("Set-Cookie", "a=b")])
        return ResponsePlan(200, body=request.headers["Cookie"].encode())

    result = run(serve(handler))

    assert result.stdout_bytes == b"a=b"
    assert result.stderr.count("HTTP/1.1") == 1


def test_no_location_shows_the_redirect_itself(run: Run, serve: Serve) -> None:
    """--no-location stops at the first response."""
    url = serve(lambda *_: ResponsePlan(302, {"Location": "/there"}, b"moved"))

    result = run("--no-location", url)

    assert (result.exit_code, result.stdout_bytes) == (0, b"moved")
    assert "Location: /there" in result.stderr


def test_error_status_is_success_unless_fail_is_asked_for(run: Run, serve: Serve) -> None:
    """404 is an answer like any other; with --fail it is 22, and its body is not printed."""
    url = serve(lambda *_: ResponsePlan(404, body=b"nothing here"))

    plain, failing = run(url), run("--fail", url)

    assert (plain.exit_code, plain.stdout_bytes) == (0, b"nothing here")
    assert (failing.exit_code, failing.stdout_bytes) == (22, b"")
    assert failing.stderr.endswith("wherry: the server answered 404 Not Found\n")


def test_fail_keeps_files_as_they_are(run: Run, serve: Serve, tmp_path: Path) -> None:
    """--fail -o FILE does not empty FILE for an error page."""
    (tmp_path / "kept").write_bytes(b"old")
    url = serve(lambda *_: ResponsePlan(500, body=b"oops"))

    assert run("--fail", "-o", str(tmp_path / "kept"), url).exit_code == 22
    assert (tmp_path / "kept").read_bytes() == b"old"


def test_output_option_writes_a_file(run: Run, serve: Serve, tmp_path: Path) -> None:
    """-o writes decoded bytes to a file, and replaces what it held."""
    (tmp_path / "out").write_bytes(b"something longer than the new content")
    url = serve(lambda *_: ResponsePlan(200, body=b"\0new"))

    result = run("-o", str(tmp_path / "out"), url)

    assert (result.exit_code, result.stdout_bytes) == (0, b"")
    assert (tmp_path / "out").read_bytes() == b"\0new"


def test_output_option_takes_a_dash_for_stdout(run: Run, serve: Serve) -> None:
    """-o - is standard output, as in curl."""
    assert run("-o", "-", serve(lambda *_: ResponsePlan(200, body=b"x"))).stdout_bytes == b"x"


def test_download_writes_a_new_file_and_says_its_name(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--download takes the name from the URL, and refuses to write a second time."""
    monkeypatch.chdir(tmp_path)
    url = serve(lambda *_: ResponsePlan(200, body=b"content"))

    first = run("--download", f"{url}/files/boat.txt?v=1")
    second = run("--download", f"{url}/other/boat.txt")

    assert first.exit_code == 0
    assert first.stderr.endswith("saved to 'boat.txt'\n")
    assert (tmp_path / "boat.txt").read_bytes() == b"content"
    assert second.exit_code == 9
    assert "exists" in second.stderr


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", r"..\evil.txt", "%2e%2e%2fevil.txt"]
)
def test_download_stays_in_its_directory(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A server may suggest a name, never a path (RFC 6266 §4.3)."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    fields = {"Content-Disposition": f'attachment; filename="{name}"'}

    run("--download", serve(lambda *_: ResponsePlan(200, fields, b"x")))

    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [inner]


def test_broken_download_leaves_nothing_behind(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file would stand in the way of the next try."""
    monkeypatch.chdir(tmp_path)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"

    assert run("--download", serve(lambda *_: RawPlan([answer]))).exit_code == 8
    assert list(tmp_path.iterdir()) == []


def test_verbose_shows_requests_and_redirects(run: Run, serve: Serve) -> None:
    """-v adds what was sent, hop by hop."""

    def handler(request: Request, body: bytes) -> ResponsePlan:
        return ResponsePlan(302, {"Location": "/b"}) if request.target == "/a" else ResponsePlan()

    stderr = run("-v", "-H", "X-Mark: 1", f"{serve(handler)}/a").stderr

    heads = [line for line in stderr.splitlines() if "HTTP/1.1" in line]
    assert heads == [
        "> GET /a HTTP/1.1",
        "HTTP/1.1 302 Found",
        "> GET /b HTTP/1.1",
        "HTTP/1.1 200 OK",
    ]
    assert stderr.count("> X-Mark: 1\n") == 2


SECRETS = (
    "-H",
    "Authorization: Bearer s3cret",
    "-H",
    "Cookie: id=s3cret",
    "-H",
    "Proxy-Authorization: s3cret",
)


def test_verbose_masks_secrets(run: Run, serve: Serve) -> None:
    """Credentials and cookies are sent, and hidden on the screen."""
    url = serve(lambda *_: ResponsePlan(200, {"Set-Cookie": "id=s3cret; HttpOnly"}))

    stderr = run("-v", *SECRETS, f"{url}/?token=s3cret").stderr

    assert "s3cret" not in stderr
    assert "> Authorization: ***\n" in stderr
    assert "Set-Cookie: id=***; HttpOnly\n" in stderr


def test_show_secrets_shows_them(run: Run, serve: Serve) -> None:
    """--show-secrets is for those who look for them."""
    url = serve(lambda *_: ResponsePlan(200, {"Set-Cookie": "id=s3cret"}))

    stderr = run("-v", "--show-secrets", *SECRETS, url).stderr

    assert stderr.count("s3cret") == 4


@pytest.mark.slow
def test_no_colours_when_not_a_terminal(
    spawn: Callable[..., subprocess.CompletedProcess[bytes]], echo: str
) -> None:
    """As a process with pipes: no escape sequence anywhere, no warning, no bar."""
    result = spawn("-v", "--json", "{}", echo)

    assert result.returncode == 0
    assert b"\x1b" not in result.stdout + result.stderr
    assert json.loads(result.stdout)["body"] == "{}"
    assert result.stderr.startswith(b"> POST / HTTP/1.1\n")


@pytest.mark.slow
def test_forced_colours_do_not_make_bars(
    spawn: Callable[..., subprocess.CompletedProcess[bytes]],
    echo: str,
    environment: dict[str, str],
) -> None:
    """FORCE_COLOR, as many build servers set it, colours the head and nothing else."""
    environment["FORCE_COLOR"] = "1"

    result = spawn("-o", "out", echo)

    assert b"\x1b[1;32m200 OK" in result.stderr
    assert b"down" not in result.stderr


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_response_without_a_body_is_an_empty_one(
    run: Run, serve: Serve, method: str, status: int
) -> None:
    """RFC 9112 §6.3: nothing is waited for."""
    result = run("-X", method, serve(lambda *_: ResponsePlan(status, body=b"")))

    assert (result.exit_code, result.stdout_bytes) == (0, b"")


def test_content_coding_is_decoded(run: Run, serve: Serve) -> None:
    """What is printed is the content; the head shows how it came."""
    fields = {"Content-Encoding": "gzip"}

    result = run(serve(lambda *_: ResponsePlan(200, fields, gzip.compress(b"content"))))

    assert result.stdout_bytes == b"content"
    assert "Content-Encoding: gzip" in result.stderr


def test_help_and_version(run: Run) -> None:
    """--help shows the command as it is typed, and every option."""
    text = run("--help").stdout

    assert text.startswith("Usage: wherry [OPTIONS] URL\n")
    assert "wherry demo" in text
    assert run("--version").stdout.startswith("wherry 0.")


# --- tracing, repeating, resuming, connecting ---------------------------------------------------


def test_trace_is_drawn_on_stderr_alone(run: Run, serve: Serve) -> None:
    """Each hop; standard output is the body and nothing else."""

    def answer(request: Request, body: bytes) -> ResponsePlan:
        if request.target == "/a":
            return ResponsePlan(302, {"Location": "/b"})
        return ResponsePlan(200, body=b"there")

    result = run("-q", "--trace", serve(answer) + "/a")

    assert result.stdout_bytes == b"there"
    lines = result.stderr.splitlines()
    assert [line.split()[-3:-2] for line in lines if " GET " in f" {line}"] == [["302"], ["200"]]
    assert lines[-1].startswith("  total ")
    assert "\x1b" not in result.stderr


def test_trace_of_a_failure_is_drawn_too(run: Run, unused_url: str) -> None:
    """That is when one wants it."""
    result = run("--trace", unused_url)

    assert result.exit_code == 4
    assert " failed " in result.stderr
    assert "  connect " in result.stderr


def test_repeat_shows_latencies_and_no_body(run: Run, echo: str, tmp_path: Path) -> None:
    """--repeat and --concurrency; the page has them as well."""
    page = tmp_path / "p.html"
    result = run("--repeat", "20", "--concurrency", "5", "--trace-html", str(page), echo)

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("20 calls in ")
    assert "\n  p99 " in result.stderr
    assert '"p99"' in page.read_text("utf-8")


def test_repeat_tells_of_failures(run: Run, unused_url: str, serve: Serve) -> None:
    """The report first, then the exit status of the first failure."""
    result = run("--repeat", "3", unused_url)
    assert result.exit_code == 4
    assert "3 x ClientConnectorError" in result.stderr

    result = run("--repeat", "3", "--fail", serve(lambda *_: ResponsePlan(503)))
    assert result.exit_code == 22
    assert "3 x 503" in result.stderr


def names_here() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


class Ranges:
    """A server of one file that knows ranges, and breaks its first answer off."""

    def __init__(self, content: bytes, tag: str = '"v1"') -> None:
        self.content = content
        self.tag = tag
        self.seen: list[Request] = []

    def answer(self, request: Request, body: bytes) -> ResponsePlan | RawPlan:
        self.seen.append(request)
        fields = {"ETag": self.tag}
        wanted = request.headers.get("Range")
        if wanted is not None and request.headers.get("If-Range") == self.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            size = len(self.content)
            fields["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
            return ResponsePlan(206, fields, self.content[start:])
        if len(self.seen) > 1:
            return ResponsePlan(200, fields, self.content)
        head = f"HTTP/1.1 200 OK\r\nETag: {self.tag}\r\nContent-Length: {len(self.content)}\r\n\r\n"
        return RawPlan([head.encode(), self.content[: len(self.content) // 2]])


def test_download_goes_on_where_it_broke_off(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--resume: the rest is asked for, if it is the same file; then the parts are gone."""
    monkeypatch.chdir(tmp_path)
    site = Ranges(bytes(range(256)) * 400)
    url = serve(site.answer) + "/boat.iso"

    first = run("--download", "--resume", url)
    assert first.exit_code == 8
    assert names_here() == ["boat.iso.part", "boat.iso.part.json"]
    second = run("--download", "--resume", url)

    assert second.exit_code == 0, second.stderr
    assert names_here() == ["boat.iso"]
    assert Path("boat.iso").read_bytes() == site.content
    assert site.seen[1].headers["If-Range"] == '"v1"'
    assert int(site.seen[1].headers["Range"][6:-1]) > 0


def test_download_of_a_file_that_changed_is_refused(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Halves of two files are no file; what came is left as it is."""
    monkeypatch.chdir(tmp_path)
    site = Ranges(b"old " * 1000)
    url = serve(site.answer) + "/boat.iso"
    run("--download", "--resume", url)
    before = Path("boat.iso.part").read_bytes()
    site.content, site.tag = b"new " * 1000, '"v2"'

    result = run("--download", "--resume", url)

    assert result.exit_code == 9
    assert "changed on the server" in result.stderr
    assert Path("boat.iso.part").read_bytes() == before
    assert not Path("boat.iso").exists()


def test_download_that_cannot_be_continued_leaves_nothing(
    run: Run, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a strong validator nobody could tell what the part is of."""
    monkeypatch.chdir(tmp_path)
    site = Ranges(b"some " * 1000, tag='W/"weak"')

    assert run("--download", "--resume", serve(site.answer) + "/f").exit_code == 8
    assert names_here() == []


def test_cookies_come_from_a_file_and_go_to_one(run: Run, serve: Serve, tmp_path: Path) -> None:
    """--cookies and --save-cookies, also when the command fails."""
    file = tmp_path / "c.txt"
    seen: list[str | None] = []

    def answer(request: Request, body: bytes) -> ResponsePlan:
        seen.append(request.headers.get("Cookie"))
        return ResponsePlan(503, [("Set-Cookie", "a=b; Path=/; Max-Age=99")])

    url = serve(answer)
    assert run("--fail", "--save-cookies", str(file), url).exit_code == 22
    run("--cookies", str(file), url)

    assert seen == [None, "a=b"]
    assert run("--cookies", str(tmp_path / "none"), url).exit_code == 9


def test_resolve_option_connects_elsewhere(run: Run, echo: str) -> None:
    """A name no server knows."""
    port = echo.rpartition(":")[2]
    url = f"http://boats.invalid:{port}/"
    seen = described(run("--resolve", f"boats.invalid:{port}:127.0.0.1", url))

    assert seen["fields"]["host"] == f"boats.invalid:{port}"


def test_cacert_option_makes_a_server_trusted(run: Run, serve: Serve, tmp_path: Path) -> None:
    """And --cert shows the client's own to a server that wants one."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mine = authority.issue_cert("me@example.com")
    mine.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    mine.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    url = serve(lambda *_: ResponsePlan(200, body=b"trusted"), context)
    trusting = ("--cacert", str(tmp_path / "ca.pem"))
    shown = ("--cert", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "key.pem"))

    assert run(*trusting, *shown, url).stdout == "trusted"
    assert run(*shown, url).exit_code == 5
    assert run(*trusting, url).exit_code != 0


def test_proxy_option_and_environment(
    run: Run, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--proxy, and with --trust-env the variables; not without it."""
    seen: list[str] = []

    def proxy(request: Request, body: bytes) -> ResponsePlan:
        seen.append(request.target)
        return ResponsePlan(200, body=b"proxied")

    url = serve(proxy)
    assert run("--proxy", url, "http://boats.invalid/a").stdout == "proxied"
    monkeypatch.setenv("http_proxy", url)
    assert run("--trust-env", "http://boats.invalid/b").stdout == "proxied"
    assert run("http://boats.invalid/c").exit_code == 4

    assert seen == ["http://boats.invalid/a", "http://boats.invalid/b"]


@pytest.mark.parametrize(
    "options",
    [
        ("--resume",),
        ("--download", "--resume", "-d", "x"),
        ("--repeat", "2", "-o", "f"),
        ("--key", "f"),
        ("--proxy", "gopher://h"),
        ("--resolve", "nonsense"),
    ],
)
def test_options_that_do_not_go_together(run: Run, echo: str, options: tuple[str, ...]) -> None:
    """One line, status 2."""
    result = run(*options, echo)

    assert result.exit_code == 2, result.stderr
    assert result.stderr.count("\n") == 1
