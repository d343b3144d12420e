"""Networks: ONNX Runtime's devices and threads; PyTorch checkpoints read safely, and run on all cores."""
