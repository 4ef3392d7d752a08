"""A trained model in use: ``jitnet predict``, ``evaluate``, ``info``."""
