"""Programs in Node: what the preload leads to the fake, and what it leaves alone."""

from pathlib import Path

import pytest

from tests.way_in.conftest import CALL, HOST, Led

pytestmark = pytest.mark.slow

GET = """
const get = (url, options) => new Promise((done) => {
  const asked = (url.startsWith('https') ? https : http).get(url, options || {}, (answer) => {
    let text = '';
    answer.on('data', (data) => { text += data; });
    answer.on('end', () => done(text.includes('RequestId')));
  });
  asked.on('error', (error) => done(`${error.code} ${error.message}`));
});
"""
CJS = "const http = require('http'); const https = require('https');" + GET
ESM = "import http from 'node:http'; import https from 'node:https';" + GET

REFUSED = "refused: the simevents fake cloud lets nothing out"


def run(led: Led, code: str, name: str = "program.cjs", **user: str) -> list[str]:
    """The lines that *code* prints, as the program *name*."""
    program = led.way.folder.parent / name
    program.write_text(code)
    return led.run("node", program, env=led.environ(**user)).splitlines()


def both(scheme: str = "https") -> str:
    return f"{scheme}://{HOST}{CALL}"


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_program_of_either_module_system(led: Led, scheme: str) -> None:
    common = f"{CJS} get('{both(scheme)}').then(console.log);"
    module = f"{ESM} console.log(await get('{both(scheme)}'));"

    assert run(led, common) == ["true"]
    assert run(led, module, "program.mjs") == ["true"]
    assert led.calls() == ["DescribeRegions"] * 2


def test_fetch_and_kept_connections(led: Led) -> None:
    code = f"""{ESM}
const agent = new https.Agent({{ keepAlive: true, maxSockets: 1 }});
for (let i = 0; i < 3; i += 1) console.log(await get('{both()}', {{ agent }}));
console.log((await (await fetch('{both()}')).text()).includes('RequestId'));
agent.destroy();
"""
    assert run(led, code, "program.mjs") == ["true"] * 4


def test_plain_connections_of_tls_and_net(led: Led) -> None:
    code = f"""
const net = require('net'); const tls = require('tls');
const request = 'GET {CALL} HTTP/1.1\\r\\nHost: {HOST}\\r\\nConnection: close\\r\\n\\r\\n';
const show = (stream) => {{
  stream.on('error', (error) => console.log(error.message));
  stream.once('data', (data) => console.log(String(data).split(' ')[0]));
  stream.write(request);
}};
show(tls.connect(443, '{HOST}'));
show(tls.connect({{ host: '{HOST}', port: 443, servername: '{HOST}' }}));
show(net.connect(80, '{HOST}'));
show(net.createConnection({{ host: '{HOST}.', port: 80 }}));
show(new net.Socket().connect(80, '{HOST}'));
"""
    assert run(led, code) == ["HTTP/1.1"] * 5


def test_the_metadata_service(led: Led) -> None:
    code = f"{CJS} get('http://100.100.100.200/latest/meta-data/').then(() => console.log('ok'));"

    assert run(led, code) == ["ok"]
    assert led.calls() == ["metadata meta-data/"]


def test_worker_threads_and_child_processes(led: Led) -> None:
    code = f"""{CJS}
const {{ Worker, isMainThread }} = require('worker_threads');
const {{ execFileSync, fork }} = require('child_process');
get('{both()}').then((found) => {{
  console.log(found);
  if (!isMainThread || process.argv[2]) return;
  new Worker(__filename).on('exit', () => {{
    process.stdout.write(execFileSync(process.execPath, [__filename, 'child']));
    fork(__filename, ['child']);
  }});
}});
"""
    assert run(led, code) == ["true"] * 4
    assert led.calls() == ["DescribeRegions"] * 4


def test_other_hosts_are_refused_with_the_reason_and_recorded(led: Led) -> None:
    code = f"""{ESM}
import net from 'node:net'; import dgram from 'node:dgram';
const error = (socket) => new Promise((done) => socket.on('error', (e) => done(e.message)));
console.log(await get('http://stats.example.com/'));
console.log(await get('https://stats.example.com/'));
console.log(await fetch('https://stats.example.com/').catch((e) => e.cause.message));
console.log(await error(net.connect(5432, '192.0.2.7')));
console.log(await error(net.connect({{ port: 5432, host: '2001:db8::1' }})));
const udp = dgram.createSocket('udp4');
console.log(await new Promise((done) => udp.send('x', 53, '192.0.2.7', (e) => done(e.message))));
const failed = error(udp);
udp.send('x', 53, '192.0.2.8');
console.log(await failed);
udp.close();
"""
    assert [REFUSED in line for line in run(led, code, "program.mjs")] == [True] * 7
    assert led.refusals() == [
        ("CONNECT", "stats.example.com:80"),
        *[("CONNECT", "stats.example.com:443")] * 2,
        ("CONNECT", "192.0.2.7:5432"),
        ("CONNECT", "[2001:db8::1]:5432"),
        ("CONNECT", "192.0.2.7:53"),
        ("CONNECT", "192.0.2.8:53"),
    ]


def test_this_machine_is_open(led: Led) -> None:
    code = """
const net = require('net'); const dgram = require('dgram'); const http = require('http');
const server = http.createServer((_, answer) => answer.end('here')).listen(0, async () => {
  const { port } = server.address();
  for (const host of ['127.0.0.1', 'localhost', '127.1', '0.0.0.0', '[::ffff:127.0.0.1]']) {
    console.log(await (await fetch(`http://${host}:${port}/`)).text());
  }
  await new Promise((done) => net.connect(port).on('connect', function end() { this.end(done); }));
  const udp = dgram.createSocket('udp4');
  udp.send('x', port, '127.0.0.1', () => { udp.send('x', 0, 1, port, () => udp.close()); });
  server.close(); server.closeAllConnections();
});
const path = '/tmp/' + process.pid + '.sock';
const local = net.createServer((stream) => stream.end('x')).listen(path, () => {
  net.connect(path).on('data', () => { console.log('path'); local.close(); });
});
"""
    assert sorted(run(led, code)) == ["here"] * 5 + ["path"]
    assert led.refusals() == []


def test_an_allowed_host_is_open(led: Led) -> None:
    code = f"""{ESM}
const lookup = (_, options, done) => options.all
  ? done(null, [{{ address: '127.0.0.1', family: 4 }}]) : done(null, '127.0.0.1', 4);
const server = http.createServer((_, answer) => answer.end('RequestId')).listen(0);
const url = `http://db.example.com:${{server.address().port}}/`;
console.log(await get(url, {{ lookup }}));
server.close();
"""
    assert run(led.allowing("db.example.com"), code, "program.mjs") == ["true"]
    assert REFUSED in run(led, code, "program.mjs")[0]


def test_the_users_options_still_count(led: Led, tmp_path: Path) -> None:
    (tmp_path / "of the user.cjs").write_text("console.log('preloaded')")
    given = f'--require "{tmp_path}/of the user.cjs" --max-old-space-size=300'
    code = f"""{CJS}
console.log(require('v8').getHeapStatistics().heap_size_limit < 400 * 2 ** 20);
get('{both()}').then(console.log);
"""
    assert run(led, code, NODE_OPTIONS=given) == ["preloaded", "true", "true"]


def test_without_the_fake_a_program_reaches_nothing(led: Led) -> None:
    led.server.stop()
    code = f"{ESM} for (const url of ['{both()}', '{both('http')}', 'http://stats.example.com/'])"

    printed = run(led, f"{code} console.log(await get(url));", "program.mjs")
    assert [line.split()[0] for line in printed] == ["ECONNREFUSED"] * 3
