"""A made-up family of sister sites, and a loopback server for their feeds."""
