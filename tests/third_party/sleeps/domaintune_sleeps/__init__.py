"""Takes ten seconds to import."""
