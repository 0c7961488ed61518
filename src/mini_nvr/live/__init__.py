"""Live pictures and news of the recorder for other processes: frames become messages only while somebody watches."""
