"""Softmax cross-entropy: the loss of a classification into K classes, and its gradient."""
