"""Headlines of sister sites: feeds in, blocks out."""
