"""PyTorch networks: their checkpoints read safely, and run on all cores."""
