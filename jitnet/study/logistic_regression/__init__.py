"""Logistic regression: one neuron, from the course's loop over examples to the engine's."""
