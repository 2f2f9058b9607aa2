"""`python -m wherry_cli`."""

from ._main import main

main()
