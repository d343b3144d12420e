"""PASE: a person's own anatomical skeleton in motion, from one ordinary camera."""
