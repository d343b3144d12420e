"""Files that other programs read: one module per format. `pase.errors` says what reading and writing raise."""
