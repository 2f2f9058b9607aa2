"""Measures the client: in instructions where nothing else moves, and by the clock against a real
server.

Run as `python -m tools.bench memory`, `... wall` or `... micro`. The first counts the instructions
of one request on an event loop without input and output, which is stable enough to be a regression
gate. The second times clients in turns against nginx on another core, which is what a user feels.
The third times parsers and cookie jars alone, in turns in one process. Contestants are called
through their public API; what they do inside is no concern of this package.
"""
