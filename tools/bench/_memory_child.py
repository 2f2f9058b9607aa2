"""What is run under valgrind: `... _memory_child CLIENT WORK REQUESTS ANSWERS TASKS`.

The answers are made for the longest run there will be, so that making them costs every run the
same.
"""

import sys

from ._answers import answers
from ._memory import run_in_memory

if __name__ == "__main__":
    client, work, *numbers = sys.argv[1:]
    requests, count, tasks = map(int, numbers)
    run_in_memory(client, requests, canned=answers(count), tasks=tasks, work=work)
