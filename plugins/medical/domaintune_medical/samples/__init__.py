"""A sample of chest X-ray reports written for this project by a grammar, with no patient behind any row."""
