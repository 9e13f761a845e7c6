"""An assembled LLaVA: a vision tower, a projector and a language model, put together and aligned."""
