"""Programming tasks and problems written for this project, with tests that each solution passes."""
