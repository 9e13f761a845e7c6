"""Pictures for domaintune: LLaVA, scenes whose answers can be checked, ScienceQA."""
