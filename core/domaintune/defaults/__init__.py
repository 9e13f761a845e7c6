"""What domaintune brings itself, offered through the same hooks as everyone's."""
