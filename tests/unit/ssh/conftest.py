"""Graders that open shells into their jobs, in both sandboxes."""

from __future__ import annotations

import pytest

from tests.support.ssh import Site


@pytest.fixture(params=["bubblewrap", "plain"])
async def make_site(request, tmp_path):
    made = []

    def make(**settings):
        made.append(Site(tmp_path, request.param, **settings))
        return made[-1]

    yield make
    for site in made:
        await site.end()


@pytest.fixture
def site(make_site):
    return make_site()
