"""Proves that each package works with nothing but what it declares.

Run as `python -m tools.check_alone [PACKAGE ...]`. For each package: build its wheel, look into it,
install it with its declared dependencies in a fresh environment, import it, and run a copy of its
tests there, outside the repository. Sibling wheels are built once per run from the same working
tree; the rest comes from the package index that pip or uv is set up for. It does not judge imports
line by line: `tools.check_graph` does.
"""
