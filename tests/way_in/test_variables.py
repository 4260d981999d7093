"""The variables of a led program: the user's are added to, and nobody finds the user's keys."""

import os
import sys
from pathlib import Path

import pytest

from simevents.way_in.folder import RunFolder
from simevents.way_in.variables import WayIn, environment, variables, write_files
from tests.way_in.conftest import Led

AUTHORITY = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"


@pytest.fixture
def way(tmp_path: Path) -> WayIn:
    folder = tmp_path / "simevents-run-x"
    folder.mkdir()
    return WayIn("http://127.0.0.1:4000", AUTHORITY, "cn-beijing", folder, ("db.example.com",))


def test_proxies_keys_and_places(way: WayIn) -> None:
    found = variables(way, {})

    past = "localhost,localhost.,127.0.0.1,127.0.0.0/8,::1,0.0.0.0,db.example.com"
    proxies = dict.fromkeys(
        ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
        way.proxy_url,
    )
    java = (
        "-Dhttp.proxyHost=127.0.0.1 -Dhttps.proxyHost=127.0.0.1 -Dhttp.proxyPort=4000 "
        "-Dhttps.proxyPort=4000 "
        "-Dhttp.nonProxyHosts=localhost|127.*|[::1]|0.0.0.0|db.example.com "
        f"-Djavax.net.ssl.trustStore={way.folder}/trusted.p12 "
        "-Djavax.net.ssl.trustStoreType=PKCS12"
    )
    assert found == {
        **proxies,
        "no_proxy": past,
        "NO_PROXY": past,
        "SIMEVENTS_ENDPOINT": way.proxy_url,
        "SIMEVENTS_PROXY": way.proxy_url,
        "SIMEVENTS_ALLOWED": "db.example.com",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "testid",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "testsecret",
        "ALIBABA_CLOUD_SECURITY_TOKEN": "",
        "ALICLOUD_ACCESS_KEY": "testid",
        "ALICLOUD_SECRET_KEY": "testsecret",
        "ALICLOUD_SECURITY_TOKEN": "",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "ALIBABA_CLOUD_CREDENTIALS_URI": "",
        "ALIBABA_CLOUD_CLI_PROFILE_DISABLED": "true",
        "ALIBABA_CLOUD_IGNORE_PROFILE": "TRUE",
        "ALIBABACLOUD_IGNORE_PROFILE": "TRUE",
        "ALIBABA_CLOUD_CREDENTIALS_FILE": f"{way.folder}/keys.ini",
        "ALIBABA_CLOUD_REGION_ID": "cn-beijing",
        "ALICLOUD_REGION": "cn-beijing",
        "SSL_CERT_FILE": f"{way.folder}/trusted.pem",
        "REQUESTS_CA_BUNDLE": f"{way.folder}/trusted.pem",
        "CURL_CA_BUNDLE": f"{way.folder}/trusted.pem",
        "ALIBABA_CLOUD_CA_BUNDLE": f"{way.folder}/trusted.pem",
        "NODE_EXTRA_CA_CERTS": f"{way.folder}/authority.pem",
        "PYTHONPATH": f"{way.folder}/python",
        "NODE_OPTIONS": f'--require "{way.folder}/node/preload.cjs"',
        "NODE_USE_ENV_PROXY": "1",
        "JAVA_TOOL_OPTIONS": java,
    }


def test_what_the_user_has_set_is_added_to(way: WayIn) -> None:
    user = {
        "PYTHONPATH": "/home/me/lib:/opt/lib",
        "NODE_OPTIONS": "--max-old-space-size=4096",
        "JAVA_TOOL_OPTIONS": "-Xmx2g '-Dgreeting=hello world'",
        "EDITOR": "vi",
    }
    found = environment(way, user)

    assert found["PYTHONPATH"] == f"{way.folder}/python:/home/me/lib:/opt/lib"
    assert found["NODE_OPTIONS"].startswith("--max-old-space-size=4096 --require ")
    assert found["JAVA_TOOL_OPTIONS"].startswith("-Xmx2g '-Dgreeting=hello world' -Dhttp.proxyHost")
    assert found["EDITOR"] == "vi"


def test_a_program_that_is_led_already_is_led_once(way: WayIn, tmp_path: Path) -> None:
    """By a test in a run, or by a run in a run."""
    user = {
        "PYTHONPATH": "/opt/lib",
        "NODE_OPTIONS": "--no-warnings",
        "JAVA_TOOL_OPTIONS": "-Xmx2g",
    }
    once = environment(way, user)
    assert environment(way, once) == once

    with RunFolder(tmp_path) as other:
        outer = WayIn("http://127.0.0.1:5000", AUTHORITY, "cn-hangzhou", other.path)
        write_files(outer, user)
        inner = environment(way, environment(outer, user))
    names = ("PYTHONPATH", "NODE_OPTIONS", "HTTPS_PROXY")
    assert [inner[name] for name in names] == [once[name] for name in names]
    assert "5000" not in inner["JAVA_TOOL_OPTIONS"]


def test_proxies_of_the_user_are_replaced(way: WayIn) -> None:
    user = {
        "HTTPS_PROXY": "http://proxy.example.com:3128",
        "grpc_proxy": "http://proxy.example.com:3128",
        "npm_config_https_proxy": "http://proxy.example.com:3128",
        "SOCKS_PROXY": "socks://proxy.example.com:1080",
        "NO_PROXY": "aliyuncs.com",
        "JDK_JAVA_OPTIONS": "-Dhttps.proxyHost=proxy.example.com -Dhttps.proxyPort=3128 -ea",
        "_JAVA_OPTIONS": "-DsocksProxyHost=proxy.example.com -Xss1m",
        "MAVEN_OPTS": "-Xmx1g -Dhttps.proxyHost=proxy.example.com",
        "wss_proxy": "http://proxy.example.com:3128",
        "JAVA_TOOL_OPTIONS": '"-Dhttp.proxyHost=proxy.example.com"',
    }
    found = environment(way, user)

    assert not [name for name, value in found.items() if "proxy.example.com" in value]
    assert "aliyuncs.com" not in found["NO_PROXY"]
    assert (found["JDK_JAVA_OPTIONS"], found["_JAVA_OPTIONS"]) == ("-ea", "-Xss1m")
    assert found["MAVEN_OPTS"] == "-Xmx1g"


CHAINS = {
    "ALIBABA_CLOUD_ROLE_ARN": "",
    "ALIBABA_CLOUD_ROLE_SESSION_NAME": "",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": "",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE": "",
    "ALIBABA_CLOUD_PROFILE": "",
    "ALIBABA_CLOUD_CONFIG_FILE": "",
    "ALIBABA_CLOUD_ECS_METADATA": "",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "",
    "ALIBABA_CLOUD_CREDENTIALS_URI": "",
    "ALIBABA_CLOUD_BEARER_TOKEN": "",
    "ALIBABACLOUD_PROFILE": "",
    "ALIBABACLOUD_ACCESS_KEY_ID": "testid",
    "ALIBABACLOUD_ACCESS_KEY_SECRET": "testsecret",
    "ALICLOUD_ACCESS_KEY": "testid",
    "ALICLOUD_ACCESS_KEY_ID": "testid",
    "ALICLOUD_ACCESS_KEY_SECRET": "testsecret",
    "ALICLOUD_ACCESS_KEY_STS_TOKEN": "",
    "ALICLOUD_ASSUME_ROLE_ARN": "",
    "ALICLOUD_ECS_ROLE_NAME": "",
    "ALICLOUD_PRIVATE_KEY": "",
    "ALICLOUD_PROFILE": "",
    "ALICLOUD_PUBLIC_KEY_ID": "",
    "ALICLOUD_ROLE_ARN": "",
    "ALICLOUD_ROLE_NAME": "",
    "ALICLOUD_SECRET_KEY": "testsecret",
    "ALICLOUD_SECURITY_TOKEN": "",
    "ALICLOUD_SHARED_CREDENTIALS_FILE": "",
    "ALICLOUD_STS_TOKEN": "",
    "ALIYUN_ACCESS_KEY_ID": "testid",
    "ALIYUN_ACCESS_KEY_SECRET": "testsecret",
    "ALIYUN_AK": "testid",
    "ALIYUN_SK": "testsecret",
    "OSS_ACCESS_KEY_ID": "testid",
    "OSS_ACCESS_KEY_SECRET": "testsecret",
    "OSS_SESSION_TOKEN": "",
    "OSS_ACCESSKEYID": "testid",
    "OSS_ACCESSKEYSECRET": "testsecret",
    "ALIYUN_LOG_CLI_ACCESSID": "testid",
    "ALIYUN_LOG_CLI_ACCESSKEY": "testsecret",
    "ALIBABA_ACCESS_KEY_SECRET": "testsecret",
    "ALI_CLOUD_ACCESS_KEY": "testid",
    "SECRET_ACCESS_KEY": "testsecret",
    "accessKeySecret": "testsecret",
    "ACCESS_KEY_ID": "testid",
    "ACCESS_KEY_SECRET": "testsecret",
    "SECURITY_TOKEN": "",
}


def test_no_chain_finds_what_the_user_has(way: WayIn) -> None:
    user = dict.fromkeys(CHAINS, "of-the-user")
    found = variables(way, user)

    assert {name: found[name] for name in CHAINS} == CHAINS
    assert "of-the-user" not in environment(way, user).values()
    taken = {name for name, value in CHAINS.items() if not value}
    assert not taken & environment(way, user).keys()


def test_what_is_no_identity_stays(way: WayIn) -> None:
    user = {
        "ALIYUN_LOG_PROJECT": "logs",
        "ALIBABA_CLOUD_USER_AGENT": "handler",
        "ALICLOUD_ACCOUNT_ID": "1234",
        "OSS_BUCKET": "files",
        "AWS_SECRET_ACCESS_KEY": "other cloud",
    }
    assert user.items() <= environment(way, user).items()


def test_with_keys_of_a_role_no_file_has_others(way: WayIn) -> None:
    """A chain goes on to the metadata service when its file is empty."""
    uri = "http://127.0.0.1:4000/keys"
    write_files(way, {})
    found = variables(
        WayIn(way.proxy_url, AUTHORITY, "cn-beijing", way.folder, credentials_uri=uri), {}
    )

    assert Path(variables(way, {})["ALIBABA_CLOUD_CREDENTIALS_FILE"]).read_text() == (
        "[default]\nenable = true\ntype = access_key\n"
        "access_key_id = testid\naccess_key_secret = testsecret\n"
    )
    assert Path(found["ALIBABA_CLOUD_CREDENTIALS_FILE"]).read_text() == ""
    assert found["ALIBABA_CLOUD_CREDENTIALS_URI"] == uri
    assert found["ALIBABA_CLOUD_ECS_METADATA_DISABLED"] == "false"


CHAIN = """
from alibabacloud_credentials.client import Client
found = Client().get_credential()
print(found.access_key_id, found.security_token or "-", found.provider_name)
"""


@pytest.mark.slow
def test_the_vendors_chain_finds_the_fakes_keys(led: Led) -> None:
    """Neither ~/.aliyun, nor ~/.alibabacloud, nor a variable of the user."""
    home = led.way.folder.parent / "home"
    (home / ".aliyun").mkdir(parents=True)
    (home / ".alibabacloud").mkdir()
    keys = '"access_key_id": "of-the-user", "access_key_secret": "secret", "mode": "AK"'
    (home / ".aliyun" / "config.json").write_text(
        f'{{"current": "prod", "profiles": [{{"name": "prod", {keys}}}]}}'
    )
    (home / ".alibabacloud" / "credentials.ini").write_text(
        "[default]\ntype = access_key\naccess_key_id = of-the-user\naccess_key_secret = secret\n"
    )
    user = {
        "HOME": str(home),
        "ALIBABA_CLOUD_SECURITY_TOKEN": "token",
        **dict.fromkeys(CHAINS, "x"),
    }

    assert led.python(CHAIN, **user).split()[:2] == ["testid", "-"]
    for name in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"):
        env = led.environ(**user)
        del env[name]
        found = led.run(sys.executable, "-W", "ignore", "-c", CHAIN, env=env).split()
        assert found == ["testid", "-", "default/profile/static_ak"]


def test_a_bundle_that_does_not_exist_is_as_none(way: WayIn) -> None:
    assert variables(way, {"SSL_CERT_FILE": os.devnull + "/no"}) == variables(way, {})
