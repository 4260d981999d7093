"""Pulumi's own servicer for dynamic providers, in this process.

Its module starts a server and waits forever when it is imported, so it is loaded
without the last line.
"""

import functools
import importlib.util
import types
from pathlib import Path
from typing import Any


@functools.cache
def servicer() -> Any:
    spec = importlib.util.find_spec("pulumi.dynamic.__main__")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text()
    body, _, last = source.rstrip().rpartition("\n")
    assert last == "main()"
    module = types.ModuleType("pulumi_dynamic_servicer")
    exec(compile(body, spec.origin, "exec"), vars(module))
    return module.DynamicResourceProviderServicer()
