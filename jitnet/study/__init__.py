"""The algorithms of a neural network, each written several times over to be compared."""
