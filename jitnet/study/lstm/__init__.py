"""Long short-term memory: a layer that goes from time step to time step, and back again."""
