"""Runs mypy --strict over everything, in as many runs as the names of test files need.

Run as `python -m tools.check_types`. Sources, tools, tests-integration and docs go through one run;
each folder packages/*/tests through one of its own, because two packages may each have a
test_headers.py. The settings are those of mypy.ini at the root.

With `--complete` pyright says instead how much of each package's public interface has a type that
all type checkers see alike; users of a typed package meet what is missing there.
"""
