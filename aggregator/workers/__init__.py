"""Documents -> what they hold, read in processes that can be killed.

Nothing is imported here: a worker (`main`) must not load what only the other side (`pool`) needs.
"""
