"""The packages together: names, seams, and programs that use them."""

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import wherry

ROOT = Path(__file__).parents[1]
PACKAGES = sorted(path.name.replace("-", "_") for path in (ROOT / "packages").iterdir())
SOURCES = sorted((ROOT / "packages").glob("*/src/**/*.py"))

PROGRAM = """
import asyncio
import import_me as aiohttp


async def answer(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 8\\r\\n")
    writer.write(b"Content-Type: application/json\\r\\n\\r\\n")
    writer.write(b'{"a": 1}')
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    timeout = aiohttp.ClientTimeout(total=10)
    connector = aiohttp.TCPConnector(limit=2, ssl=False)
    jar = aiohttp.CookieJar(unsafe=True)
    trace = aiohttp.TraceConfig()
    seen = []

    async def on_start(session, context, params):
        seen.append(params.method)

    trace.on_request_start.append(on_start)
    async with aiohttp.ClientSession(
        url, timeout=timeout, connector=connector, cookie_jar=jar, trace_configs=[trace]
    ) as session:
        form = aiohttp.FormData({"name": "value"})
        async with session.post("/form", data=form) as response:
            assert response.status == 200, response
            assert isinstance(response, aiohttp.ClientResponse)
            document = await response.json()
        with aiohttp.MultipartWriter("form-data") as writer:
            writer.append(b"part")
        await (await session.put("/parts", data=writer)).read()
        try:
            await session.get("http://127.0.0.1:1/")
        except aiohttp.ClientConnectorError as error:
            refused = isinstance(error, (aiohttp.ClientOSError, OSError))
        try:
            await session.get("mailto:ann@example.org")
        except aiohttp.NonHttpUrlClientError as error:
            refused = refused and isinstance(error, aiohttp.ClientError)
    server.close()
    print(document, seen, refused)


asyncio.run(main())
"""


def run_python(*arguments: str, environment: dict[str, str] | None = None) -> str:
    """The output of a Python process that must succeed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=50,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **(environment or {})},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["aiohttp", "wherry"])
@pytest.mark.parametrize("options", [(), ("-X", "dev", "-W", "error"), ("-O",)])
def test_a_program_runs_with_either_library(library: str, options: tuple[str, ...]) -> None:
    """S-001: `import wherry as aiohttp`, and the same output."""
    if library == "aiohttp":
        pytest.importorskip("aiohttp", reason="needs a peer: pip install aiohttp")
    program = PROGRAM.replace("import_me", library)

    assert run_python(*options, "-c", program) == "{'a': 1} ['POST', 'PUT', 'GET'] True\n"


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_is_there(name: str) -> None:
    """`__all__` is sorted, true, and every name of it has an origin that is one of ours."""
    module = import_module(name)

    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_has_a_version_of_its_own(name: str) -> None:
    """One that the metadata knows, too."""
    from importlib.metadata import version

    assert import_module(name).__version__ == version(name.replace("_", "-"))


def test_shared_names_are_the_same_objects() -> None:
    """Data and exceptions have one home: what wherry re-exports is what the packages raise."""
    for name in PACKAGES:
        module = import_module(name)
        own = {"__version__", "protocols"}
        if name == "wherry_codec":
            own.add("Connection")  # the one without I/O; wherry's is the pool's
        for public in set(module.__all__) & set(wherry.__all__) - own:
            assert getattr(module, public) is getattr(wherry, public), f"{name}.{public}"


# --- without asserts, without noise -------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_module_relies_on_assert(path: Path) -> None:
    """SEC-17: `python -O` takes asserts away, so none of them decides anything."""
    tree = ast.parse(path.read_text("utf-8"))

    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("options", [("-X", "dev", "-W", "error"), ("-O",), ("-OO",)])
def test_the_demo_runs(options: tuple[str, ...]) -> None:
    """The main job of the repository, with every warning an error, and without docstrings."""
    output = run_python(*options, "-m", "wherry_cli", "demo", environment={"COLUMNS": "120"})

    assert "as expected" in output


@pytest.mark.parametrize(
    "arguments", [("--help",), ("request", "--help"), ("demo", "--help")], ids=" ".join
)
def test_the_command_explains_itself(arguments: tuple[str, ...]) -> None:
    """`wherry --help`."""
    assert "Usage:" in run_python("-X", "dev", "-W", "error", "-m", "wherry_cli", *arguments)


def test_importing_wherry_leaves_the_command_line_alone() -> None:
    """Imports go down only: the library does not load its command, nor what that needs."""
    code = "import sys, wherry; print(sorted({'wherry_cli', 'click', 'rich'} & set(sys.modules)))"

    assert run_python("-c", code) == "[]\n"
