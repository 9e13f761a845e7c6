"""Chess openings for domaintune."""
