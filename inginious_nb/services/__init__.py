"""Grading services: one interface, and a class for each way to reach a grader.

`service` has the interface and what is told of a service, `zeromq` an INGInious backend, `embedded`
the service that a kernel runs itself, `registry` those of one session. Nothing here knows
submissions or their history.
"""
