"""``inginious-nb …`` (also ``jupyter inginious …``): submit notebooks, and run the grading service.

`main` gathers the commands: those of `submit`, of `overview` (courses, history, settings) and of
`grading` (backend, agent, test). `tables` draws for terminal and notebook, `settings_help` explains
the settings to both. What people read goes to standard output, what goes wrong to standard error as
one sentence.
"""
