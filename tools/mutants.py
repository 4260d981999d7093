"""Mutation testing of the core: which changes of `reconcile` and `api` does no test notice?

`make mutants` runs it; it is no part of `make test`. mutmut makes the mutants and runs the unit
tests that reach each one. The model test then runs on those that are left. What is left after that
must be listed in tests/mutants.md with its reason: by function and changed line, because the
numbers of mutants change with the code.

Fails when fewer than 95 % are found, or when one that is left is not listed.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
TREE = CHECKOUT / "mutants"
LIST = CHECKOUT / "tests" / "mutants.md"
WANTED = 0.95
PARALLEL = 2
MODEL_SECONDS = 120
FOUND = ("killed", "segfault", "suspicious")
ENVIRONMENT = os.environ | {"PYTHONHASHSEED": "0"}
"""Hypothesis and the fake have fixed seeds of their own."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", help="patterns such as 'simevents.reconcile.claims*'")
    parser.add_argument("--runs", default="40", help="random runs of the model test per mutant")
    arguments = parser.parse_args()
    run_unit_tests(arguments.names)
    statuses = results(arguments.names)
    left = sorted(name for name, status in statuses.items() if status in ("survived", "no tests"))
    print(f"{len(left)} of {len(statuses)} are left by the unit tests; the model test runs on them")
    with ThreadPoolExecutor(PARALLEL) as pool:
        found = list(pool.map(lambda name: model_test_fails(name, arguments.runs), left))
    left = [name for name, is_found in zip(left, found, strict=True) if not is_found]
    sys.exit(report(statuses, left))


def run_unit_tests(names: list[str]) -> None:
    """Make the mutants and run the unit tests on them; results of earlier runs are kept."""
    command = ["mutmut", "run", "--max-children", str(PARALLEL), *names]
    subprocess.run(command, cwd=CHECKOUT, env=ENVIRONMENT, check=True)


def results(names: list[str]) -> dict[str, str]:
    """The status of each mutant, by its name."""
    printed = _output("mutmut", "results", "--all", "true")
    found = dict(re.findall(r"^\s*(\S+): (.+)$", printed, re.MULTILINE))
    patterns = [re.compile(re.escape(name).replace(r"\*", ".*")) for name in names]
    return {
        name: status
        for name, status in found.items()
        if not patterns or any(pattern.fullmatch(name) for pattern in patterns)
    }


def model_test_fails(name: str, runs: str) -> bool:
    """Whether the model test notices the mutant; one that does not end is noticed as well."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "tests/model"]
    try:
        ended = subprocess.run(
            command,
            cwd=TREE,
            env=ENVIRONMENT | {"MUTANT_UNDER_TEST": name, "RUNS": runs, "PYTHONPATH": str(TREE)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=MODEL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return ended.returncode != 0


def report(statuses: dict[str, str], left: list[str]) -> int:
    """Print the score and what is not listed; 0 when both are as they should be."""
    listed = LIST.read_text()
    unlisted = [(name, change) for name in left if (change := changed(name)) not in listed]
    for name, change in unlisted:
        print(f"\nnot found, and not in {LIST.relative_to(CHECKOUT)}: {name}\n{change}")
    counts = Counter(statuses.values())
    timeouts = counts["timeout"]
    total = len(statuses) - timeouts
    score = (total - len(left)) / total
    print(
        f"\n{len(statuses)} mutants: {total - len(left)} found, {len(left)} left, {timeouts} timed "
        f"out. Found without the time-outs: {score:.1%}; wanted: {WANTED:.0%}. "
        f"Left and not listed: {len(unlisted)}."
    )
    return 0 if score >= WANTED and not unlisted else 1


def changed(name: str) -> str:
    """The function and the changed lines, as tests/mutants.md has them."""
    function = re.sub(r"__mutmut_\d+$", "", name).replace("xǁ", "").replace("ǁ", ".")
    function = re.sub(r"\.x_", ".", function)
    lines = _output("mutmut", "show", name).splitlines()
    return "\n".join([function, *(line for line in lines if re.match(r"[-+](?![-+])", line))])


def _output(*command: str) -> str:
    ended = subprocess.run(
        command, cwd=CHECKOUT, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return ended.stdout


if __name__ == "__main__":
    main()
