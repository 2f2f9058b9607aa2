"""A certificate for the loopback address, made for one run.

Needs the package trustme where the run is started; contestants only read the files.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

INSTALL_HINT = "scenarios with TLS need: pip install trustme"


@dataclass(frozen=True)
class Certificate:
    """PEM files: the server's chain and key, and the authority to trust."""

    chain: Path
    key: Path
    ca: Path


def write_certificate(folder: Path) -> Certificate | None:
    """A certificate for 127.0.0.1 and localhost in `folder`; None without trustme."""
    if importlib.util.find_spec("trustme") is None:
        return None
    authority = importlib.import_module("trustme").CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    made = Certificate(folder / "chain.pem", folder / "key.pem", folder / "ca.pem")
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(made.chain, append=number > 0)
    issued.private_key_pem.write_to_path(made.key)
    authority.cert_pem.write_to_path(made.ca)
    return made
