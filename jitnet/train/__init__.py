"""``jitnet train``: networks that learn images, the embedded digits or those that a user brings."""
