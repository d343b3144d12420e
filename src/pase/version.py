"""The version of PASE, its only home."""

__version__ = "0.1.0"
