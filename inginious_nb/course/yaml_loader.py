"""The loader of YAML files; PyYAML is imported here alone, with the first file that is read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Hashable

logger = logging.getLogger(__name__)

# The C parser is about eight times faster and gives the same marks; wheels of PyYAML have it.
BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(BaseLoader):  # type: ignore[misc]
    """The safe loader, which also says when a key stands twice (the last one wins)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return a mapping; a key that stands twice is logged."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in seen:
                logger.warning(
                    "%s: the key %r of line %d stands again in line %d; the last one counts",
                    self.name,
                    key.value,
                    seen[key.value],
                    line,
                )
            seen[key.value] = line
        result: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return result
