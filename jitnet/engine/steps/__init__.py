"""The parts of a training step, compiled: gather, forward, output, backward, update."""
