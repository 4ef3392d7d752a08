"""Lessons: each shows one idea of an introduction to neural networks, in numbers."""
