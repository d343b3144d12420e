"""Fit of a skeleton to markers: scaling and inverse kinematics in one.

`estimate` leads through it. First, `names`, `units`, `up_axis` and `handedness` check what a file means, and
`weights` reads weights of other programs. `guess` makes the first guess, `sizes` the sizes, `noise` learns the noise.
"""

from pase.fit.markers.estimate import MarkerOptions, fit_markers

__all__ = ["MarkerOptions", "fit_markers"]
