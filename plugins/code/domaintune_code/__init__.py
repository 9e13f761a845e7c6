"""Programming for domaintune: tasks that a teacher makes harder, answers proven by running them, pass@k."""
