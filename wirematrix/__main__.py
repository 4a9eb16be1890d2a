"""`python -m wirematrix`."""

from wirematrix.cli import main

main()
