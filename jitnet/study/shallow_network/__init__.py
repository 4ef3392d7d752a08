"""A shallow network: one hidden layer of tanh units and a sigmoid output."""
