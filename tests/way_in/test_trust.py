"""What led programs trust: the public authorities or a company's, and that of the run."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from simevents.way_in import trust
from tests.way_in.conftest import CALL, HOST, Led

COUNT = """
import java.security.KeyStore;
import java.util.Arrays;
import javax.net.ssl.*;

class Count {
    public static void main(String[] arguments) throws Exception {
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        for (var issuer : ((X509TrustManager) factory.getTrustManagers()[0]).getAcceptedIssuers()) {
            System.out.println("trusts " + issuer.getSubjectX500Principal());
        }
    }
}
"""


def blocks(pem: bytes) -> list[bytes]:
    return pem.split(b"-----END CERTIFICATE-----")[:-1]


def java_trusts(led: Led, **user: str) -> list[str]:
    program = led.way.folder.parent / "Count.java"
    program.write_text(COUNT)
    printed = led.run("java", program, env=led.environ(**user))
    return [line for line in printed.splitlines() if line.startswith("trusts ")]


@pytest.fixture
def company() -> trustme.CA:
    return trustme.CA(organization_name="A company")


@pytest.fixture
def bundle(company: trustme.CA, tmp_path: Path) -> Path:
    """A company's bundle, with a key beside the certificate, as some have it by mistake."""
    path = tmp_path / "company.pem"
    path.write_bytes(b"A comment\n" + company.private_key_pem.bytes() + company.cert_pem.bytes())
    return path


@pytest.fixture
def intranet(company: trustme.CA) -> Iterator[str]:
    """A server of the company, as host and port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    company.issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    stream, _ = listening.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(stream, server_side=True) as connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi")
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_the_public_authorities_and_that_of_the_run(led: Led) -> None:
    found = Path(led.environ()["SSL_CERT_FILE"]).read_bytes()

    assert len(blocks(trust.public())) > 50
    assert found == trust.public() + led.way.certificate
    assert Path(led.environ()["NODE_EXTRA_CA_CERTS"]).read_bytes() == led.way.certificate


@pytest.mark.parametrize(
    ("variable", "others"),
    [
        ("SSL_CERT_FILE", {"CURL_CA_BUNDLE"}),
        ("REQUESTS_CA_BUNDLE", {"ALIBABA_CLOUD_CA_BUNDLE"}),
        ("CURL_CA_BUNDLE", {"REQUESTS_CA_BUNDLE", "ALIBABA_CLOUD_CA_BUNDLE"}),
        ("ALIBABA_CLOUD_CA_BUNDLE", set()),
        ("NODE_EXTRA_CA_CERTS", set()),
    ],
)
def test_a_bundle_of_the_user_is_added_to(
    led: Led, company: trustme.CA, bundle: Path, variable: str, others: set[str]
) -> None:
    """*others* are the variables whose programs fall back to this one."""
    found = led.environ(**{variable: str(bundle)})

    expected = company.cert_pem.bytes() + led.way.certificate
    have_it = {name for name in trust.BUNDLES if Path(found[name]).read_bytes() == expected}
    assert have_it == {variable, *others}
    assert "PRIVATE KEY" not in Path(found[variable]).read_text()


def test_a_folder_of_certificates_is_a_bundle_too(
    led: Led, company: trustme.CA, tmp_path: Path
) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "company.0").write_bytes(company.cert_pem.bytes())
    found = led.environ(REQUESTS_CA_BUNDLE=str(folder))["REQUESTS_CA_BUNDLE"]

    assert Path(found).read_bytes() == company.cert_pem.bytes() + led.way.certificate


def test_a_bundle_that_has_changed_is_read_again(led: Led, bundle: Path) -> None:
    before = led.environ(SSL_CERT_FILE=str(bundle))["SSL_CERT_FILE"]
    bundle.write_bytes(trustme.CA().cert_pem.bytes())
    os.utime(bundle, (1, 1))
    after = led.environ(SSL_CERT_FILE=str(bundle))["SSL_CERT_FILE"]

    assert after != before
    assert Path(after).read_bytes() == bundle.read_bytes() + led.way.certificate


def test_the_certificates_are_read_without_warnings(led: Led) -> None:
    """Some public authorities have serial numbers that cryptography warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(trust.parsed(trust.public())) == len(blocks(trust.public()))


def test_what_is_malformed_is_left_out(led: Led) -> None:
    broken = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"

    assert trust.parsed(broken + led.way.certificate) == trust.parsed(led.way.certificate)


@pytest.mark.slow
def test_no_private_key_is_on_disk_while_programs_run(led: Led) -> None:
    led.run("curl", "-sS", f"https://{HOST}{CALL}")
    below = led.way.folder.parent
    files = [path for path in below.rglob("*") if path.is_file()]

    assert len(files) >= 6
    assert [path for path in files if b"PRIVATE KEY" in path.read_bytes()] == []
    assert led.calls() == ["DescribeRegions"]


@pytest.mark.slow
def test_programs_reach_the_fake_and_a_server_of_the_company(
    led: Led, bundle: Path, intranet: str
) -> None:
    user = {"SSL_CERT_FILE": str(bundle), "NODE_EXTRA_CA_CERTS": str(bundle)}
    for address in (f"https://{HOST}{CALL}", f"https://{intranet}/"):
        env = led.environ(**user)
        led.run("curl", "-sS", address, env=env)
        led.run("node", "-e", f"fetch('{address}').then((answer) => answer.text())", env=env)
        code = f"import urllib.request as r, urllib.error as e\ntry: r.urlopen({address!r})\n"
        led.run(sys.executable, "-c", code + "except e.HTTPError: pass", env=env)

    assert led.calls() == ["DescribeRegions"] * 3


@pytest.mark.slow
def test_java_trusts_the_public_authorities_too(led: Led) -> None:
    found = java_trusts(led)

    assert len(found) == len(set(trust.parsed(trust.public()))) + 1
    assert [line for line in found if "simevents fake cloud" in line] != []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JKS", "PKCS12"])
@pytest.mark.parametrize("variable", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"])
def test_java_trusts_what_is_in_a_store_of_the_user(
    led: Led, bundle: Path, tmp_path: Path, kind: str, variable: str
) -> None:
    store = tmp_path / "a company's store"
    bundle.write_bytes(trust.certificates(bundle))
    subprocess.run(
        [
            *("keytool", "-importcert", "-noprompt", "-alias", "company", "-file", bundle),
            *("-keystore", store, "-storetype", kind, "-storepass", "changeit"),
        ],
        check=True,
        capture_output=True,
    )
    found = java_trusts(
        led,
        **{
            variable: f'"-Djavax.net.ssl.trustStore={store}" '
            "-Djavax.net.ssl.trustStorePassword=changeit -Dother=1"
        },
    )

    assert len(found) == 2
    assert [line for line in found if "A company" in line] != []


@pytest.mark.slow
def test_a_store_that_cannot_be_read_is_as_none(led: Led, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1")
    user = {"JAVA_TOOL_OPTIONS": f"-Djavax.net.ssl.trustStore={tmp_path}/store"}

    assert len(java_trusts(led, **user)) == len(java_trusts(led))
