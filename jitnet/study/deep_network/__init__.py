"""A deep network: L layers, a forward and a backward block for each."""
