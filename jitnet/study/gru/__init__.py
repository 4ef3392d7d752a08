"""Gated recurrent units: each keeps its state or renews it, time step by time step."""
