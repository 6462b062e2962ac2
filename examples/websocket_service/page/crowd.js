// Five robots with connections of their own, so that one person alone can see what happens in a crowd. They like
// the seats that others have, buy little, and give their tickets back.

import { Board } from './board.js';
import { Connection } from './connection.js';

const names = ['Robot Rita', 'Robot Otto', 'Robot Ines', 'Robot Max', 'Robot Lou'];
const popular = ['D5', 'D6', 'D7', 'D8', 'E5', 'E6', 'E7', 'E8', 'C6', 'C7'];

const between = (least, most) => least + Math.random() * (most - least);
const oneOf = (list) => list[Math.floor(Math.random() * list.length)];

class Robot {
  #connection;
  #board; // that of the page: what a visitor sees
  #ended = new AbortController();
  #tickets = [];

  constructor(identity, board) {
    this.#board = board;
    this.#connection = new Connection(() => ({ protocol: 1, ...identity }));
    this.#connection.addEventListener('welcome', () => this.#arrive(), { signal: this.#ended.signal });
    this.#connection.start();
  }

  async goHome() {
    this.#ended.abort();
    for (const seat of this.#tickets.splice(0)) await this.#ask('give_back', { seats: [seat] });
    this.#connection.stop();
  }

  async #arrive() {
    const seats = await this.#ask('seats');
    this.#tickets = seats?.seats.filter(({ mine }) => mine).map(({ seat }) => seat) ?? [];
    while (this.#connection.open && !this.#ended.signal.aborted) {
      await this.#visit();
      await this.#pause(between(300, 2500));
    }
  }

  async #visit() {
    if (this.#tickets.length > 0 && Math.random() < 0.4) {
      const seat = this.#tickets.shift();
      if (!(await this.#ask('give_back', { seats: [seat] }))) this.#tickets.push(seat);
      return;
    }
    const seat = this.#choose();
    const lock = await this.#ask('acquire', {
      keys: [`seat/${seat}`],
      expire_ms: Math.round(between(4000, 12000)),
      wait_ms: Math.round(between(4000, 20000)),
    });
    if (!lock) return;
    await this.#pause(between(1500, 5000));
    if (this.#tickets.length < 2 && Math.random() < 0.35 && (await this.#ask('reserve', { seats: [seat], lock: lock.lock })))
      this.#tickets.push(seat);
    // Now and then one forgets, and the time runs out.
    if (Math.random() < 0.85) await this.#ask('release', { lock: lock.lock });
  }

  #choose() {
    const free = (seat) => this.#board.seats.get(seat).state !== 'sold';
    const held = [...this.#board.locks.values()].filter(({ key }) => key.startsWith('seat/')).map(({ key }) => key.slice(5)).filter((seat) => this.#board.seats.has(seat) && free(seat));
    if (held.length > 0 && Math.random() < 0.55) return oneOf(held);
    return oneOf(popular.filter(free).concat(Math.random() < 0.5 ? [...this.#board.seats.keys()].filter(free) : [])) ?? oneOf([...this.#board.seats.keys()]);
  }

  // What a robot is refused is no matter: that is life in a crowd.
  #ask(op, members) {
    return this.#connection.request(op, members).catch(() => null);
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#ended.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
  }
}

export class Crowd {
  #board;
  #identity;
  #robots = [];

  constructor(board, identity) {
    this.#board = board;
    this.#identity = identity;
  }

  get here() {
    return this.#robots.length > 0;
  }

  letIn() {
    // Their secrets follow from the visitor's, so that after a reload they find their tickets and can give them back.
    this.#robots = names.map((name, index) => new Robot({ name, secret: `${this.#identity.secret}-${index}` }, this.#board));
  }

  sendHome() {
    for (const robot of this.#robots.splice(0)) robot.goHome();
  }
}
