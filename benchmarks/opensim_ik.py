"""OpenSim's InverseKinematicsTool, for comparison; in a process of its own, whose CPU time is measured."""

import json
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import json, sys, time
import opensim
opensim.Logger.setLevelString("Off")
model_path, trc, mot, end = sys.argv[1:]
model = opensim.Model(model_path)
model.initSystem()
tool = opensim.InverseKinematicsTool()
tool.setModel(model)
tool.setMarkerDataFileName(trc)
data = opensim.MarkerData(trc)
tool.setStartTime(data.getStartFrameTime())
tool.setEndTime(min(float(end), data.getLastFrameTime()))
tool.setOutputMotionFileName(mot)
names = opensim.StdVectorString()
tasks = tool.getIKTaskSet()
known = {data.getMarkerNames().get(i) for i in range(data.getMarkerNames().getSize())}
for marker in (model.getMarkerSet().get(i) for i in range(model.getMarkerSet().getSize())):
    if marker.getName() in known:
        task = opensim.IKMarkerTask()
        task.setName(marker.getName())
        task.setApply(True)
        task.setWeight(1.0)
        tasks.cloneAndAppend(task)
tool.set_report_errors(False)
start = time.process_time()
tool.run()
print(json.dumps(time.process_time() - start))
"""


def run_opensim(model: Path, trc: Path, mot: Path, end_s: float = 1e9) -> float:
    """Solve all markers with weight 1 to OpenSim's usual accuracy, write the motion, return the CPU seconds."""
    command = [sys.executable, "-c", _PROGRAM, *(str(p.resolve()) for p in (model, trc, mot)), str(end_s)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=mot.parent)
    if done.returncode or not mot.is_file():
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise RuntimeError(f"OpenSim's tool failed: {last}")
    return float(json.loads(done.stdout.strip().splitlines()[-1]))
