"""`python -m tools.check_surface`."""

import sys

from ._run import main

if __name__ == "__main__":
    sys.exit(main())
