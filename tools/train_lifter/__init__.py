"""Make the lifter: from captured and procedural motion to the network in `src/pase/assets`.

    python -m tools.train_lifter.train --corpus PATH/motion_corpus.npz --cache FOLDER --minutes 40

`docs/lifter.md` says what it does and with which command the shipped weights were made.
"""
