"""The errors a user may see; each message is one line that says what is wrong and what to do.

- `PaseError`: every error that bad input can cause
    - `InputError`: a file or value of the user's cannot be used
    - `OutputError`: the result cannot be written
    - `ModelFileError`: a model file is missing, damaged or cannot be fetched
    - `MissingDependencyError`: a package or system library is not installed

Whatever writes a file raises `OutputError` when it cannot be written, and whatever reads one raises `InputError` when
it is missing or not of its kind. The docstrings of readers and writers name what else they raise.
"""

_MOST_LETTERS = 3000
_ENDS = 1400


class PaseError(Exception):
    """Root of every error that bad input can cause; the command line prints it and exits with code 2."""

    def __init__(self, message: str) -> None:
        if len(message) > _MOST_LETTERS:  # it quotes a file in which a name or a number is endless
            message = f"{message[:_ENDS]} … {message[-_ENDS:]}"
        super().__init__(message)


class InputError(PaseError):
    """A file or a value given by the user cannot be used."""


class OutputError(PaseError):
    """The result cannot be written where the user asked for it."""


class ModelFileError(PaseError):
    """A model file is missing, cannot be fetched, or does not have the expected checksum."""


class MissingDependencyError(PaseError):
    """A system library or an optional package is not installed; the message names the install line."""
