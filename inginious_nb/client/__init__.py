"""The documented `inginious.client` API over ZeroMQ, and an asyncio one beside it."""
