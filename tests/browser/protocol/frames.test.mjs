// What lies below the messages: frames, pings, closing, and clients that die.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { Client, within } from '../support/client.mjs';
import { startServer } from '../support/server.mjs';

const idle = 2000; // ms of --idle-timeout

let server;
before(async () => {
  server = await startServer('--idle-timeout', String(idle), '--max-message', '4096');
});
after(async () => assert.equal(await server.stop(), 0));

async function client(t, options) {
  const one = await Client.as(server, 'Ada', {}, options);
  t.after(() => one.close());
  return one;
}

test('a message may come in fragments, and a ping between them', async (t) => {
  const ada = await client(t);
  const text = JSON.stringify({ id: 'pieces', op: 'acquire', keys: ['fragment/ä€😀'] });
  const bytes = Buffer.from(text);
  const { socket } = ada;
  // In the middle of a character, too: only the whole message must be UTF-8.
  const cuts = [1, 20, bytes.indexOf('ä') + 1, bytes.length - 9, bytes.length];
  let from = 0;
  for (const to of cuts) {
    socket.send(bytes.subarray(from, to), { binary: false, fin: to === bytes.length });
    if (from === 0) socket.ping('between');
    from = to;
  }
  const [pong] = await within(once(socket, 'pong'), 'a pong');
  assert.equal(pong.toString(), 'between');
  const answer = await ada.stray(({ id }) => id === 'pieces');
  assert.deepEqual(answer.result.keys, ['fragment/ä€😀']);
});

test('the server answers pings, and sends its own', async (t) => {
  const ada = await client(t);
  ada.socket.ping('hello');
  const [data] = await within(once(ada.socket, 'pong'), 'a pong');
  assert.equal(data.toString(), 'hello');
  await within(once(ada.socket, 'ping'), 'a ping of the server', idle * 2);
  // The client answered by itself, so the connection outlives the idle time.
  await within(once(ada.socket, 'ping'), 'another ping', idle * 2);
  await within(once(ada.socket, 'ping'), 'a third ping', idle * 2);
  assert.deepEqual(await ada.request('ping'), {});
});

test('a client may close with any code of its own', async () => {
  const ada = await Client.as(server, 'Ada');
  ada.socket.close(4321, 'so long');
  assert.equal(await within(ada.closed, 'the close'), 4321);
});

const closes = [
  ['a binary message', 1003, (socket) => socket.send(Buffer.from('{"id":1,"op":"ping"}'))],
  ['text that is not UTF-8', 1007, (socket) => socket.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), { binary: false })],
  ['a message that is too long', 1009, (socket) => socket.send(`"${'x'.repeat(5000)}"`)],
  ['one that is too long in fragments', 1009, (socket) => {
    socket.send('"'.padEnd(3000, 'x'), { fin: false });
    socket.send('x'.repeat(3000), { fin: false });
  }],
];
for (const [what, code, send] of closes)
  test(`${what} closes with ${code}`, async () => {
    const ada = await Client.as(server, 'Ada');
    send(ada.socket);
    assert.equal(await within(ada.closed, 'the close'), code);
  });

test('a client that knows other subprotocols only is refused', async () => {
  const socket = new WebSocket(server.ws, 'chat');
  const [, response] = await within(once(socket, 'unexpected-response'), 'the refusal');
  assert.equal(response.statusCode, 400);
  response.destroy();
});

test('a client that names no subprotocol is welcome', async () => {
  const ada = await Client.connect(server, { protocol: [] });
  assert.equal(ada.socket.protocol, '');
  assert.equal((await ada.request('hello', { protocol: 1, name: 'Ada' })).name, 'Ada');
  await ada.close();
});

test('a client that is silent to pings is closed with 1008, and its locks are free', async (t) => {
  const bob = await client(t);
  const mute = await Client.as(server, 'Mute', {}, { autoPong: false });
  await mute.request('acquire', { keys: ['mute/1'] });
  const begin = performance.now();
  const got = await bob.request('acquire', { keys: ['mute/1'], wait_ms: idle * 3 });
  assert.deepEqual(got.keys, ['mute/1']);
  assert.ok(performance.now() - begin < idle * 2, 'not within twice the idle time');
  assert.equal(await within(mute.closed, 'the close'), 1008);
});

test('what a killed client held is free within the idle timeout', async (t) => {
  const bob = await client(t);
  const child = fork(fileURLToPath(new URL('../support/victim.mjs', import.meta.url)), [server.ws]);
  const [held] = await within(once(child, 'message'), 'the locks of the child');
  assert.equal(held, 3);
  const waiting = bob.send('acquire', { keys: ['victim/1', 'victim/2', 'victim/3'], wait_ms: idle * 3 });
  await bob.event('place', ({ request }) => request === waiting.id);
  const begin = performance.now();
  child.kill('SIGKILL');
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
  assert.equal((await waiting.answer).keys.length, 3);
  assert.ok(performance.now() - begin < idle, 'not within the idle timeout');
});

test('a server that ends says so and closes with 1001', async () => {
  const own = await startServer();
  const ada = await Client.as(own, 'Ada');
  const bob = await Client.as(own, 'Bob');
  await ada.request('acquire', { keys: ['end/1'] });
  const waiting = bob.send('acquire', { keys: ['end/1'], wait_ms: 60000 });
  await bob.event('place', ({ request }) => request === waiting.id);
  const code = own.stop();
  await assert.rejects(waiting.answer, { code: 'closed' });
  assert.equal(typeof (await ada.event('closing')).in_ms, 'number');
  assert.equal(await within(ada.closed, 'the close'), 1001);
  assert.equal(await within(bob.closed, 'the close'), 1001);
  assert.equal(await code, 0);
});

test('an idle connection does not hold up the end', async () => {
  const own = await startServer();
  const agent = new http.Agent({ keepAlive: true }); // as browsers do
  const [response] = await within(once(http.get(own.url, { agent }), 'response'), 'the page');
  assert.equal(response.statusCode, 200);
  response.resume();
  await within(once(response, 'end'), 'the whole page');
  const begin = performance.now();
  assert.equal(await own.stop(), 0);
  assert.ok(performance.now() - begin < 3000, 'not at once');
  agent.destroy();
});
