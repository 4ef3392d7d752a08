"""A training's report as one page, which needs nothing from elsewhere."""
