// The part of the page that takes locks by name.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openBrowser, Visitor } from '../support/browser.mjs';
import { Client } from '../support/client.mjs';
import { startServer } from '../support/server.mjs';

let server;
before(async () => {
  [server] = await Promise.all([startServer('--max-locks', '400'), openBrowser()]);
});
after(async () => {
  await closeBrowser();
  assert.equal(await server.stop(), 0);
});

const come = (t, ...names) => Promise.all(names.map((name) => Visitor.come(t, server, name)));

async function take(visitor, { keys, expire = '60', wait = '0', owner = '', shared = false }) {
  await visitor.find('#take-keys').fill(keys);
  await visitor.find('#take-expire').fill(expire);
  await visitor.find('#take-wait').fill(wait);
  await visitor.find('#take-owner').fill(owner);
  await visitor.find(`.mode label:has([value=${shared ? 'shared' : 'exclusive'}])`).click();
  await visitor.find('#take button').click();
}

test('a lock is taken by name, seen by others, prolonged and released', async (t) => {
  const [ada, bob] = await come(t, 'Ada', 'Bob');
  await take(ada, { keys: 'door/stage', expire: '30' });
  await ada.reads('#mine .hold', /Door\/stage\s*\d+ s left/);
  await bob.reads('#holds .hold', /door\/stage\s*A\s*Ada\s*for/);
  await take(bob, { keys: 'door/stage' });
  await bob.reads('.toast[data-kind=error]', /Door\/stage: Somebody else holds it/);
  await take(bob, { keys: 'door/stage', wait: '30' });
  await bob.reads('#mine .hold', /you are next/);
  await ada.find('#mine').getByRole('button', { name: 'More time for door/stage' }).click();
  await ada.reads('#log li', /You took more time for door\/stage/);
  await ada.find('#mine').getByRole('button', { name: 'Release door/stage' }).click();
  await bob.reads('#mine .hold', /Door\/stage\s*\d+ s left/);
  await bob.find('#release-all').click();
  await bob.find('#mine-empty').waitFor();
});

test('readers share a name, and several names are one lock', async (t) => {
  const [ada, bob] = await come(t, 'Ada', 'Bob');
  await take(ada, { keys: 'menu, wine list', shared: true, expire: '' });
  await ada.reads('#mine .hold', /Menu and wine list\s*shared, until you leave/);
  await take(bob, { keys: 'menu', shared: true });
  await bob.reads('#holds .hold', /menu\s*A\s*Ada[\s\S]*Bob \(you\)/);
  await bob.find('#mine').getByRole('button', { name: /^Release menu/ }).click();
  await bob.find('#mine-empty').waitFor();
});

test('what is wrong in the form is said there, and not sent', async (t) => {
  const [ada] = await come(t, 'Ada');
  await take(ada, { keys: ' , ' });
  await ada.reads('#take-error', /Please enter a name/);
  assert.equal(await ada.find('#take-keys').getAttribute('aria-invalid'), 'true');
  await take(ada, { keys: 'x', expire: 'soon' });
  await ada.reads('#take-error', /seconds/);
  await take(ada, { keys: 'x', expire: '', owner: 'till' });
  await ada.reads('#take-error', /needs an end/);
  await take(ada, { keys: 'x'.repeat(513) });
  await ada.reads('#take-error', /512 bytes/);
  await ada.find('#mine-empty').waitFor();
});

const hostile = '<img src=x onerror=alert(1)>';

test('names are text, whatever is in them', async (t) => {
  const [ada] = await come(t, 'Ada');
  const mallory = await Visitor.come(t, server, hostile);
  await mallory.keep('A1');
  await ada.seesSeat('A1', 'taken');
  await ada.choose('A1');
  await ada.reads('#panel-text', /^<img src=x onerror=alert\(1\)> keeps it/);
  await mallory.act('buy');
  await ada.reads('#panel-text', /^Sold to <img/);
  await take(mallory, { keys: `<script>alert(2)</script>, "'&amp;, \u202Ereversed, ${'long'.repeat(60)}`, owner: '<b>' });
  await ada.reads('#holds .hold-name', /<script>alert\(2\)<\/script>/);
  await ada.reads('#log li', /<script>alert\(2\)<\/script>/);
  await mallory.reads('#mine .hold', /as <b>/);
  for (const visitor of [ada, mallory]) {
    assert.equal(await visitor.find('main img, main script, .log b b, #me img').count(), 0);
    assert.equal(await visitor.overflow(), 0);
  }
  await mallory.find('#release-all').click();
});

test('the log can be held, and is bounded', async (t) => {
  const [ada] = await come(t, 'Ada');
  const bob = await Client.as(server, 'Bob');
  t.after(() => bob.close());
  const lines = (text) => ada.find('#log li').filter({ hasText: text });
  await bob.request('acquire', { keys: ['log/before'] });
  await lines('log/before').waitFor();
  await ada.find('#pause').click();
  for (let round = 1; round <= 300; ++round) await bob.request('acquire', { keys: [`log/${round}`] });
  await ada.reads('#pause', /Go on \(200\+ new\)/);
  assert.equal(await lines('log/300').count(), 0);
  await ada.find('#pause').click();
  await lines('log/300').waitFor();
  assert.equal(await ada.find('#log li').count(), 200);
  assert.equal(await lines('log/before').count(), 0);
  // So is the list of what is held.
  assert.equal(await ada.find('#holds .hold').count(), 40);
  await ada.reads('#holds-more', /and 261 more/);
});
