// The same service over TLS: https and wss, with a certificate made for the test.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Client, within } from '../support/client.mjs';
import { startServer } from '../support/server.mjs';

let folder;
let server;
let trusting;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'colock-tls-'));
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((file) => path.join(folder, file));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
    '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  server = await startServer('--tls-certificate', certificate, '--tls-key', key, '--idle-timeout', '2000', '--payment', '50');
  trusting = { ca: await readFile(certificate) };
});
after(async () => {
  assert.equal(await server.stop(), 0);
  await rm(folder, { recursive: true });
});

const get = async (target) => {
  const [response] = await within(once(https.get(new URL(target, server.url), { ...trusting, agent: false }), 'response'), target);
  let body = '';
  for await (const piece of response) body += piece;
  return { status: response.statusCode, body };
};

test('the page comes over https, and its address says so', async () => {
  assert.match(server.url, /^https:/);
  const { status, body } = await get('/');
  assert.equal(status, 200);
  assert.match(body, /<html/);
  assert.equal((await get('/healthz')).status, 200);
});

test('locks and seats work over wss', async (t) => {
  const [ada, bob] = await Promise.all(['Ada', 'Bob'].map((name) => Client.as(server, name, {}, trusting)));
  t.after(() => Promise.all([ada.close(), bob.close()]));
  const held = await ada.request('acquire', { keys: ['seat/A1'], expire_ms: 60000 });
  const waiting = bob.send('reserve', { seats: ['A1'], wait_ms: 8000 });
  await bob.event('place', ({ request, place }) => request === waiting.id && place === 1);
  await ada.request('release', { lock: held.lock });
  const sold = await waiting.answer;
  assert.ok(BigInt(sold.token) > BigInt(held.token));
});

test('a message of many records arrives whole, and so does its answer', async (t) => {
  const ada = await Client.as(server, 'Ada', {}, trusting);
  t.after(() => ada.close());
  const keys = Array.from({ length: 60 }, (_, i) => `long/${i}/${'x'.repeat(480)}`);
  const held = await ada.request('acquire', { keys });
  assert.deepEqual([...held.keys].sort(), [...keys].sort());
});

test('a connection that is cut frees its locks', async (t) => {
  const bob = await Client.as(server, 'Bob', {}, trusting);
  t.after(() => bob.close());
  const ada = await Client.as(server, 'Ada', {}, trusting);
  await ada.request('acquire', { keys: ['cut/1'] });
  const waiting = bob.send('acquire', { keys: ['cut/1'], wait_ms: 8000 });
  await bob.event('place', ({ request }) => request === waiting.id);
  ada.socket.terminate();
  assert.deepEqual((await waiting.answer).keys, ['cut/1']);
});

test('who speaks no TLS is dropped, and others are served', async () => {
  const plain = net.connect(server.port, '127.0.0.1');
  await once(plain, 'connect');
  plain.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  plain.resume();
  await within(once(plain, 'close'), 'the end of a connection without TLS');
  assert.equal((await get('/healthz')).status, 200);
});
