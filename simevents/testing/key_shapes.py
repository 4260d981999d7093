"""A check that nothing secret is in what is about to be committed.

In cassettes it finds whatever the allow list of recordings does not have, in other files the
shapes of keys and signatures.

For example, as a test of one's own::

    from simevents.testing.key_shapes import assert_no_keys

    def test_no_cassette_holds_a_key():
        assert_no_keys("tests/cassettes")
"""

import re
from collections.abc import Iterable, Iterator
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


def found_in(path: Path, allow: Iterable[str] = ()) -> Iterator[str]:
    """Findings in a file, or in all files below a folder, as ``file:line: what it looks like``.

    In a cassette there are further ones, as ``file: exchange N: what the allow list lacks``.
    """
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file():
            text = file.read_text(errors="replace")
            for number, line in enumerate(text.splitlines(), start=1):
                for what, shape in SHAPES.items():
                    if shape.search(line):
                        yield f"{file}:{number}: {what}"
            if "interactions" in text:
                # Other files need neither a YAML parser nor the list.
                from .recording.checking import unlisted

                for finding in unlisted(text, allow):
                    yield f"{file}: {finding}"


def assert_no_keys(*paths: str | Path, allow: Iterable[str] = ()) -> None:
    """AssertionError that names each place in *paths* that looks like a key or a signature.

    In cassettes it names everything that the allow list does not have either; *allow* has the
    entries of ``ecs_cassette_allow`` that they were recorded with. A path that does not exist is
    an error as well: a check of nothing finds nothing.
    """
    for path in paths:
        if not Path(path).exists():
            raise AssertionError(f"{path} does not exist, so nothing was checked")
    entries = list(allow)
    findings = [finding for path in paths for finding in found_in(Path(path), entries)]
    if findings:
        raise AssertionError("These look like secrets:\n" + "\n".join(findings))
