"""`mini-nvr run`: starts the services as processes, watches them, restarts whichever dies and stops them together."""
