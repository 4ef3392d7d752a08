"""Compares the kernels of two commits, and says which became slower."""
