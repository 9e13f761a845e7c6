"""Knowledge beside the model: passages, the indexes that find them, and their place in a prompt."""
