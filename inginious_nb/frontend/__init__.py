"""All that a front end gets and may ask: shapes, state, requests, snapshots. No widget, no comm."""
