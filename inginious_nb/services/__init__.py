"""Where submissions are graded: the embedded service, or an INGInious backend."""
