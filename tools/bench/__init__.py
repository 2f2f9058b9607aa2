"""Measures the client: in instructions where nothing else moves, and by the clock against a real
server.

Run as `python -m tools.bench memory` or `python -m tools.bench wall`. The first counts the
instructions of one request on an event loop without input and output, which is stable enough to be
a regression gate. The second times clients in turns against nginx on another core, which is what a
user feels. Contestants are called through their public API; what they do inside is no concern of
this package.
"""
