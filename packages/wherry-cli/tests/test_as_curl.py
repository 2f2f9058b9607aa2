"""Options of this command as options of curl. That curl understands them is tested elsewhere."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def words(result: Result) -> list[str]:
    assert result.exit_code == 0, result.stderr
    return shlex.split(result.stdout.replace(" \\\n", " "))


def test_nothing_is_sent(run: Run, unused_url: str) -> None:
    """Nobody listens there, and nobody has to."""
    found = words(run("--as-curl", "-d", "a=b", unused_url))

    assert found[0] == "curl"
    assert found[-2:] == ["--url", unused_url]
    assert found[-4:-2] == ["--data-raw", "a=b"]


def test_options_of_the_connection(run: Run, tmp_path: Path) -> None:
    """Each has its like."""
    found = words(
        run(
            *("--as-curl", "-k", "--max-time", "2.5", "--resolve", "h:80:127.0.0.1,::1"),
            *("--proxy", "http://me:hush@p:1", "-o", "f", "http://h/"),
        )
    )

    text = " ".join(found)
    assert "--location --max-time 2.5 --proxy http://***@p:1" in text
    assert "--resolve h:80:127.0.0.1,::1 --insecure --compressed -o f" in text


def test_form_names_its_files(run: Run, tmp_path: Path) -> None:
    """They are not read into the command."""
    (tmp_path / "f").write_bytes(bytes(5))

    found = words(run("--as-curl", "-F", "a=b", "-F", f"f=@{tmp_path / 'f'};type=x/y", "http://h/"))

    assert f'f=@"{tmp_path / "f"}";type=x/y' in found
    assert "a=b" in found


@pytest.mark.parametrize(("option", "count"), [((), 0), (("--show-secrets",), 3)])
def test_secrets(run: Run, option: tuple[str, ...], count: int) -> None:
    """SEC-60: hidden unless asked for."""
    result = run(
        *("--as-curl", *option, "-H", "Authorization: hush", "-d", "password=hush"),
        "http://h/?token=hush",
    )

    assert result.stdout.count("hush") == count
