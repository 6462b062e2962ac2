// Locks by name: the form that takes one, and the visitor's own locks and waits.

import { share } from './board.js';
import { byId, h, reconcile, setText } from './dom.js';
import { capital, left, ordinal, span, what } from './words.js';

const bytes = (text) => new TextEncoder().encode(text).length;

/** What the form says, as members of a request; throws what is wrong with it, for people, and where. */
export function read(form) {
  const fail = (field, text) => {
    throw Object.assign(new Error(text), { field });
  };
  const seconds = (field, text, least) => {
    const value = Number(text.replace(',', '.'));
    if (!Number.isFinite(value) || value < least || value > 86400)
      fail(field, `Please enter ${least > 0 ? 'more than 0' : '0 or more'} seconds, 86400 (a day) at most.`);
    return Math.round(value * 1000);
  };
  const keys = [...new Set(form.keys.split(/[,\n]/).map((key) => key.trim()))].filter((key) => key !== '');
  if (keys.length === 0) fail('take-keys', 'Please enter a name, for example door/stage.');
  const long = keys.find((key) => bytes(key) > 512);
  if (long) fail('take-keys', 'A name may have 512 bytes at most.');

  const owner = form.owner.trim();
  if (bytes(owner) > 64) fail('take-owner', 'The owner may have 64 bytes at most.');
  const ends = form.expire.trim();
  if (owner && !ends) fail('take-expire', 'A lock with an owner outlives this tab, so it needs an end.');
  const members = { keys, mode: form.mode, wait_ms: seconds('take-wait', form.wait.trim() || '0', 0) };
  if (ends) members.expire_ms = seconds('take-expire', ends, 0.001);
  if (owner) members.owner = owner;
  return members;
}

export class Locks {
  #board;
  #visitor;

  constructor(board, visitor) {
    this.#board = board;
    this.#visitor = visitor;
    byId('take').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#take(event.target);
    });
    byId('release-all').addEventListener('click', () => visitor.releaseAll());
  }

  draw() {
    const locks = this.#board.mine();
    const waits = [...this.#board.waits.values()];
    reconcile(
      byId('mine'),
      [...waits, ...locks],
      (one) => one.lock ?? `wait ${one.id}`,
      (one) => (one.lock ? this.#lockRow() : this.#waitRow()),
    );
    byId('mine-empty').hidden = locks.length + waits.length > 0;
    byId('release-all').hidden = locks.length === 0;
    this.tick();
  }

  tick() {
    const now = performance.now();
    for (const row of byId('mine').children) row.tick(now);
  }

  #take(form) {
    const error = byId('take-error');
    error.hidden = true;
    for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
    try {
      const members = read({
        keys: byId('take-keys').value,
        owner: byId('take-owner').value,
        expire: byId('take-expire').value,
        wait: byId('take-wait').value,
        mode: new FormData(form).get('mode'),
      });
      this.#visitor.acquire(members);
    } catch (wrong) {
      setText(error, wrong.message);
      error.hidden = false;
      byId(wrong.field).setAttribute('aria-invalid', 'true');
      byId(wrong.field).focus();
    }
  }

  #lockRow() {
    let lock;
    const name = h('span', { class: 'hold-name' });
    const about = h('span', { class: 'times' });
    const token = h('code', { class: 'token-chip', title: 'Fencing token: greater than that of any holder before' });
    const bar = h('span', { class: 'ebb' });
    const more = h('button', { type: 'button', class: 'button small', onclick: () => this.#visitor.extend(lock, Math.max(1000, Math.round(lock.whole))) }, 'More time');
    const release = h('button', { type: 'button', class: 'button small', onclick: () => this.#visitor.release(lock) }, 'Release');
    const element = h('li', { class: 'hold own' }, name, about, token, h('span', { class: 'own-actions' }, more, release), bar);
    element.update = (now) => {
      lock = now;
      setText(name, capital(what(lock.keys)));
      setText(token, `#${lock.token}`);
      more.hidden = lock.until === null;
      more.setAttribute('aria-label', `More time for ${what(lock.keys)}`);
      release.setAttribute('aria-label', `Release ${what(lock.keys)}`);
    };
    element.tick = (now) => {
      const parts = [lock.mode === 'shared' ? 'shared' : '', lock.owner ? `as ${lock.owner}` : '', lock.until === null ? 'until you leave' : `${left(lock.until - now)} left`];
      setText(about, parts.filter(Boolean).join(', '));
      bar.style.setProperty('--left', share(lock, now).toFixed(3));
    };
    return element;
  }

  #waitRow() {
    let wait;
    const name = h('span', { class: 'hold-name' });
    const about = h('span', { class: 'times' });
    const bar = h('span', { class: 'ebb' });
    const leave = h('button', { type: 'button', class: 'button small', onclick: () => this.#visitor.leave(wait) }, 'Leave the queue');
    const element = h('li', { class: 'hold own', 'data-waiting': true }, name, about, h('span', { class: 'own-actions' }, leave), bar);
    element.update = (now) => {
      wait = now;
      setText(name, capital(what(wait.keys)));
      leave.setAttribute('aria-label', `Leave the queue for ${what(wait.keys)}`);
    };
    element.tick = (now) => {
      const place = this.#board.placeOf(wait);
      const text = !place ? 'queueing' : place.place === 1 ? 'you are next' : `you are ${ordinal(place.place)} of ${place.waiters}`;
      setText(about, `${text}, for ${span(now - wait.since)}, gives up in ${left(wait.until - now)}`);
      bar.style.setProperty('--left', share({ until: wait.until, whole: wait.until - wait.since }, now).toFixed(3));
    };
    return element;
  }
}
