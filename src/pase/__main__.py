"""`python -m pase` is `pase`."""

from pase.cli import command

command()
