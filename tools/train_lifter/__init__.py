"""Make the lifter: from captured and procedural motion to the network in `src/pase/assets`.

`docs/lifter.md` says what it does and with which commands the shipped weights were made.
"""
