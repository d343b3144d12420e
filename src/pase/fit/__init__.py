"""The estimator: from points in a picture or in space to a skeleton in motion."""
