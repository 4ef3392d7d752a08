"""Batch normalisation: every unit at mean 0 and variance 1 over a batch, forward and backward."""
