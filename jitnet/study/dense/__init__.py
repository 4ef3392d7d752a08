"""Dense layers: every unit weighs every feature, forward and backward."""
