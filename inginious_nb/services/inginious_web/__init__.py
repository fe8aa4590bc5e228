"""INGInious's web application as a grading service: what a university's students can reach.

`pages` and `answers` read what the site says and do no I/O, `site` holds the signed-in
conversation, `client` submits and follows, `service` fits it behind `services.service.Service`.
Nothing here keeps a password anywhere but in memory, and nothing trusts a text of the site.
"""
