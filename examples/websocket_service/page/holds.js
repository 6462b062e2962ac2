// Everything that is held or waited for at the moment: who, since when, how much longer, and who queues.

import { share } from './board.js';
import { byId, face, h, reconcile, setAttribute, setText } from './dom.js';
import { left, seatOf, shorten, span } from './words.js';

const mostRows = 40;
const mostFaces = 7;

export class Holds {
  #board;
  #rows = [];

  constructor(board) {
    this.#board = board;
  }

  draw() {
    const all = [...this.#board.locks.values()];
    const weight = (lock) => (lock.holders.some(({ mine }) => mine) || lock.waiting.some(({ mine }) => mine) ? 1e6 : 0) + lock.waiters;
    // The most telling ones, but in the order of their names: rows that jump about cannot be read.
    const shown = all
      .sort((a, b) => weight(b) - weight(a))
      .slice(0, mostRows)
      .sort((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }));
    reconcile(byId('holds'), shown, (lock) => lock.key, row);
    this.#rows = [...byId('holds').children];

    const waiting = all.reduce((sum, lock) => sum + lock.waiters, 0);
    setText(byId('now-count'), all.length === 0 ? '' : `${all.length} ${all.length === 1 ? 'name' : 'names'}, ${waiting} in queues`);
    byId('holds-empty').hidden = all.length > 0;
    byId('holds-more').hidden = all.length <= shown.length;
    setText(byId('holds-more'), `and ${all.length - shown.length} more`);
    this.tick();
  }

  tick() {
    const now = performance.now();
    for (const element of this.#rows) element.tick(now);
  }
}

function row() {
  const name = h('span', { class: 'hold-name' });
  const holders = h('ul', { class: 'holders', 'aria-label': 'Held by' });
  const queue = h('p', { class: 'hold-queue' });
  const element = h('li', { class: 'hold' }, name, holders, queue);
  element.update = (lock) => {
    const seat = seatOf(lock.key);
    setText(name, seat ? `Seat\u00a0${seat}` : shorten(lock.key));
    setAttribute(name, 'title', lock.key);
    setAttribute(element, 'data-shared', lock.mode === 'shared' || null);
    reconcile(holders, lock.holders.slice(0, mostFaces), (holder) => `${holder.token} ${holder.name}`, holderRow);
    showQueue(queue, lock);
  };
  element.tick = (now) => {
    for (const holder of holders.children) holder.tick(now);
  };
  return element;
}

function holderRow(holder) {
  const name = h('span', { class: 'who' }, holder.name);
  const times = h('span', { class: 'times' });
  const token = h('code', { class: 'token-chip', title: `Fencing token ${holder.token}: greater than that of any holder before` }, `#${holder.token}`);
  const bar = h('span', { class: 'ebb' });
  const element = h('li', { class: 'holder' }, face(holder.name), name, times, token, bar);
  let shown = holder;
  element.update = (now) => {
    shown = now;
    setAttribute(element, 'data-mine', now.mine || null);
    setText(name, now.mine ? `${now.name} (you)` : now.name);
  };
  element.tick = (now) => {
    const held = `for ${span(now - shown.since)}`;
    setText(times, shown.until === null ? `${held}, no end set` : `${held}, ${left(shown.until - now)} left`);
    bar.style.setProperty('--left', share(shown, now).toFixed(3));
  };
  return element;
}

function showQueue(element, lock) {
  const faces = lock.waiting.slice(0, mostFaces);
  const more = lock.waiters - faces.length;
  const text = faces.map(({ name, mine }) => (mine ? `${name} (you)` : name)).join(', ');
  const said = `${lock.waiters} in the queue`;
  element.hidden = lock.waiters === 0;
  const all = `${said}|${text}`;
  if (element.dataset.shown === all) return;
  element.dataset.shown = all;
  element.replaceChildren(
    h('span', { class: 'queue-size' }, said),
    ...faces.map(({ name, mine }, index) =>
      h('span', { class: 'queued', 'data-mine': mine, title: `${index + 1}: ${name}` }, face(name), h('span', { class: 'queued-name' }, mine ? 'you' : shorten(name, 14))),
    ),
    more > 0 ? h('span', { class: 'queued-more' }, `+${more}`) : '',
  );
}
