"""The shapes that cross between kernel and browser, by view: the same as in ``js/protocol/``.

Only shapes and names live here. Everything is JSON.
"""
