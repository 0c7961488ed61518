"""What holds for all tests."""

from hypothesis import settings

# Tests are not timed; speed lives in benchmarks/. On CI the parent is Hypothesis' own profile: the same examples in each run.
settings.register_profile("product", parent=settings.default, deadline=None)
settings.load_profile("product")
