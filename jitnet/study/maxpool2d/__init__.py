"""Max pooling of images, windows of 2 by 2, forward and backward."""
