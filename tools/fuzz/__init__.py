"""Feeds the parsers what no peer should send, for as long as one likes.

Run as `python -m tools.fuzz [--seconds N] [TARGET ...]`. One target per parser: damaged examples
from the corpora, cut anywhere, and a check that the outcome is an event or a documented error, the
same for every cut and on every path. Hypothesis makes the inputs smaller when a check fails.
"""
