"""The grading service for those who configured none: broker, agents, sandbox, grading API."""
