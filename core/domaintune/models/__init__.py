"""Base models: hub id, local folder, or the starter model."""
