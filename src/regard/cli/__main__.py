"""`python -m regard.cli`, where the `regard` script is not on the path."""

from regard.cli import main

main()
