// Leads a Node program to the fake: written into the folder of a run, and required before its code.
//
// Node 20 takes no proxy from the environment. Every connection of its modules for net, TLS, HTTP and
// fetch goes through Socket.connect: those to Alibaba's hosts go to the proxy, which takes both plain
// HTTP and TLS there; other hosts than this machine and those allowed are refused.
'use strict';

const dgram = require('dgram');
const net = require('net');
const os = require('os');

// The real values are filled in when the file is written.
const ALIBABA_DOMAINS = ['aliyuncs.com'];
const METADATA_ADDRESS = '100.100.100.200';

const REPORT_MILLISECONDS = 5000;
const LOCAL_NAMES = ['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'];

const proxy = toProxy(process.env.SIMEVENTS_PROXY);
const allowed = new Set((process.env.SIMEVENTS_ALLOWED || '').split(',').filter(Boolean));

function toProxy(text) {
  try {
    const url = new URL(text);
    return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
  } catch {
    return null;
  }
}

// As a resolver reads it: the parser of URLs also knows short and hexadecimal spellings.
function plain(host) {
  const name = String(host).toLowerCase().split('%')[0].replace(/\.+$/, '');
  try {
    return new URL(name.includes(':') ? `http://[${name}]/` : `http://${name}/`).hostname.replace(
      /^\[|\]$/g,
      '',
    );
  } catch {
    return name;
  }
}

// An IPv6 address that has one of IPv4 in it is written in two groups, such as 7f00:1.
function lastFour(name) {
  if (net.isIPv4(name)) return name.split('.').map(Number);
  const groups = name.split(':').slice(-2).map((group) => parseInt(group || '0', 16));
  return groups.flatMap((group) => [group >> 8, group & 255]);
}

function isAlibaba(name) {
  if (ALIBABA_DOMAINS.some((domain) => name === domain || name.endsWith(`.${domain}`))) return true;
  return net.isIP(name) !== 0 && lastFour(name).join('.') === METADATA_ADDRESS;
}

function isHere(name) {
  if (LOCAL_NAMES.includes(name) || name.endsWith('.localhost')) return true;
  const isMapped = /^::ffff:[0-9a-f]+:[0-9a-f]+$/.test(name);
  if (net.isIPv4(name) || isMapped) {
    const bytes = lastFour(name);
    return bytes[0] === 127 || bytes.every((byte) => byte === 0);
  }
  return name === '::1' || name === '::';
}

function mayPass(name) {
  return isHere(name) || allowed.has(name) || name === plain(os.hostname());
}

function refusal(text) {
  return Object.assign(new Error(text), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' });
}

const connect = net.Socket.prototype.connect;

// Asks the proxy, which says why and records that the program tried.
function reason(netloc, done) {
  const text = `${netloc} refused: the simevents fake cloud lets nothing out. Nothing was sent`;
  if (proxy === null) return done(text);
  const asking = new net.Socket();
  const end = (said) => {
    asking.destroy();
    done(said);
  };
  asking.setTimeout(REPORT_MILLISECONDS, () => end(text));
  asking.once('error', () => end(text));
  asking.once('data', (data) => {
    const status = /^HTTP\/1\.1 403 ([^\r\n]*)/.exec(data.toString('latin1'));
    end(status ? status[1] : text);
  });
  connect.call(asking, proxy);
  asking.write(`CONNECT ${netloc} HTTP/1.1\r\nHost: ${netloc}\r\n\r\n`);
}

function netlocOf(name, port) {
  return `${name.includes(':') ? `[${name}]` : name}:${port || 443}`;
}

// The options of a call as connect itself reads them; it has them in a list when Node calls it.
function optionsOf(given) {
  const list = Array.isArray(given[0]) ? given[0] : given;
  const [first, second] = list;
  const callback = list.findLast((argument) => typeof argument === 'function');
  if (first !== null && typeof first === 'object') return [first, callback];
  if (typeof first === 'string' && !/^\d+$/.test(first)) return [{ path: first }, callback];
  return [{ port: first, host: typeof second === 'string' ? second : undefined }, callback];
}

net.Socket.prototype.connect = function ledConnect(...given) {
  const [options, callback] = optionsOf(given);
  const host = options.host || 'localhost';
  const name = plain(host);
  if (options.path || mayPass(name)) return connect.apply(this, given);
  if (isAlibaba(name) && proxy !== null) {
    // A client of TLS then checks the certificate of this name, and the proxy has to know it.
    if (typeof this.setServername === 'function' && !options.servername && net.isIP(host) === 0) {
      this.setServername(host);
    }
    const led = { ...options, ...proxy, lookup: undefined, family: undefined, localAddress: undefined };
    return connect.call(this, led, callback);
  }
  this.connecting = true;
  const fail = (text) => this.destroy(refusal(text));
  if (isAlibaba(name)) {
    process.nextTick(fail, `${name} refused: SIMEVENTS_PROXY does not name the fake cloud`);
  } else {
    reason(netlocOf(name, options.port), fail);
  }
  return this;
};

// Of the arguments only an address is a text behind a number.
function addressOf(given) {
  const at = given.findIndex(
    (argument, index) => typeof argument === 'string' && typeof given[index - 1] === 'number',
  );
  return at < 1 ? null : [given[at], given[at - 1]];
}

for (const method of ['connect', 'send']) {
  const original = dgram.Socket.prototype[method];
  dgram.Socket.prototype[method] = function checked(...given) {
    const [host, port] = addressOf(given) || ['localhost', 0];
    const name = plain(host);
    if (mayPass(name)) return original.apply(this, given);
    const callback = given.findLast((argument) => typeof argument === 'function');
    reason(netlocOf(name, port), (text) => {
      if (callback) callback(refusal(text));
      else this.emit('error', refusal(text));
    });
    return undefined;
  };
}
