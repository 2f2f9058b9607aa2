"""The package as a whole: what it imports, that it needs no asserts, that its README runs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wherry_codec

PACKAGE = Path(wherry_codec.__file__).parent
TESTS = Path(__file__).parent
README = TESTS.parent / "README.md"


def run_python(code: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_neither_asyncio_nor_ssl() -> None:
    """It decides about bytes; sockets and loops are its users' business."""
    loaded = run_python(
        "import sys, wherry_codec, wherry_codec.testing\n"
        "print(*sorted({'asyncio', 'ssl', 'socket', 'selectors'} & set(sys.modules)))"
    )
    assert loaded.split() == []


MODULES = sorted(PACKAGE.glob("*.py"))


def test_no_module_has_an_assert() -> None:
    """SEC-17: `python -O` would take it away."""
    for path in MODULES:
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        assert not [node.lineno for node in nodes if isinstance(node, ast.Assert)], path.name


def test_every_module_has_the_test_file_of_its_name() -> None:
    """Whoever changes one knows where the other is."""
    names = {path.stem.removeprefix("_") for path in MODULES} - {"_init__", "version"}

    assert [name for name in sorted(names) if not (TESTS / f"test_{name}.py").is_file()] == []


ELSEWHERE = {
    "S-024": "the session: its User-Agent",
    "S-029": "the session: it writes the head before it asks for a connection",
    "S-035": "the connection: it pauses the writer",
    "S-036": "the connection: it knows that its transport is closing",
    "S-038": "the connection: it counts what it wrote",
    "S-052": "the session: its error classes",
    "S-066": "the pool: it keeps fewer connections than it might",
    "S-079": "the session: read() lifts the bound of each step",
    "S-080": "the session: it has executors",
    **{f"S-{n:03}": "the session: StreamReader" for n in (*range(82, 87), *range(89, 103))},
    "S-103": "the session: http_exceptions",
    "SEC-5": "multipart and WebSocket",
    "SEC-6": "payloads",
}
"""Rules of the codec chapter that another package keeps, and which part of it."""


def test_every_rule_has_a_test_that_names_it() -> None:
    """S-022 to S-104 and SEC-1 to SEC-20, but for those that are not kept here."""
    files = [path for path in TESTS.glob("test_*.py") if path.name != "test_package.py"]
    text = "".join(path.read_text("utf-8") for path in [*files, *TESTS.glob("corpus/*.toml")])
    rules = [f"S-{number:03}" for number in range(22, 105)]
    # Those of this file.
    rules += [f"SEC-{number}" for number in range(1, 21) if number != 17]

    unnamed = set(rules) - set(re.findall(r"\b(?:S-\d{3}|SEC-\d+)\b", text))

    assert unnamed - set(ELSEWHERE) == set()
    assert set(ELSEWHERE) - unnamed == set()


def test_hostile_input_is_refused_without_asserts() -> None:
    """SEC-17: the same refusals under `python -O`."""
    run_python(
        """
import wherry_codec as codec
def refuses(error, call, *args):
    try:
        call(*args)
    except error:
        return
    raise SystemExit(f"not refused: {args}")
head = b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"
refuses(codec.InvalidHeader, codec.ResponseHeadReader().feed, head)
refuses(codec.TransferEncodingError, codec.ChunkDecoder().feed, b"-5\\r\\n", 0, [])
refuses(codec.LocalProtocolError, codec.write_fields, [("A", "b\\r\\nC: d")])
refuses(codec.LocalProtocolError, codec.ClientConnection().send, codec.Request("GET", "/"))
refuses(codec.ContentEncodingError, codec.coding.make_decoder("gzip").decode, b"rubbish")
refuses(codec.BadRequestLine, codec.RequestHeadReader().feed, b"rubbish\\r\\n")
""",
        "-O",
    )


def test_public_names_are_sorted_and_there() -> None:
    """`__all__` is what users may rely on."""
    names = wherry_codec.__all__

    assert all(hasattr(wherry_codec, name) for name in names)
    assert len(set(names)) == len(names)


def test_every_public_name_is_documented() -> None:
    """Classes, functions and their public members alike."""
    for name in wherry_codec.__all__:
        value = getattr(wherry_codec, name)
        if callable(value):
            assert value.__doc__, name
            for member, inner in vars(value).items():
                if callable(inner) and not member.startswith("_") and isinstance(value, type):
                    assert getattr(value, member).__doc__, f"{name}.{member}"


EXAMPLES = re.findall(r"```python\n(.*?)```\n+```text\n(.*?)```", README.read_text("utf-8"), re.S)


@pytest.mark.parametrize(("code", "expected"), EXAMPLES, ids=["sockets", "trio", "coding"])
def test_readme_example_runs_and_prints_what_it_says(
    code: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever starts with the README starts with something that works."""
    if "import trio" in code:
        pytest.importorskip("trio", reason="pip install trio, or wherry-codec[test]")

    exec(compile(code, str(README), "exec"), {"__name__": "__main__"})

    assert capsys.readouterr().out == expected
