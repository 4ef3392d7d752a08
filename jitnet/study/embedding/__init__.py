"""Embeddings: a vector of numbers for each index, forward and backward."""
