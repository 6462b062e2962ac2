// What the visitor can do, and what they are told of it.

import { toast } from './toasts.js';
import { capital, left, reason, what } from './words.js';

const queueFor = 120000;
const payingWaits = 5000;
const noticeable = 400; // a wait longer than that is told when it ends

const keysOf = (seats) => seats.map((seat) => `seat/${seat}`);

export class Visitor {
  #connection;
  #board;
  #toWait = new Map(); // id of a request -> shows it as waiting
  #givingUp = 0;

  name = '';
  paying = new Set(); // seats for which a sale is under way

  constructor(connection, board) {
    this.#connection = connection;
    this.#board = board;
    connection.addEventListener('message', ({ detail }) => this.#hear(detail));
  }

  /** Keeps seats: all of them or none. Queues for them if `wait`. */
  keep(seats, { expire, survive, wait = false }) {
    return this.acquire({
      keys: keysOf(seats),
      expire_ms: expire,
      wait_ms: wait ? queueFor : 0,
      ...(survive ? { owner: this.name } : {}),
    });
  }

  /** Any lock; false if it was not got. Never throws: the visitor is told. */
  acquire(members) {
    const begin = performance.now();
    return this.#attempt(members.keys, async () => {
      const lock = await this.#waiting('acquire', 'lock', members.keys, members);
      if (performance.now() - begin > noticeable)
        toast(
          `It is your turn: ${what(lock.keys)} ${lock.keys.length > 1 ? 'are' : 'is'} yours` +
            (lock.remaining_ms === null ? '.' : ` for ${left(lock.remaining_ms)}.`),
          'good',
        );
    });
  }

  /** Buys under the visitor's own lock where there is one, else queues behind whoever holds the seats. */
  buy(seats, { wait = false } = {}) {
    const keys = keysOf(seats);
    const own = this.#board.mine().find((lock) => keys.every((key) => lock.keys.includes(key)));
    return this.#attempt(keys, async () => {
      await this.#pay(seats, () =>
        own
          ? this.#connection.request('reserve', { seats, lock: own.lock })
          : this.#waiting('reserve', 'buy', keys, { seats, wait_ms: wait ? queueFor : payingWaits }),
      );
      toast(`Sold: ${what(keys)} ${seats.length > 1 ? 'are' : 'is'} yours. Enjoy the show.`, 'good');
      // What was bought needs no keeping.
      if (own) await this.#connection.request('release', { lock: own.lock });
    });
  }

  rename(seats, name) {
    return this.#attempt(keysOf(seats), async () => {
      await this.#pay(seats, () => this.#connection.request('rename', { seats, name, wait_ms: payingWaits }));
      toast(`The ticket for ${what(keysOf(seats))} is in the name of ${name} now.`, 'good');
    });
  }

  giveBack(seats) {
    return this.#attempt(keysOf(seats), async () => {
      await this.#pay(seats, () => this.#connection.request('give_back', { seats, wait_ms: payingWaits }));
      toast(`You gave ${what(keysOf(seats))} back.`);
    });
  }

  extend(lock, expire) {
    return this.#attempt(lock.keys, () =>
      this.#connection.request('extend', { lock: lock.lock, expire_ms: expire }),
    );
  }

  release(lock) {
    return this.#attempt(lock.keys, () => this.#connection.request('release', { lock: lock.lock }));
  }

  async releaseAll() {
    ++this.#givingUp;
    await this.#attempt([], async () => {
      const { released } = await this.#connection.request('release_all');
      toast(released === 1 ? 'One name released.' : `${released} names released.`);
    });
    setTimeout(() => --this.#givingUp, 500);
  }

  leave(wait) {
    return this.#attempt(wait.keys, () => this.#connection.request('abandon', { request: wait.id }));
  }

  // Shown as waiting from the first word of a place in a queue on, or after a moment: most requests never wait.
  async #waiting(op, kind, keys, members) {
    const { id, answer } = this.#connection.send(op, members);
    const show = () => {
      if (this.#toWait.delete(id)) this.#board.addWait(id, kind, keys, members.wait_ms);
    };
    if (members.wait_ms > 0) this.#toWait.set(id, show);
    const later = setTimeout(show, noticeable);
    try {
      return await answer;
    } finally {
      clearTimeout(later);
      this.#toWait.delete(id);
      this.#board.endWait(id);
    }
  }

  async #pay(seats, sale) {
    for (const seat of seats) this.paying.add(seat);
    this.#board.changed();
    try {
      return await sale();
    } finally {
      for (const seat of seats) this.paying.delete(seat);
      this.#board.changed();
    }
  }

  async #attempt(keys, action) {
    try {
      await action();
      return true;
    } catch (error) {
      if (error.code === undefined) throw error; // a fault of this page
      const blamed = error.keys?.length ? error.keys : keys;
      const text = reason(error);
      if (error.code === 'cancelled') toast(blamed.length ? `You left the queue for ${what(blamed)}.` : text);
      else toast(blamed.length ? `${capital(what(blamed))}: ${text}` : text, 'error');
      return false;
    }
  }

  #hear(message) {
    if (message.event === 'place') {
      this.#toWait.get(message.request)?.();
      const before = this.#board.waits.get(message.request)?.places.get(message.key)?.place;
      const wait = this.#board.setPlace(message);
      if (wait && before > 1 && message.place === 1) toast(`You are next for ${what([message.key])}.`);
    } else if (message.event === 'lost' && !(message.why === 'revoked' && this.#givingUp)) {
      const names = what(message.keys);
      if (message.why === 'expired') toast(`Your time for ${names} is over.`);
      else toast(`${capital(names)}: your lock was taken back.`, 'error');
    }
  }
}
