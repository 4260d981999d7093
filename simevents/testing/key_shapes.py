"""A check that nothing secret is in what is about to be committed: shapes of keys and signatures.

For example, as a test of one's own::

    from simevents.testing.key_shapes import assert_no_keys

    def test_no_cassette_holds_a_key():
        assert_no_keys("tests/cassettes")
"""

import re
from collections.abc import Iterator
from pathlib import Path

SHAPES = {
    "an access key id": re.compile(r"\b(?:LTAI|TMP\.|STS\.)\w{8,}"),
    "a parameter that signs": re.compile(
        r"\b(?:AccessKeyId|Signature|SignatureNonce|SecurityToken)(?:=|%3D)[^&%\s]", re.IGNORECASE
    ),
    "a secret": re.compile(
        r"\b\w*(?:AccessKeySecret|SecurityToken|Password|PrivateKeyBody)\\?\"?>?\s*[:>]\s*\\?\"?(?!scrubbed)\w"
    ),
    "an Authorization header": re.compile(r"ACS3-HMAC-SHA256|\bAuthorization\b", re.IGNORECASE),
    "an account id": re.compile(
        r"acs(?::|%3A)\w+(?::|%3A)[\w-]*(?::|%3A)(?!1000000000000000\b)\d+"
    ),
}
"""What is looked for, by its description in the report."""


def found_in(path: Path) -> Iterator[str]:
    """Findings in a file, or in all files below a folder, as ``file:line: what it looks like``."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file():
            for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1):
                for what, shape in SHAPES.items():
                    if shape.search(line):
                        yield f"{file}:{number}: {what}"


def assert_no_keys(*paths: str | Path) -> None:
    """AssertionError that names each place in *paths* that looks like a key or a signature.

    A path that does not exist is an error as well: a check of nothing finds nothing.
    """
    for path in paths:
        if not Path(path).exists():
            raise AssertionError(f"{path} does not exist, so nothing was checked")
    findings = [finding for path in paths for finding in found_in(Path(path))]
    if findings:
        raise AssertionError("These look like secrets:\n" + "\n".join(findings))
