"""The stages in a row: from footage, keypoints or markers to a folder of results."""

from pase.pipeline.results import load_motions, render
from pase.pipeline.stages import estimate_motions, fit, pose2d, run

__all__ = ["estimate_motions", "fit", "load_motions", "pose2d", "render", "run"]
