"""One file a library: the same network, trained the way that library's experts would train it."""
