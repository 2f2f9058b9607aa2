"""What keeps the monorepo honest: checks of its shape, and measurements of its speed.

Each tool is a module to run from the repository root, `python -m tools.<name>`. None of them is
part of a distribution, and nothing under packages/ imports from here.
"""
