// One visitor's connection: requests and their answers, events, and coming back after a loss.

const helloWithin = 8000;
const answerWithin = 10000;
const quietFor = 15000; // after that, a ping shows whether the server is still there
const firstPause = 400;
const longestPause = 10000;

export class RequestError extends Error {
  constructor({ code, message = '', keys = [] }) {
    super(message);
    this.code = code;
    this.keys = keys;
  }
}

/**
 * States: `connecting`, `open`, `waiting` (for the next attempt, at `retryAt`), `refused` (a token is needed, or
 * another one), `stopped`. Tells of them by the event `state`; `welcome` carries the answer to hello, and `message`
 * each event of the server.
 */
export class Connection extends EventTarget {
  #url;
  #hello;
  #socket = null;
  #lastId = 0;
  #pending = new Map();
  #failures = 0;
  #timer = 0;
  #heard = 0;

  state = 'stopped';
  retryAt = 0;
  problem = '';

  constructor(hello, url = new URL('ws', location.href.replace(/^http/, 'ws'))) {
    super();
    this.#url = url;
    this.#hello = hello;
  }

  start() {
    clearTimeout(this.#timer);
    this.#drop();
    this.#set('connecting');
    const socket = new WebSocket(this.#url, 'colock.v1');
    this.#socket = socket;
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = ({ data }) => socket === this.#socket && this.#receive(data);
    socket.onclose = (event) => socket === this.#socket && this.#lost(event);
    this.#timer = setTimeout(() => this.#lost({ code: 0 }), helloWithin);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#drop();
    this.#set('stopped');
  }

  /** Tries again at once if the connection is lost. */
  retry() {
    if (this.state === 'waiting') this.start();
  }

  get open() {
    return this.state === 'open';
  }

  /** The answer's result. Fails with a RequestError; `wait_ms` of a request prolongs the time that it may take. */
  request(op, members = {}) {
    return this.send(op, members).answer;
  }

  /** As `request`, and tells the request's id, by which a waiting one is given up. */
  send(op, members = {}) {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => {
      if (!this.#socket || this.#socket.readyState !== WebSocket.OPEN)
        return reject(new RequestError({ code: 'disconnected' }));
      const limit = setTimeout(
        () => this.#settle(id, { ok: false, error: { code: 'no_answer' } }),
        answerWithin + (members.wait_ms ?? 0),
      );
      this.#pending.set(id, { resolve, reject, limit });
      this.#socket.send(JSON.stringify({ id, op, ...members }));
    });
    return { id, answer };
  }

  async #greet(socket) {
    try {
      const welcome = await this.request('hello', this.#hello());
      if (socket !== this.#socket) return;
      clearTimeout(this.#timer);
      this.#failures = 0;
      this.#set('open');
      this.dispatchEvent(new CustomEvent('welcome', { detail: welcome }));
      this.#listen();
    } catch (error) {
      if (socket !== this.#socket || error.code === 'disconnected') return;
      clearTimeout(this.#timer);
      this.#drop();
      this.problem = error.code;
      this.#set('refused');
    }
  }

  #receive(data) {
    this.#heard = performance.now();
    const message = JSON.parse(data);
    if (message.event !== undefined) this.dispatchEvent(new CustomEvent('message', { detail: message }));
    else this.#settle(message.id, message);
  }

  #settle(id, { ok, result, error }) {
    const request = this.#pending.get(id);
    if (!request) return;
    this.#pending.delete(id);
    clearTimeout(request.limit);
    if (ok) request.resolve(result);
    else request.reject(new RequestError(error));
  }

  // A connection may be dead without either side having been told, as when a laptop slept.
  #listen() {
    const silence = performance.now() - this.#heard;
    this.#timer = setTimeout(
      async () => {
        if (performance.now() - this.#heard >= quietFor) {
          const alive = await this.request('ping').then(
            () => true,
            (error) => error.code !== 'no_answer',
          );
          if (!alive && this.open) return this.#lost({ code: 0 });
        }
        if (this.open) this.#listen();
      },
      Math.max(1000, quietFor - silence),
    );
  }

  #lost({ code }) {
    clearTimeout(this.#timer);
    const asked = code === 1008 && this.state === 'connecting';
    this.#drop();
    if (asked) {
      this.problem = 'permission_denied';
      return this.#set('refused');
    }
    // Longer and longer, and not all visitors at the same moment.
    const pause = Math.min(longestPause, firstPause * 2 ** this.#failures++) * (0.75 + Math.random() / 2);
    this.problem = code === 1013 ? 'full' : '';
    this.retryAt = performance.now() + pause;
    this.#timer = setTimeout(() => this.start(), pause);
    this.#set('waiting');
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const id of [...this.#pending.keys()]) this.#settle(id, { ok: false, error: { code: 'disconnected' } });
  }

  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}
