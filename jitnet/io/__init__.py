"""Files: what a model is saved in."""
