"""Wants a name that domaintune does not have."""
