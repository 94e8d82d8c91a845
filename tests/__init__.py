"""A package, so that no library which brings a `tests` of its own stands before it."""
