"""Threads, observers, and ZeroMQ sockets on an asyncio loop. No INGInious here."""
