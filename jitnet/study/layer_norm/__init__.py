"""Layer normalisation: every example's units at mean 0 and variance 1, forward and backward."""
