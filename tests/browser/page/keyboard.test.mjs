// Everything by the keyboard alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openBrowser, Visitor } from '../support/browser.mjs';
import { startServer } from '../support/server.mjs';

let server;
before(async () => {
  [server] = await Promise.all([startServer('--payment', '50'), openBrowser()]);
});
after(async () => {
  await closeBrowser();
  assert.equal(await server.stop(), 0);
});

const focused = (visitor) => visitor.page.evaluate(() => document.activeElement.id || document.activeElement.dataset.action || '');

async function tabTo(visitor, id) {
  for (let tries = 0; tries < 30; ++tries) {
    if ((await focused(visitor)) === id) return;
    await visitor.page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${id}`);
}

const press = async (visitor, ...keys) => {
  for (const key of keys) await visitor.page.keyboard.press(key);
};

test('seats are one stop of Tab, and the arrow keys move in them', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada');
  await tabTo(ada, 'seat-A1');
  await press(ada, 'ArrowRight', 'ArrowRight', 'ArrowDown');
  assert.equal(await focused(ada), 'seat-B3');
  await ada.reads('#panel-title', /^Seat B3$/);
  await press(ada, 'End');
  assert.equal(await focused(ada), 'seat-B12');
  await press(ada, 'ArrowRight', 'Home', 'ArrowLeft', 'ArrowUp', 'ArrowUp');
  assert.equal(await focused(ada), 'seat-A1');
  assert.equal(await ada.find('#seats [tabindex="0"]').count(), 1);
  const outline = await ada.seat('A1').evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.notEqual(outline, 'none', 'the focus can be seen');
});

test('a seat is kept, bought and given back without a mouse', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada');
  await tabTo(ada, 'seat-A1');
  await press(ada, 'ArrowDown', 'Enter');
  assert.equal(await focused(ada), 'keep');
  await press(ada, 'Enter');
  await ada.seesSeat('B1', 'kept');
  await ada.page.waitForFunction(() => document.activeElement.dataset.action === 'buy'); // what was pressed is gone
  await press(ada, 'Escape');
  assert.equal(await focused(ada), 'seat-B1');
  await press(ada, 'b');
  await ada.seesSeat('B1', 'ticket');
  await press(ada, 'l');
  await ada.seesSeat('B1', 'free');
});

test('the letters keep, prolong, queue and let go', async (t) => {
  const [ada, bob] = await Promise.all([Visitor.come(t, server, 'Ada'), Visitor.come(t, server, 'Bob')]);
  await tabTo(ada, 'seat-A1');
  await press(ada, 'k');
  await ada.seesSeat('A1', 'kept');
  await press(ada, 'm');
  await ada.reads('#log li', /You took more time for seat A1/);
  await bob.seesSeat('A1', 'taken');
  await tabTo(bob, 'seat-A1');
  await press(bob, 'k');
  await bob.seesSeat('A1', 'waiting');
  await press(ada, 'l');
  await bob.seesSeat('A1', 'kept');
  await press(bob, 'l');
  await ada.seesSeat('A1', 'free');
});

test('the help opens with a question mark, and closes with Escape', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada');
  await press(ada, '?');
  await ada.sees('#help-dialog[open]');
  await press(ada, 'Escape');
  await ada.find('#help-dialog').waitFor({ state: 'hidden' });
  // Not while something is typed.
  await ada.find('#take-keys').focus();
  await press(ada, '?');
  assert.equal(await ada.find('#take-keys').inputValue(), '?');
  assert.ok(await ada.find('#help-dialog').isHidden());
});

test('whoever comes as somebody else has another name, and lost the seat', async (t) => {
  const [ada, bob] = await Promise.all([Visitor.come(t, server, 'Ada'), Visitor.come(t, server, 'Bob')]);
  await ada.keep('H1', '300000');
  await bob.seesSeat('H1', 'taken');
  await ada.find('#me').focus();
  await press(ada, 'Enter');
  await ada.page.keyboard.type('Zoë');
  await press(ada, 'Enter');
  await ada.reads('#me-name', /^Zoë$/);
  await ada.connected();
  await bob.seesSeat('H1', 'free');
});
