"""Native code over plain arrays; nothing here knows of a layer or a model."""
