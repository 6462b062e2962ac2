// Several visitors and one seat.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { closeBrowser, openBrowser, Visitor } from '../support/browser.mjs';
import { startServer } from '../support/server.mjs';

let server;
before(async () => {
  [server] = await Promise.all([startServer('--payment', '150'), openBrowser()]);
});
after(async () => {
  await closeBrowser();
  assert.equal(await server.stop(), 0);
});

const come = (t, ...names) => Promise.all(names.map((name) => Visitor.come(t, server, name)));

test('one keeps a seat, two queue and see their places, and get it in turn', async (t) => {
  const [ada, bob, cleo] = await come(t, 'Ada', 'Bob', 'Cleo');
  await ada.keep('D6');
  await ada.reads('#panel-text', /^Yours for another \d+ s/);
  await bob.seesSeat('D6', 'taken');
  await bob.choose('D6');
  await bob.reads('#panel-text', /^Ada keeps it for at most .*you would be next/);
  await bob.queue('D6');
  await bob.reads('#panel-place', /1st\s*You are next/);
  await cleo.choose('D6');
  await cleo.reads('#panel-text', /1 in the queue: you would be 2nd/);
  await cleo.queue('D6');
  await cleo.reads('#panel-place', /2nd\s*in a queue of 2/);
  await cleo.reads('#panel-line li:nth-child(2)', /Bob\s*next/);
  await cleo.reads('#panel-line li:nth-child(3)', /Cleo \(you\)\s*2nd/);
  await ada.reads('#seat-D6 .queue', /^2$/);
  assert.match(await ada.seat('D6').getAttribute('aria-label'), /^Row D seat 6, you keep it, .* left, 2 waiting$/);
  assert.match(await cleo.seat('D6').getAttribute('aria-label'), /^Row D seat 6, you are 2nd in the queue, kept by Ada/);

  await ada.choose('D6');
  await ada.act('release');
  await bob.seesSeat('D6', 'kept');
  await bob.reads('.toast', /It is your turn: seat D6 is yours for/);
  await cleo.reads('#panel-place', /1st\s*You are next/);
  await cleo.reads('.toast', /You are next for seat D6/);
  await bob.act('release');
  await cleo.seesSeat('D6', 'kept');
  await ada.seesSeat('D6', 'taken');
});

test('who leaves the queue gives up the place', async (t) => {
  const [ada, bob, cleo] = await come(t, 'Ada', 'Bob', 'Cleo');
  await ada.keep('D7');
  await bob.queue('D7');
  await cleo.queue('D7');
  await cleo.reads('#panel-place', /2nd/);
  await bob.act('leave');
  await bob.seesSeat('D7', 'taken');
  await cleo.reads('#panel-place', /You are next/);
});

test('what one buys the others see as sold, and can give back', async (t) => {
  const [ada, bob] = await come(t, 'Ada', 'Bob');
  await ada.buy('B4');
  await ada.reads('.toast', /Sold: seat B4 is yours/);
  await bob.seesSeat('B4', 'sold');
  await bob.choose('B4');
  await bob.reads('#panel-text', /^Sold to Ada\./);
  assert.equal(await bob.find('#panel-actions button:visible').count(), 0);
  await bob.reads('#sold', /^1$/);

  await ada.find('#ticket-name').fill('Grandma');
  await ada.find('#panel-rename button').click();
  await bob.reads('#panel-text', /^Sold to Grandma\./);
  await ada.act('give_back');
  await bob.seesSeat('B4', 'free');
  await bob.reads('#log li', /Grandma gave seat B4 back/);
  await bob.reads('#conflicts', /^0$/);
});

test('who keeps a seat buys it under that lock, before those who queue', async (t) => {
  const [ada, bob] = await come(t, 'Ada', 'Bob');
  await ada.keep('B5');
  await bob.choose('B5');
  await bob.act('buy'); // when it is free
  await bob.seesSeat('B5', 'waiting');
  await ada.act('buy');
  await ada.seesSeat('B5', 'ticket');
  await bob.seesSeat('B5', 'sold');
  await bob.reads('.toast[data-kind=error]', /Seat B5: Somebody else has bought it/);
});

test('a seat whose time runs out goes to who waits', async (t) => {
  const [ada, bob] = await come(t, 'Ada', 'Bob');
  await ada.find('#take-keys').fill('seat/C3'); // as the button "Keep", but shorter
  await ada.find('#take-expire').fill('5');
  await ada.find('#take button').click();
  await ada.seesSeat('C3', 'kept');
  await bob.queue('C3');
  const bar = () => bob.find('#panel-bar').evaluate((element) => Number(element.style.getPropertyValue('--left')));
  const first = await bar();
  await bob.reads('#panel-text', /Ada keeps it for at most [1-2] s/);
  assert.ok((await bar()) < Math.min(first, 0.5), 'the countdown goes down');
  await bob.seesSeat('C3', 'kept');
  await ada.reads('.toast', /Your time for seat C3 is over/);
  await ada.seesSeat('C3', 'taken');
});

test('a seat can be kept for longer', async (t) => {
  const [ada] = await come(t, 'Ada');
  await ada.keep('C4', '10000');
  await ada.find('#keep-for').selectOption('300000');
  await ada.act('extend');
  await ada.reads('#panel-text', /^Yours for another [45] min/);
});

test('seats together are kept all or none', async (t) => {
  const [ada, bob] = await come(t, 'Ada', 'Bob');
  await ada.keep('F7');
  await bob.choose('F5');
  await bob.find('#party').selectOption('3');
  await bob.reads('#panel-title', /^Seats F5 to F7$/);
  await bob.reads('#panel-text', /^Ada keeps what you want/);
  await bob.act('queue');
  for (const seat of ['F5', 'F6', 'F7']) await bob.seesSeat(seat, 'waiting');
  await ada.act('release');
  for (const seat of ['F5', 'F6', 'F7']) await bob.seesSeat(seat, 'kept');
  const tokens = new Set(await bob.find('#mine .token-chip').allInnerTexts());
  assert.equal(tokens.size, 1, 'one lock, one token');
  await bob.act('buy');
  for (const seat of ['F5', 'F6', 'F7']) await ada.seesSeat(seat, 'sold');
});

test('a visitor who closes the tab gives up what they keep', async (t) => {
  const [ada, bob, cleo] = await come(t, 'Ada', 'Bob', 'Cleo');
  await ada.keep('G1', '300000');
  await bob.queue('G1');
  await cleo.seesSeat('G1', 'taken');
  await ada.page.close();
  await bob.seesSeat('G1', 'kept');
});

test('a second tab is another visitor', async (t) => {
  const [ada] = await come(t, 'Ada');
  const opened = ada.context.waitForEvent('page');
  await ada.find('#another').click();
  const page = await opened;
  await page.locator('#link[data-state=open]').waitFor();
  await ada.keep('G2');
  await page.locator('#seat-G2[data-state=taken]').waitFor();
  // A reload does not make a new visitor of a tab.
  const name = await page.locator('#me-name').innerText();
  await page.reload();
  await page.locator('#link[data-state=open]').waitFor();
  assert.equal(await page.locator('#me-name').innerText(), name);
});

test('a crowd of robots comes and goes', async (t) => {
  const [ada] = await come(t, 'Ada');
  await ada.find('#crowd').click();
  await ada.reads('#log li', /Robot \w+ took seat/);
  await ada.sees('#holds .hold');
  await ada.find('#crowd').click();
  await ada.reads('#crowd', /^Let a crowd in$/);
  await ada.find('#holds-empty').waitFor();
});
