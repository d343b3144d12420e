"""Files that other programs read: one module per format."""
