"""Where OpenSim puts the bodies of a written skeleton in a written motion."""

from pathlib import Path

import numpy as np
import pytest


def poses_in_opensim(folder: Path) -> tuple[np.ndarray, dict[str, np.ndarray], float]:
    """Of `skeleton.osim` and `motion.mot`: times (T,), by body its origins (T, 3) in metres, and the mass in kg.

    The motion must be in degrees and have a column for every coordinate.
    """
    opensim = pytest.importorskip("opensim", reason="the opensim package is not installed")
    opensim.Logger.setLevelString("Error")
    model = opensim.Model(str(folder / "skeleton.osim"))
    state = model.initSystem()
    storage = opensim.Storage(str(folder / "motion.mot"))
    assert storage.isInDegrees()
    model.getSimbodyEngine().convertDegreesToRadians(storage)
    labels, coordinates = storage.getColumnLabels(), model.getCoordinateSet()
    names = [labels.get(i) for i in range(1, labels.getSize())]
    assert sorted(names) == sorted(coordinates.get(i).getName() for i in range(coordinates.getSize()))
    bodies = [model.getBodySet().get(i) for i in range(model.getBodySet().getSize())]
    times, origins = [], {body.getName(): [] for body in bodies}
    for t in range(storage.getSize()):
        row = storage.getStateVector(t)
        times.append(row.getTime())
        for i, name in enumerate(names):
            coordinates.get(name).setLocked(state, False)
            coordinates.get(name).setValue(state, row.getData().get(i), False)
        model.realizePosition(state)
        for body in bodies:
            origins[body.getName()].append(body.getPositionInGround(state).to_numpy())
    return (
        np.array(times),
        {name: np.array(rows) for name, rows in origins.items()},
        model.getTotalMass(state),
    )
