"""Who may come in: accounts, passwords, sessions, the pace of guessing, CSRF tokens, audit records."""
