"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("product", deadline=None)  # tests are not timed; speed lives in benchmarks/
settings.load_profile("product")
