"""Convolutions: filters that pass over images, forward and backward."""
