"""Models that travel: trained networks as ONNX, C, PyTorch, Keras and scikit-learn have them."""
