"""Threads and who is told of changes: the I/O loop, the worker, observers. No INGInious here."""
