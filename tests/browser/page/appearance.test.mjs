// How the page looks: on phones and desktops, light and dark. Leaves pictures for people.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterwards } from '../support/afterwards.mjs';
import { closeBrowser, desktop, openBrowser, phone, Visitor } from '../support/browser.mjs';
import { Client } from '../support/client.mjs';
import { lowContrast } from '../support/contrast.mjs';
import { startServer } from '../support/server.mjs';

let server;
before(async () => {
  [server] = await Promise.all([startServer(), openBrowser()]);
});
after(async () => {
  await closeBrowser();
  assert.equal(await server.stop(), 0);
});

/** Bob keeps seats that others queue for; a sold one, a ticket, and a lock by name. */
async function contention(t) {
  const others = await Promise.all(['Bob', 'Cleo', 'Dora'].map((name) => Visitor.come(t, server, name)));
  const [bob, cleo, dora] = others;
  await bob.keep('E6', '300000');
  await cleo.queue('E6');
  await dora.keep('F9', '300000');
  await bob.choose('F9');
  await bob.act('queue');
  await bob.seesSeat('F9', 'waiting');
  await bob.buy('C4');
  await bob.buy('C5');
  await dora.find('#take-keys').fill('door/stage');
  await dora.find('#take button').click();
  await dora.sees('#mine .hold >> text=Door/stage');
  return async () => {
    await cleo.act('leave');
    await bob.choose('F9');
    await bob.act('leave');
    for (const seat of ['C4', 'C5']) {
      await bob.choose(seat);
      await bob.act('give_back');
      await bob.seesSeat(seat, 'free');
    }
  };
}

/** Some who come and go, so that there is something to see in the charts. */
function traffic(t) {
  let goes = true;
  const visit = async (name, index) => {
    const client = await Client.as(server, name);
    for (let round = index; goes; ++round) {
      const keys = [`seat/H${3 + (round % 3)}`];
      const lock = await client.request('acquire', { keys, expire_ms: 5000, wait_ms: 10000 });
      await sleep(150 + 100 * (round % 4));
      await client.request('release', { lock: lock.lock });
    }
    await client.close();
  };
  const all = Promise.all(['Ida', 'Juno', 'Karim', 'Lena', 'Milo', 'Noor'].map(visit));
  afterwards(t, () => {
    goes = false;
    return all;
  });
}

/** Somebody who keeps two seats, has a ticket, and queues. */
async function guest(t, name, options, row) {
  const visitor = await Visitor.come(t, server, name, options);
  await visitor.buy(`${row}10`);
  await visitor.choose(`${row}7`);
  await visitor.find('#party').selectOption('2');
  await visitor.find('#keep-for').selectOption('300000');
  await visitor.act('keep');
  await visitor.seesSeat(`${row}8`, 'kept');
  await visitor.choose('B1');
  await visitor.find('#party').selectOption('1');
  await visitor.queue('E6');
  await visitor.reads('#panel-place', /\d(st|nd|rd|th)/);
  return visitor;
}

test('seats in contention, on a desktop and a phone, light and dark', async (t) => {
  traffic(t);
  const end = await contention(t);
  const wide = await guest(t, 'Ada', desktop, 'G');
  const small = await guest(t, 'Emil', phone, 'B');
  // A few seconds of numbers.
  await small.page.waitForFunction(() => (document.querySelector('.line-0').getAttribute('d') ?? '').split('L').length > 8, null, { timeout: 20000 });
  for (const [visitor, device] of [[wide, 'desktop'], [small, 'phone']])
    for (const scheme of ['light', 'dark']) {
      await visitor.page.emulateMedia({ colorScheme: scheme });
      const bright = await visitor.page.evaluate(() => {
        const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
        return red + green + blue > 384;
      });
      assert.equal(bright, scheme === 'light', `${device} ${scheme}`);
      assert.equal(await visitor.overflow(), 0, `${device} ${scheme} scrolls sideways`);
      assert.deepEqual(await visitor.page.evaluate(lowContrast), [], `${device} ${scheme}: text too pale to read`);
      await visitor.page.evaluate(() => document.activeElement.blur());
      await visitor.picture(`${device}-${scheme}`, { whole: true });
    }
  await small.page.evaluate(() => document.getElementById('theatre').scrollIntoView({ behavior: 'instant' }));
  await small.picture('phone-dark-seats');
  await small.page.emulateMedia({ colorScheme: 'light' });
  await small.picture('phone-light-seats');
  await end();
});

test('nothing scrolls sideways at any width', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada with a name that is long');
  for (const width of [320, 360, 600, 768, 940, 1140, 1920]) {
    await ada.page.setViewportSize({ width, height: 700 });
    await ada.choose('A12');
    assert.equal(await ada.overflow(), 0, `${width} px`);
    for (const dialog of ['help', 'me']) {
      await ada.find(`#${dialog}`).click();
      await ada.sees(`#${dialog}-dialog[open]`);
      assert.equal(await ada.overflow(), 0, `${width} px, ${dialog}`);
      await ada.page.keyboard.press('Escape');
    }
  }
});

test('on a phone a seat can be chosen and kept by touch', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada', phone);
  await ada.seat('H12').tap();
  await ada.find('[data-action=keep]').tap();
  await ada.seesSeat('H12', 'kept');
  const panel = await ada.find('#panel').boundingBox();
  assert.ok(panel.y + panel.height <= 741, 'what can be done is within reach');
});

test('the theme can be chosen, and stays chosen', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada');
  const paper = () => ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await ada.find('#theme').click();
  const dark = await paper();
  assert.notEqual(dark, light);
  assert.equal(await ada.find('#theme').getAttribute('aria-pressed'), 'true');
  await ada.page.reload();
  await ada.connected();
  assert.equal(await paper(), dark);
  await ada.find('#theme').click();
  assert.equal(await paper(), light);
});

test('the first thing a visitor sees explains itself', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada');
  await ada.picture('desktop-first-visit');
  await ada.reads('h1', /never sold twice/);
  assert.ok(await ada.find('#another').isVisible());
  assert.ok(await ada.find('#panel-title').isVisible());
  // Landmarks, one main heading, and a name for each control.
  assert.equal(await ada.find('main').count(), 1);
  assert.equal(await ada.find('h1').count(), 1);
  const nameless = await ada.page.evaluate(() =>
    [...document.querySelectorAll('button, a[href], input, select')]
      .filter((control) => !(control.getAttribute('aria-label') || control.textContent.trim() || control.labels?.length))
      .map((control) => control.outerHTML));
  assert.deepEqual(nameless, []);
  assert.equal(await ada.find('#seats [role=gridcell][aria-label]').count(), 96);
});

test('the page needs nothing but its server', async (t) => {
  const ada = await Visitor.come(t, server, 'Ada');
  const response = await ada.page.request.get(server.url);
  const policy = response.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src '(none|self)'/);
  assert.doesNotMatch(policy, /unsafe-/);
  const loaded = await ada.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin));
  assert.ok(loaded.length > 10);
  assert.deepEqual([...new Set(loaded)], [new URL(server.url).origin]);
});
