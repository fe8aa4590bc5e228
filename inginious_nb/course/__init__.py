"""A course folder on disk as INGInious keeps it: courses, tasks, problem types. No zmq."""
