"""Settings that are searched for, of a table or of images."""
