"""The name and version of the package, their only home."""

DISTRIBUTION = "pase-skeleton"
"""What pip calls it: `pase` on the package index is another program."""

__version__ = "0.2.0"
