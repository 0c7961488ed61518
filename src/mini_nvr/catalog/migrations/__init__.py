"""How a catalog of any earlier version becomes one of this version; run by Alembic, on open, in one transaction."""
