"""The skeleton: model, OpenSim files, kinematics, ranges, proportions, bones; needs NumPy and SciPy alone."""
