"""Markers of a file under the model's names, despite prefixes of subjects, capitals and underscores."""

from collections.abc import Sequence
from dataclasses import replace

from pase.data import Landmarks3D
from pase.errors import InputError
from pase.keypoint_sets import plain_name

FEWEST_MARKERS = 4
"""Markers without which no posture can be estimated."""

_MARKS = ":|._ "
"""Part the subject's or file's name from the marker's; the first is that of Vicon, Qualisys and OptiTrack."""


def named_as_model(
    data: Landmarks3D, model_names: Sequence[str], subject: str | None = None
) -> tuple[Landmarks3D, list[str]]:
    """The markers of one subject under the model's names, and warnings.

    Parameters
    ----------
    data
        Markers as the file calls them.
    subject
        Whose markers, where the file holds those of several; they are called `subject:marker`.

    Raises
    ------
    InputError
        When the file holds several subjects and none, or an unknown one, is chosen.
    """
    notes: list[str] = []
    if subject is not None or len(set(data.names) & set(model_names)) < FEWEST_MARKERS:
        prefix = _subject(data.names, model_names, subject)
        if prefix is not None:
            data = _of_subject(data, prefix)
            notes.append(f"'{prefix}' before the names of the markers was left out")
    return _spelled_as_model(data, model_names, notes), notes


def _subject(names: Sequence[str], model_names: Sequence[str], subject: str | None) -> str | None:
    """The prefix, with its mark, of the subject whose markers the model has; None where names have none."""
    plain = {plain_name(name) for name in model_names}
    counts: dict[str, int] = {}
    for mark in _MARKS:
        for text in names:
            prefix, _, name = text.partition(mark)
            if name:
                counts[prefix + mark] = counts.get(prefix + mark, 0) + (plain_name(name) in plain)
        if any(count >= FEWEST_MARKERS for count in counts.values()):
            break
    if subject is not None:
        prefix = next((prefix for prefix in counts if prefix[:-1] == subject), "")
        if not prefix:
            subjects = ", ".join(prefix[:-1] for prefix, count in counts.items() if count)
            raise InputError(f"no subject '{subject}' in the data; there are: {subjects or 'none'}")
        return prefix
    fitting = [prefix for prefix, count in counts.items() if count >= FEWEST_MARKERS]
    if len(fitting) > 1:
        subjects = ", ".join(prefix[:-1] for prefix in fitting)
        raise InputError(
            f"the data hold markers of several people: {subjects}; name one, for instance --subject {fitting[0][:-1]}"
        )
    return fitting[0] if fitting else None


def _of_subject(data: Landmarks3D, prefix: str) -> Landmarks3D:
    of_subject = [k for k, name in enumerate(data.names) if name.startswith(prefix)]
    names = tuple(data.names[k].removeprefix(prefix) for k in of_subject)
    return replace(data, xyz=data.xyz[:, of_subject], names=names)


def _spelled_as_model(data: Landmarks3D, model_names: Sequence[str], notes: list[str]) -> Landmarks3D:
    """Names that differ from a model's by capitals, blanks and underscores alone become that."""
    free = {plain_name(name): name for name in model_names if name not in data.names}
    names, respelled = list(data.names), []
    for k, name in enumerate(data.names):
        name_in_model = None if name in model_names else free.pop(plain_name(name), None)
        if name_in_model is not None:
            names[k] = name_in_model
            respelled.append(f"{name} as {name_in_model}")
    if respelled:
        notes.append(f"markers were taken for those of the model in another spelling: {', '.join(respelled)}")
    return replace(data, names=tuple(names))
