"""Pictures of a training, of what a model predicts, and of what it has learned."""
