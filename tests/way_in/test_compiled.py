"""Programs in Go and Java that use the standard library only."""

import subprocess
from pathlib import Path

import pytest

from tests.way_in.conftest import CALL, HOST, Led

pytestmark = pytest.mark.slow

GO = """
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	for _, url := range os.Args[1:] {
		answer, err := http.Get(url)
		if err != nil {
			fmt.Println(err)
			continue
		}
		text, _ := io.ReadAll(answer.Body)
		fmt.Println(strings.Contains(string(text), "RequestId"), answer.StatusCode)
	}
}
"""

JAVA = """
import java.net.*;
import java.net.http.*;

class Program {
    public static void main(String[] urls) throws Exception {
        for (var url : urls) {
            try {
                var client = HttpClient.newHttpClient();
                var request = HttpRequest.newBuilder(URI.create(url)).build();
                var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                var isFound = answer.body().contains("RequestId");
                System.out.println("new " + answer.statusCode() + isFound);
            } catch (java.io.IOException error) {
                System.out.println("new " + error.getMessage());
            }
            try {
                var connection = (HttpURLConnection) new URL(url).openConnection();
                var status = connection.getResponseCode();
                var stream = connection.getErrorStream();
                var text = stream == null ? "" : new String(stream.readAllBytes());
                System.out.println("old " + status + text.contains("RequestId"));
            } catch (java.io.IOException error) {
                System.out.println("old " + error.getMessage());
            }
        }
    }
}
"""

URLS = (
    f"https://{HOST}{CALL}",
    f"http://{HOST}{CALL}",
    "http://100.100.100.200/latest/meta-data/",
    "https://oss-cn-hangzhou.aliyuncs.com/bucket",
    "https://stats.example.com/",
)
CALLED = ["DescribeRegions", "DescribeRegions", "metadata meta-data/"]
REFUSALS = [("GET", "oss-cn-hangzhou.aliyuncs.com"), ("CONNECT", "stats.example.com:443")]


def go(led: Led, tmp_path: Path) -> list[str]:
    (tmp_path / "program.go").write_text(GO)
    cache = subprocess.run(["go", "env", "GOCACHE"], capture_output=True, text=True, check=True)
    env = {"GOCACHE": cache.stdout.strip(), "CGO_ENABLED": "0"}
    return led.run("go", "run", tmp_path / "program.go", *URLS, env=led.environ(**env)).splitlines()


def java(led: Led, tmp_path: Path, **user: str) -> list[str]:
    (tmp_path / "Program.java").write_text(JAVA)
    printed = led.run("java", tmp_path / "Program.java", *URLS, env=led.environ(**user))
    return [line for line in printed.splitlines() if line.startswith(("new ", "old ", "user "))]


def test_go(led: Led, tmp_path: Path) -> None:
    printed = go(led, tmp_path)

    assert printed[:4] == ["true 400", "true 400", "false 404", "false 403"]
    assert "the simevents fake cloud lets nothing out" in printed[4]
    assert led.calls() == CALLED
    assert led.refusals() == REFUSALS


def test_java(led: Led, tmp_path: Path) -> None:
    printed = java(led, tmp_path)

    assert printed[:8] == [
        *("new 400true", "old 400true"),
        *("new 400true", "old 400true"),
        *("new 404false", "old 404false"),
        *("new 403false", "old 403false"),
    ]
    assert [line for line in printed[8:] if "200" in line] == []
    assert led.calls() == [action for action in CALLED for _ in range(2)]
    assert led.refusals() == [refusal for refusal in REFUSALS for _ in range(2)]


def test_options_of_java_do_not_lead_elsewhere(led: Led, tmp_path: Path) -> None:
    user = {
        "JDK_JAVA_OPTIONS": "-Dhttps.proxyHost=192.0.2.7 -Dhttps.proxyPort=3128",
        "_JAVA_OPTIONS": "-Djava.net.useSystemProxies=true -DsocksProxyHost=192.0.2.7",
        "JAVA_TOOL_OPTIONS": "-Dhttp.nonProxyHosts=*.aliyuncs.com",
    }
    assert java(led, tmp_path, **user)[:2] == ["new 400true", "old 400true"]
