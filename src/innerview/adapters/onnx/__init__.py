"""ONNX: outputs by ONNX Runtime, gradients where the file can be made a PyTorch module."""
