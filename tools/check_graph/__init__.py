"""Proves that the packages depend on each other the way the architecture says.

Run as `python -m tools.check_graph`. It reads every packages/*/pyproject.toml and the sources
beside it, without importing them, and then imports the packages that must do without asyncio and
ssl in an interpreter of their own. It knows nothing of tests, versions or wheels:
`tools.check_alone` looks at those.

The layer table is data, in `table`; a finding names file, line and remedy.
"""
