"""Every setting, from `.env` and the environment to one typed model, with all errors listed at once.

`variables` is the table that everything else reads: parsing, error messages, the reference page. `load` is the door.
"""
