"""The server: every promoted adapter behind one OpenAI-compatible address."""
