// The sale of seats over the wire.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Client } from '../support/client.mjs';
import { startServer } from '../support/server.mjs';

let server;
let ada;
let bob;
before(async () => {
  server = await startServer('--payment', '50');
});
after(async () => assert.equal(await server.stop(), 0));
beforeEach(async () => {
  [ada, bob] = await Promise.all([Client.as(server, 'Ada'), Client.as(server, 'Bob')]);
});
afterEach(() => Promise.all([ada.close(), bob.close()]));

const refused = (code) => ({ name: 'Error', code });
const seatOf = async (client, name) => (await client.request('seats')).seats.find(({ seat }) => seat === name);

test('there are 96 seats', async () => {
  const { seats, conflicts } = await ada.request('seats');
  assert.equal(seats.length, 96);
  assert.equal(new Set(seats.map(({ seat }) => seat)).size, 96);
  assert.equal(seats[0].seat, 'A1');
  assert.equal(seats[95].seat, 'H12');
  assert.equal(conflicts, 0);
});

test('a sale is seen by others, and nobody else can sell, rename or give back', async () => {
  await bob.request('watch_seats');
  const sold = await ada.request('reserve', { seats: ['A1', 'A2'], name: 'Ada & Co' });
  assert.deepEqual(sold.seats, ['A1', 'A2']);
  assert.equal(sold.name, 'Ada & Co');
  assert.match(sold.token, /^[0-9]+$/);
  const seen = await bob.event('seat', ({ seat, state }) => seat === 'A2' && state === 'sold');
  assert.equal(seen.name, 'Ada & Co');
  assert.equal(seen.mine, false);
  assert.equal(seen.conflicts, 0);
  await assert.rejects(bob.request('reserve', { seats: ['A2', 'A3'] }), refused('sold'));
  assert.equal((await seatOf(bob, 'A3')).state, 'free'); // all of them or none
  await assert.rejects(bob.request('rename', { seats: ['A1'], name: 'Bob' }), refused('not_yours'));
  await assert.rejects(bob.request('give_back', { seats: ['A1'] }), refused('not_yours'));

  await ada.request('rename', { seats: ['A1'], name: 'Grandma' });
  assert.equal((await bob.event('seat', ({ seat, name }) => seat === 'A1' && name === 'Grandma')).state, 'sold');
  await ada.request('give_back', { seats: ['A1', 'A2'] });
  await bob.event('seat', ({ seat, state }) => seat === 'A1' && state === 'free');
  assert.deepEqual((await bob.request('reserve', { seats: ['A1'] })).name, 'Bob');
});

test('a sale queues behind who keeps the seat', async () => {
  const kept = await ada.request('acquire', { keys: ['seat/B1'], expire_ms: 60000 });
  await assert.rejects(bob.request('reserve', { seats: ['B1'], wait_ms: 100 }), refused('timed_out'));
  const waiting = bob.send('reserve', { seats: ['B1'], wait_ms: 8000 });
  await bob.event('place', ({ request, key, place }) => request === waiting.id && key === 'seat/B1' && place === 1);
  await ada.request('release', { lock: kept.lock });
  const sold = await waiting.answer;
  assert.ok(BigInt(sold.token) > BigInt(kept.token));
});

test('a sale under one\'s own lock shows its token, and fails when that is over', async () => {
  const kept = await ada.request('acquire', { keys: ['seat/C1', 'seat/C2'], expire_ms: 60000 });
  const sold = await ada.request('reserve', { seats: ['C1', 'C2'], lock: kept.lock });
  assert.equal(sold.token, kept.token);
  await ada.request('release', { lock: kept.lock });
  await assert.rejects(ada.request('give_back', { seats: ['C1'], lock: kept.lock }), refused('bad_request'));
  await assert.rejects(ada.request('reserve', { seats: ['C3'], lock: kept.lock }), refused('lease_lost'));
  const bobs = await bob.request('acquire', { keys: ['seat/C3'] });
  await assert.rejects(ada.request('reserve', { seats: ['C3'], lock: bobs.lock }), refused('lease_lost'));
});

test('of many who want a seat at once, one has it', async () => {
  const crowd = await Promise.all(Array.from({ length: 20 }, (_, index) => Client.as(server, `Visitor ${index}`)));
  const outcomes = await Promise.allSettled(crowd.map((one) => one.request('reserve', { seats: ['D1'], wait_ms: 8000 })));
  const winners = outcomes.filter(({ status }) => status === 'fulfilled');
  assert.equal(winners.length, 1);
  for (const { status, reason } of outcomes) if (status === 'rejected') assert.equal(reason.code, 'sold');
  const { seats, conflicts } = await ada.request('seats');
  assert.equal(seats.find(({ seat }) => seat === 'D1').name, winners[0].value.name);
  assert.equal(conflicts, 0);
  await Promise.all(crowd.map((one) => one.close()));
});

test('seats that there are not are refused', async () => {
  for (const seats of [[], ['A13'], ['I1'], ['a1'], ['A01'], ['A1', 'A1'].concat(Array(8).fill('A2')), 'A1', [1]])
    await assert.rejects(ada.request('reserve', { seats }), refused('bad_request'), JSON.stringify(seats));
});
