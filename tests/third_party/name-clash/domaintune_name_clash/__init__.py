"""Offers a name that is taken, beside one that is not."""
