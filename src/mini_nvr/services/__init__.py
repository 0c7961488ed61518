"""The composition roots, one a process or command: who is made, started and stopped, and in which order."""
