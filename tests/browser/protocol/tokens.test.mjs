// A server that asks who one is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, within } from '../support/client.mjs';
import { startServer, tokenFile } from '../support/server.mjs';

const adas = 'the-token-that-ada-was-given';
const bobs = 'the-token-that-bob-was-given';

let server;
before(async () => {
  server = await startServer('--owner-tokens', await tokenFile({ after }, 'ada', adas, 'bob', bobs));
});
after(async () => assert.equal(await server.stop(), 0));

const showing = (token) => ({ headers: { Authorization: `Bearer ${token}` } });
const refused = (code) => ({ name: 'Error', code });

test('nothing is done before a token was shown', async (t) => {
  const stranger = await Client.connect(server);
  t.after(() => stranger.close());
  await assert.rejects(stranger.request('list'), refused('permission_denied'));
});

test('a token may be shown in the handshake or in hello, and says who one is', async (t) => {
  const ada = await Client.connect(server, showing(adas));
  t.after(() => ada.close());
  const held = await ada.request('acquire', { keys: ['tokens/1'], owner: 'ada', expire_ms: 60000 });
  const again = await Client.as(server, 'Whatever', { token: adas });
  t.after(() => again.close());
  assert.deepEqual(await again.request('release', { lock: held.lock }), { released: true });
  await assert.rejects(again.request('acquire', { keys: ['tokens/2'], owner: 'bob', expire_ms: 1000 }), refused('permission_denied'));
});

test('one owner sees nothing of another', async (t) => {
  const ada = await Client.connect(server, showing(adas));
  const bob = await Client.connect(server, showing(bobs));
  t.after(() => Promise.all([ada.close(), bob.close()]));
  assert.equal((await bob.request('hello', { protocol: 1 })).board, false);
  await bob.request('watch');
  const held = await ada.request('acquire', { keys: ['tokens/3'] });
  assert.deepEqual((await bob.request('list')).locks, []);
  assert.deepEqual(await bob.request('release', { lock: held.lock }), { released: false });
  const own = await bob.request('acquire', { keys: ['tokens/4'] });
  await bob.event('lock', ({ state }) => state.key === 'tokens/4');
  assert.deepEqual(bob.events.filter(({ state }) => state?.key === 'tokens/3'), []);
  assert.deepEqual(await bob.request('release', { lock: own.lock }), { released: true });
});

test('a wrong token closes with 1008', async () => {
  const one = await Client.connect(server);
  one.send('hello', { protocol: 1, token: 'the-token-that-nobody-was-given' });
  assert.equal(await within(one.closed, 'the close'), 1008);
});

test('no token within five seconds closes with 1008', async () => {
  const one = await Client.connect(server);
  const begin = performance.now();
  assert.equal(await within(one.closed, 'the close'), 1008);
  assert.ok(performance.now() - begin > 4000);
});
