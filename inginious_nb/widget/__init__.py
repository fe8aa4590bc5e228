"""The anywidget classes: Python's half of what a person sees."""
