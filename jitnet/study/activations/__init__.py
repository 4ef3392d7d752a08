"""Activations: g(z), what a unit makes of its weighted input, and the slope g'(z)."""
