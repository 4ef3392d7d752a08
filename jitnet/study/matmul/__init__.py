"""The matrix product, of which a network's time mostly consists."""
