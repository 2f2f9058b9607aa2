"""`wherry demo`: a server on this machine, the client's main jobs against it, and a table."""

from ._run import run_demo

__all__ = ["run_demo"]
