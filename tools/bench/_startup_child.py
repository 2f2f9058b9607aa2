"""One start of a contestant: `python -m tools.bench._startup_child MODULE ...`.

Imports the modules into a fresh interpreter and prints the seconds that took and the memory after
it. Nothing is imported before that is not needed to say so.
"""

import json
import sys
import time

from ._resident import resident_bytes

if __name__ == "__main__":
    started = time.perf_counter()
    for module in sys.argv[1:]:
        __import__(module)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "resident": resident_bytes()}))
