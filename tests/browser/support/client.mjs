// A client of the service, on the `ws` package: nothing of it is shared with the server or the page.

import { once } from 'node:events';
import WebSocket from 'ws';

const answerWithin = 10000;

export class Refused extends Error {
  constructor({ code, message, keys }) {
    super(`${code}: ${message}`);
    this.code = code;
    this.keys = keys;
  }
}

/** Fails after a time that no machine should need. */
export function within(promise, what, ms = answerWithin) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class Client {
  #answers = new Map();
  #listeners = new Set();
  #lastId = 0;

  /** All events so far. */
  events = [];
  /** All messages that answer no request of this client's. */
  strays = [];

  constructor(socket) {
    this.socket = socket;
    this.closed = once(socket, 'close').then(([code]) => code);
    this.closed.catch(() => {});
    socket.on('error', () => {}); // the close that follows says it
    socket.on('message', (data, binary) => this.#receive(data, binary));
  }

  static async connect(server, options = {}) {
    const { protocol = 'colock.v1', ...rest } = options;
    const socket = new WebSocket(server.ws, protocol, { handshakeTimeout: answerWithin, ...rest });
    const client = new Client(socket);
    await once(socket, 'open');
    return client;
  }

  /** Connected, and greeted under that name. */
  static async as(server, name, members = {}, options = {}) {
    const client = await Client.connect(server, options);
    client.welcome = await client.request('hello', { protocol: 1, name, ...members });
    return client;
  }

  /** The result; throws Refused with the error's code. */
  request(op, members = {}) {
    return this.send(op, members).answer;
  }

  /** As `request`; tells the id as well. */
  send(op, members = {}) {
    const id = ++this.#lastId;
    const answer = within(
      new Promise((resolve, reject) => this.#answers.set(id, { resolve, reject })),
      `the answer to ${op}`,
      answerWithin + (members.wait_ms ?? 0),
    );
    answer.catch(() => {}); // whoever wants it awaits it
    this.socket.send(JSON.stringify({ id, op, ...members }));
    return { id, answer };
  }

  /** Sends text as it is; gives the next message that answers no request of `send`. */
  raw(text) {
    const before = this.strays.length;
    this.socket.send(text);
    return this.stray((_, index) => index >= before);
  }

  /** The first message that fits, of those that answer no request of `send`. */
  async stray(fits) {
    await this.#until(() => this.strays.some(fits), 'an answer to what was not sent by `send`');
    return this.strays.find(fits);
  }

  /** The first event that fits, of those that came or are yet to come. */
  async event(name, fits = () => true) {
    const find = () => this.events.find((event) => event.event === name && fits(event));
    await this.#until(find, `an event "${name}"`);
    return find();
  }

  async close() {
    this.socket.close();
    return this.closed;
  }

  #until(holds, what) {
    if (holds()) return Promise.resolve();
    let listener;
    const held = new Promise((resolve) => {
      listener = () => holds() && resolve();
      this.#listeners.add(listener);
    });
    return within(held, what).finally(() => this.#listeners.delete(listener));
  }

  #receive(data, binary) {
    if (binary) throw new Error('the server sent a binary message');
    const message = JSON.parse(data.toString());
    const request = this.#answers.get(message.id);
    if (message.event !== undefined) {
      this.events.push(message);
    } else if (request) {
      this.#answers.delete(message.id);
      if (message.ok) request.resolve(message.result);
      else request.reject(new Refused(message.error));
    } else {
      this.strays.push(message);
    }
    for (const listener of this.#listeners) listener();
  }
}
