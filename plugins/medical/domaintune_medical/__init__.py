"""Medical specialities for domaintune; research only, not for clinical use."""
