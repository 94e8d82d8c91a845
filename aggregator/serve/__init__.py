"""Health, metrics and a local trigger over HTTP; the extra `[serve]`, off unless configured."""
