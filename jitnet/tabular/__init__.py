"""Tables: from a file or a frame to the features of a network, and back from its predictions."""
