// TLS as outsiders see it: the scanner of Debian's package sslscan against a server on its defaults, and a ClientHello
// byte by byte for what that scanner cannot say (its OpenSSL knows no compression).

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { within } from './lib/raw.mjs';
import { isReference } from './lib/server.mjs';
import { Certificates, startTlsServer } from './lib/tls.mjs';

const LIMIT = { timeout: 60000, skip: isReference && 'the reference has no TLS of its own' };
const run = promisify(execFile);

/** Attributes of each element of this name in sslscan's XML. */
function elements(xml, name) {
  return [...xml.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, attributes]) =>
    Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])));
}

/** What sslscan finds at a port. */
async function scan(port) {
  const { stdout } = await run('sslscan', ['--no-colour', '--xml=-', `127.0.0.1:${port}`]);
  const protocols = elements(stdout, 'protocol');
  assert.equal(protocols.length, 6, stdout);
  return {
    enabled: protocols.filter(({ enabled }) => enabled === '1').map(({ type, version }) => `${type} ${version}`),
    ciphers: elements(stdout, 'cipher'),
    groups: [...new Set(elements(stdout, 'group').map(({ name }) => name))],
    heartbleed: elements(stdout, 'heartbleed'),
    renegotiation: elements(stdout, 'renegotiation')[0],
  };
}

/** A ClientHello of TLS 1.2 that offers compression by deflate before none, and ECDHE with AES-GCM. */
function helloWithCompression() {
  const extension = (type, ...bytes) => Buffer.from([type >> 8, type & 255, 0, bytes.length, ...bytes]);
  const extensions = Buffer.concat([
    extension(10, 0, 4, 0, 0x1d, 0, 0x17), // groups: x25519, secp256r1
    extension(11, 1, 0), // points: uncompressed
    extension(13, 0, 6, 4, 3, 8, 4, 4, 1), // signatures: ECDSA, PSS and PKCS 1 with SHA-256
  ]);
  const body = Buffer.concat([
    Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0]), // version, random, no session
    Buffer.from([0, 4, 0xc0, 0x2b, 0xc0, 0x2f]),
    Buffer.from([2, 1, 0]), // compression: deflate, none
    Buffer.from([0, extensions.length]), extensions,
  ]);
  return Buffer.concat([
    Buffer.from([0x16, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body,
  ]);
}

/** The compression method in a ServerHello. */
function compressionOf(answer) {
  assert.equal(answer[0], 0x16, 'a handshake record');
  assert.equal(answer[5], 2, 'a ServerHello');
  const session = answer[43];
  return answer[44 + session + 2];
}

for (const [kind, algorithm] of [
  ['an ECDSA', ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']],
  ['an RSA', ['rsa:2048']],
]) {
  describe(`a scanner, at a server with ${kind} certificate and default settings`, () => {
    let certificates;
    let server;
    let found;
    before(async () => {
      if (!isReference) {
        certificates = await Certificates.make();
        await certificates.add('scanned', 'DNS:localhost', 'scanned', algorithm);
        server = await startTlsServer(certificates, { name: 'scanned' });
        found = await scan(server.tlsPort);
      }
    });
    after(async () => {
      await server?.stop();
      await certificates?.remove();
    });

    test('finds TLS 1.2 and 1.3 and nothing older', LIMIT, () => {
      assert.deepEqual(found.enabled, ['tls 1.2', 'tls 1.3']);
    });

    test('finds strong ciphers with forward secrecy alone', LIMIT, () => {
      assert.ok(found.ciphers.length >= 6, JSON.stringify(found.ciphers));
      for (const { sslversion, cipher, bits, strength } of found.ciphers) {
        assert.match(cipher, /^(TLS_|ECDHE-).*(GCM|CHACHA20[-_]POLY1305)/, `${sslversion} ${cipher}`);
        assert.ok(Number(bits) >= 128, cipher);
        assert.match(strength, /^(strong|acceptable)$/, cipher);
      }
    });

    test('finds modern groups alone', LIMIT, () => {
      assert.ok(found.groups.length >= 2);
      for (const group of found.groups) {
        assert.match(group, /^(x25519|secp256r1|secp384r1)/);
      }
    });

    test('finds no renegotiation and no heartbleed', LIMIT, () => {
      assert.equal(found.renegotiation.supported, '0');
      assert.ok(found.heartbleed.length >= 2);
      found.heartbleed.forEach(({ vulnerable }) => assert.equal(vulnerable, '0'));
    });

    test('that offers compression gets none', LIMIT, async () => {
      const socket = net.connect(server.tlsPort, '127.0.0.1');
      socket.write(helloWithCompression());
      const [answer] = await within(once(socket, 'data'), 'ServerHello');
      assert.equal(compressionOf(answer), 0);
      socket.destroy();
    });
  });
}

test('the scanner sees what is wrong with another server', LIMIT, async () => {
  const certificates = await Certificates.make();
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-cert', certificates.path('localhost.pem'), '-key',
    certificates.path('localhost.key'), '-cipher', 'ALL:@SECLEVEL=0', '-www'],
  { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const port = await within(new Promise((resolve) => {
      let text = '';
      const look = (data) => {
        text += data;
        const match = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(text);
        if (match) {
          resolve(Number(match[1]));
        }
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
    }), 'openssl s_server');
    const found = await scan(port);
    assert.ok(found.enabled.includes('tls 1.0'), JSON.stringify(found.enabled));
    assert.ok(found.ciphers.some(({ cipher }) => !/GCM|POLY1305/.test(cipher)));
  } finally {
    child.kill();
    await certificates.remove();
  }
});
