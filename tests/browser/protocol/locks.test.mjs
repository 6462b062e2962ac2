// Locks by name over the wire.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from '../support/client.mjs';
import { startServer } from '../support/server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(async () => assert.equal(await server.stop(), 0));

/** As many clients as names, gone after the test. */
async function clients(t, ...names) {
  const all = await Promise.all(names.map((name) => Client.as(server, name)));
  t.after(() => Promise.all(all.map((client) => client.close())));
  return all;
}

const refused = (code) => ({ name: 'Error', code });
const stateOf = async (client, key) => (await client.request('list', { prefix: key })).locks.find((one) => one.key === key);

test('hello says who one is, and what the server allows', async (t) => {
  const [ada] = await clients(t, 'Ada');
  assert.equal(ada.socket.protocol, 'colock.v1');
  assert.equal(ada.welcome.protocol, 1);
  assert.equal(ada.welcome.name, 'Ada');
  assert.ok(ada.welcome.secret.length >= 16);
  assert.equal(ada.welcome.board, true);
  assert.equal(typeof ada.welcome.limits, 'object');
  assert.equal(ada.welcome.seats.columns, 12);
  await assert.rejects(ada.request('hello', { protocol: 1 }), refused('bad_request'));
  assert.deepEqual(await ada.request('ping'), {});
});

test('a lock is taken, extended and released, and each has a greater token', async (t) => {
  const [ada] = await clients(t, 'Ada');
  const first = await ada.request('acquire', { keys: ['round/1'], expire_ms: 5000 });
  assert.deepEqual(first.keys, ['round/1']);
  assert.equal(first.mode, 'exclusive');
  assert.ok(first.remaining_ms > 4000 && first.remaining_ms <= 5000, `${first.remaining_ms}`);
  const longer = await ada.request('extend', { lock: first.lock, expire_ms: 60000 });
  assert.equal(longer.token, first.token);
  assert.ok(longer.remaining_ms > 50000 && longer.remaining_ms <= 60000, `${longer.remaining_ms}`);
  assert.deepEqual(await ada.request('release', { lock: first.lock }), { released: true });
  assert.deepEqual(await ada.request('release', { lock: first.lock }), { released: false });
  await assert.rejects(ada.request('extend', { lock: first.lock, expire_ms: 1000 }), refused('lease_lost'));
  const second = await ada.request('acquire', { keys: ['round/1'] });
  assert.equal(second.remaining_ms, null);
  assert.match(second.token, /^[0-9]+$/);
  assert.ok(BigInt(second.token) > BigInt(first.token));
});

test('what another holds is refused at once, or after the wait', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  await ada.request('acquire', { keys: ['held/1'] });
  await assert.rejects(bob.request('acquire', { keys: ['held/1'] }), (error) => {
    assert.equal(error.code, 'already_locked');
    assert.deepEqual(error.keys, ['held/1']);
    return true;
  });
  const begin = performance.now();
  await assert.rejects(bob.request('acquire', { keys: ['held/1'], wait_ms: 200 }), refused('timed_out'));
  assert.ok(performance.now() - begin >= 195);
});

test('who waits sees the place in the queue, and is granted in the order they came', async (t) => {
  const [ada, bob, cleo] = await clients(t, 'Ada', 'Bob', 'Cleo');
  const held = await ada.request('acquire', { keys: ['queue/1'] });
  const second = bob.send('acquire', { keys: ['queue/1'], wait_ms: 8000 });
  await bob.event('place', ({ request, place, waiters }) => request === second.id && place === 1 && waiters === 1);
  const third = cleo.send('acquire', { keys: ['queue/1'], wait_ms: 8000 });
  await cleo.event('place', ({ request, key, place }) => request === third.id && key === 'queue/1' && place === 2);

  const state = await stateOf(ada, 'queue/1');
  assert.equal(state.waiters, 2);
  assert.deepEqual(state.waiting.map(({ name }) => name), ['Bob', 'Cleo']);

  await ada.request('release', { lock: held.lock });
  const bobs = await second.answer;
  await cleo.event('place', ({ request, place }) => request === third.id && place === 1);
  await bob.request('release', { lock: bobs.lock });
  const cleos = await third.answer;
  assert.ok(BigInt(held.token) < BigInt(bobs.token) && BigInt(bobs.token) < BigInt(cleos.token));
});

test('readers share, and a writer waits for the last of them', async (t) => {
  const [ada, bob, cleo] = await clients(t, 'Ada', 'Bob', 'Cleo');
  const one = await ada.request('acquire', { keys: ['shared/1'], mode: 'shared' });
  const two = await bob.request('acquire', { keys: ['shared/1'], mode: 'shared' });
  assert.equal(two.mode, 'shared');
  const writer = cleo.send('acquire', { keys: ['shared/1'], wait_ms: 8000 });
  await cleo.event('place', ({ request }) => request === writer.id);
  await ada.request('release', { lock: one.lock });
  assert.equal((await stateOf(ada, 'shared/1')).waiters, 1);
  await bob.request('release', { lock: two.lock });
  assert.equal((await writer.answer).mode, 'exclusive');
});

test('several keys are taken together or not at all', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  await ada.request('acquire', { keys: ['all/2'] });
  await assert.rejects(bob.request('acquire', { keys: ['all/1', 'all/2', 'all/3'] }), refused('already_locked'));
  const rest = await ada.request('acquire', { keys: ['all/1', 'all/3'] });
  assert.deepEqual([...rest.keys].sort(), ['all/1', 'all/3']);
});

test('what a connection holds without an owner ends with it', async (t) => {
  const [bob] = await clients(t, 'Bob');
  const ada = await Client.as(server, 'Ada');
  await ada.request('acquire', { keys: ['guest/1'], expire_ms: 60000 });
  const waiting = bob.send('acquire', { keys: ['guest/1'], wait_ms: 8000 });
  await bob.event('place', ({ request }) => request === waiting.id);
  await ada.close();
  assert.deepEqual((await waiting.answer).keys, ['guest/1']);
});

test('a named owner finds its lock again with name and secret, and nobody else does', async (t) => {
  const ada = await Client.as(server, 'Ada');
  const { secret } = ada.welcome;
  const held = await ada.request('acquire', { keys: ['owner/1'], owner: 'till-3', expire_ms: 60000 });
  await ada.close();

  const [other] = await clients(t, 'Ada'); // the same name, but not the same secret
  await assert.rejects(other.request('acquire', { keys: ['owner/1'], owner: 'till-3', expire_ms: 1000 }), refused('already_locked'));
  assert.deepEqual(await other.request('release', { lock: held.lock }), { released: false });
  await assert.rejects(other.request('extend', { lock: held.lock, expire_ms: 1000 }), refused('lease_lost'));
  const [seen] = (await stateOf(other, 'owner/1')).holders;
  assert.equal(seen.mine, false);
  assert.equal(seen.lock, undefined);
  assert.equal(seen.owner, undefined);

  const back = await Client.as(server, 'Ada', { secret });
  t.after(() => back.close());
  const [mine] = (await stateOf(back, 'owner/1')).holders;
  assert.equal(mine.mine, true);
  assert.equal(mine.lock, held.lock);
  assert.equal(mine.owner, 'till-3');
  assert.deepEqual(await back.request('release', { lock: held.lock }), { released: true });
});

test('a named owner must say when the lock ends', async (t) => {
  const [ada] = await clients(t, 'Ada');
  await assert.rejects(ada.request('acquire', { keys: ['owner/2'], owner: 'till-3' }), refused('bad_request'));
});

test('a waiting request can be given up', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  await ada.request('acquire', { keys: ['abandon/1'] });
  const waiting = bob.send('acquire', { keys: ['abandon/1'], wait_ms: 8000 });
  await bob.event('place', ({ request }) => request === waiting.id);
  assert.deepEqual(await bob.request('abandon', { request: waiting.id }), { abandoned: true });
  await assert.rejects(waiting.answer, refused('cancelled'));
  assert.deepEqual(await bob.request('abandon', { request: waiting.id }), { abandoned: false });
  assert.equal((await stateOf(ada, 'abandon/1')).waiters, 0);
});

test('a lock that runs out is told, and goes to who waits', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  const held = await ada.request('acquire', { keys: ['expiry/1'], expire_ms: 300 });
  const next = await bob.request('acquire', { keys: ['expiry/1'], wait_ms: 8000 });
  assert.ok(BigInt(next.token) > BigInt(held.token));
  const lost = await ada.event('lost', ({ lock }) => lock === held.lock);
  assert.equal(lost.why, 'expired');
  assert.deepEqual(lost.keys, ['expiry/1']);
});

test('release_all ends what is one\'s own, and nothing else', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  const bobs = await bob.request('acquire', { keys: ['every/9'] });
  await ada.request('acquire', { keys: ['every/1', 'every/2'] });
  await ada.request('acquire', { keys: ['every/3'], owner: 'till', expire_ms: 60000 });
  await ada.request('acquire', { keys: ['every/4'], owner: 'stock', expire_ms: 60000 });
  assert.deepEqual(await ada.request('release_all', { owner: 'till' }), { released: 1 });
  assert.deepEqual(await ada.request('release_all'), { released: 3 });
  assert.deepEqual(await ada.request('release_all'), { released: 0 });
  assert.deepEqual((await ada.request('list', { prefix: 'every/' })).locks.map(({ key }) => key), ['every/9']);
  assert.deepEqual(await bob.request('release', { lock: bobs.lock }), { released: true });
});

test('a watch tells of its keys until it ends', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  const before = await bob.request('acquire', { keys: ['watch/0'] });
  const { watch, locks } = await ada.request('watch', { prefix: 'watch/' });
  assert.deepEqual(locks.map(({ key }) => key), ['watch/0']);
  assert.equal(locks[0].holders[0].name, 'Bob');

  const held = await bob.request('acquire', { keys: ['watch/1'], expire_ms: 60000 });
  const taken = await ada.event('lock', ({ state }) => state.key === 'watch/1' && state.holders.length === 1);
  assert.deepEqual(taken.watch, [watch]);
  assert.equal(taken.state.holders[0].token, held.token);
  assert.equal(taken.state.holders[0].lock, undefined);
  assert.equal(taken.changes[0].kind, 'granted');
  assert.equal(taken.changes[0].name, 'Bob');
  assert.equal(taken.changes[0].mine, false);
  await bob.request('release', { lock: held.lock });
  const free = await ada.event('lock', ({ state }) => state.key === 'watch/1' && state.holders.length === 0);
  assert.equal(free.changes.at(-1).kind, 'released');
  const stats = await ada.event('stats');
  for (const member of ['acquired_per_s', 'reserved_per_s', 'waiting', 'held', 'connections', 'wait_p50_ms', 'wait_p99_ms'])
    assert.equal(typeof stats[member], 'number', member);

  await ada.request('unwatch', { watch });
  const until = ada.events.length;
  const other = await ada.request('watch', { prefix: 'watch/9' });
  await bob.request('release', { lock: before.lock });
  await bob.request('acquire', { keys: ['watch/9'] });
  // What comes for the other watch shows that nothing came for the one that ended.
  await ada.event('lock', ({ state }) => state.key === 'watch/9');
  const since = ada.events.slice(until).filter(({ event, state }) => event === 'lock' && state.key === 'watch/0');
  assert.deepEqual(since, []);
  assert.notEqual(other.watch, watch);
});

test('a wrong request is answered, and the connection stays', async (t) => {
  const [ada] = await clients(t, 'Ada');
  const code = async (text) => {
    const answer = await ada.raw(text);
    assert.equal(answer.ok, false);
    return [answer.id, answer.error.code];
  };
  assert.deepEqual(await code('{"id": 7001'), [null, 'bad_request']);
  assert.deepEqual(await code('[]'), [null, 'bad_request']);
  assert.deepEqual(await code('{"op": "ping"}'), [null, 'bad_request']);
  assert.deepEqual(await code('{"id": {}, "op": "ping"}'), [null, 'bad_request']);
  assert.deepEqual(await code('{"id": "a", "op": "fly"}'), ['a', 'unknown_operation']);
  assert.deepEqual(await code('{"id": "b", "op": "acquire"}'), ['b', 'bad_request']);
  assert.deepEqual(await code('{"id": "c", "op": "acquire", "keys": ["x"], "wiat_ms": 5}'), ['c', 'bad_request']);
  assert.deepEqual(await code('{"id": "d", "op": "acquire", "keys": [7]}'), ['d', 'bad_request']);
  assert.deepEqual(await code('{"id": "e", "op": "acquire", "keys": ["x"], "wait_ms": 1.5}'), ['e', 'bad_request']);
  assert.deepEqual(await ada.request('ping'), {});
});

test('an id that is still in work cannot be used again', async (t) => {
  const [ada, bob] = await clients(t, 'Ada', 'Bob');
  await bob.request('acquire', { keys: ['id/1'] });
  const waiting = ada.send('acquire', { keys: ['id/1'], wait_ms: 8000 });
  await ada.event('place', ({ request }) => request === waiting.id);
  const answer = assert.rejects(waiting.answer, refused('duplicate_id'));
  ada.socket.send(JSON.stringify({ id: waiting.id, op: 'ping' }));
  await answer;
  assert.deepEqual(await ada.request('abandon', { request: waiting.id }), { abandoned: true });
});
