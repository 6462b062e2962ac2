// Connections that are lost and come back.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { afterwards } from '../support/afterwards.mjs';
import { closeBrowser, openBrowser, Visitor } from '../support/browser.mjs';
import { startServer, startWire, tokenFile } from '../support/server.mjs';

before(openBrowser);
after(closeBrowser);

/** A server behind a wire that can be cut; both gone after the test. */
async function behindWire(t) {
  const server = await startServer();
  const wire = await startWire(server);
  afterwards(t, async () => {
    wire.stop();
    assert.equal(await server.stop(), 0);
  });
  return { server, wire };
}

const lostConnection = [/WebSocket connection to .* failed/];

test('after a loss the page comes back as the same visitor, with the locks of its owner', async (t) => {
  const { server, wire } = await behindWire(t);
  const ada = await Visitor.come(t, wire, 'Ada');
  const bob = await Visitor.come(t, server, 'Bob');
  ada.expected = lostConnection;
  await ada.choose('E1');
  await ada.find('#survive').check();
  await ada.keep('E1', '300000');
  await ada.choose('E2');
  await ada.find('#survive').uncheck();
  await ada.keep('E2', '300000');

  wire.cut();
  await ada.sees('#link[data-state=waiting], #link[data-state=connecting]');
  await ada.reads('#offline-text', /The connection was lost/);
  assert.ok(await ada.find('[data-action=release]').isDisabled());
  await bob.seesSeat('E2', 'free'); // ended with the connection
  await bob.seesSeat('E1', 'taken'); // belongs to a named owner
  wire.mend(server);
  await ada.connected();
  await ada.find('#offline').waitFor({ state: 'hidden' });
  await ada.seesSeat('E2', 'free');
  await ada.seesSeat('E1', 'kept');
  await ada.reads('.toast', /what you keep is still yours/);
  await ada.choose('E1');
  await ada.act('release');
  await bob.seesSeat('E1', 'free');
});

test('after a restart of the server the page shows what is there then', async (t) => {
  const first = await startServer();
  const wire = await startWire(first);
  let second;
  afterwards(t, async () => {
    wire.stop();
    await first.stop();
    assert.equal(await second?.stop(), 0);
  });
  const ada = await Visitor.come(t, wire, 'Ada');
  ada.expected = lostConnection;
  await ada.buy('A1');
  await ada.keep('A2');
  // Ends gracefully: the page is told.
  const ended = first.stop();
  await ada.reads('.toast', /The theatre is closing/);
  assert.equal(await ended, 0);
  wire.cut();
  await ada.sees('#link[data-state=waiting], #link[data-state=connecting]');
  second = await startServer();
  wire.mend(second);
  await ada.connected();
  await ada.seesSeat('A1', 'free');
  await ada.seesSeat('A2', 'free');
  await ada.reads('#sold', /^0$/);
  await ada.keep('A3');
});

test('it tries less and less often, and at once when asked to', async (t) => {
  const { server, wire } = await behindWire(t);
  const ada = await Visitor.come(t, wire, 'Ada');
  ada.expected = lostConnection;
  const tries = [];
  ada.page.on('websocket', () => tries.push(performance.now()));
  wire.cut();
  await ada.reads('#offline-when', /Trying again in [3-9] s/, 20000);
  const pauses = tries.slice(1).map((moment, index) => moment - tries[index]);
  assert.ok(tries.length >= 2 && tries.length <= 6, `${tries.length} tries`);
  assert.ok(pauses.at(-1) > pauses[0], `pauses of ${pauses.map(Math.round)} ms`);
  wire.mend(server);
  await ada.find('#retry').click();
  await ada.connected();
});

test('who waited when the connection was lost is told', async (t) => {
  const { server, wire } = await behindWire(t);
  const bob = await Visitor.come(t, server, 'Bob');
  const ada = await Visitor.come(t, wire, 'Ada');
  ada.expected = lostConnection;
  await bob.keep('E3', '300000');
  await ada.queue('E3');
  wire.cut();
  await ada.reads('.toast[data-kind=error]', /Seat E3: The connection was lost/);
  await bob.find('#seat-E3 .queue:empty').waitFor({ state: 'attached' });
  wire.mend(server);
  await ada.connected();
  await ada.seesSeat('E3', 'taken');
});

test('a server that asks for a token gets one', async (t) => {
  const server = await startServer('--owner-tokens', await tokenFile(t, 'ada', 'correct-horse-battery-staple'));
  afterwards(t, async () => assert.equal(await server.stop(), 0));
  const page = await Visitor.open(t, server, 'Ada');
  page.expected = lostConnection;
  await page.sees('#token-dialog[open]');
  await page.find('#token-input').fill('wrong-wrong-wrong-wrong');
  await page.find('#token-form button').click();
  await page.reads('#token-problem', /not known here/);
  await page.find('#token-input').fill('correct-horse-battery-staple');
  await page.find('#token-form button').click();
  await page.connected();
  await page.keep('A1');
});
