"""A video becomes an OpenSim model and motion: `python examples/01_video_to_opensim.py walk.mp4 1.75`."""

import sys
from pathlib import Path

from pase.config import make_settings
from pase.pipeline import run

video, height_m = Path(sys.argv[1]), float(sys.argv[2])
output = video.with_name(f"{video.stem}_skeleton")

report = run(video, output, make_settings({"person.height_m": height_m}), overwrite=True)

for person in report.persons:
    print(output / person["folder"] / "skeleton.osim")
    print(output / person["folder"] / "motion.mot")
print(f"mean reprojection error: {report.mean_reprojection_error_px} px")
