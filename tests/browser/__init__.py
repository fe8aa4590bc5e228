"""User stories in a real JupyterLab and a real Chromium."""
