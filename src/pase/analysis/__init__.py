"""From angles to answers: what a finished `Motion` says of the person who moved.

The room reads a motion of PASE or of any `.osim` with a `.mot`, and does not know how it was made.

    body        joint centres and segments, by the names that all OpenSim models share
    angles      the angles that people mean, with the signs of the ISB; angle_table adds errors and speeds
    feet        when each foot stands and swings; gait and jumps make steps and flights of it (gait_measures)
    repetitions squats, standing up, lunges, arm raises, anything that repeats (exercises)
    measure     what is measured and how it is defined; ranges for any movement
    quality     good, check or do not use
    analyse     all of it together
"""

from pase.analysis.analyse import analyse, analysed, only_seen

__all__ = ["analyse", "analysed", "only_seen"]
