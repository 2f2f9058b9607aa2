"""Calls per request as JSON: `python -m tools.bench._calls_child CLIENT WORK TASKS`.

A process of its own, since what a client imports depends on environment variables.
"""

import json
import sys

from ._memory import calls_per_request

if __name__ == "__main__":
    client, work, tasks = sys.argv[1:]
    print(json.dumps(calls_per_request(client, work=work, tasks=int(tasks))))
