// What happened, the newest on top: bounded, and it can be held. A screen reader hears a summary now and then, not
// each line.

import { byId, face, h, setText } from './dom.js';
import { shorten, span, what } from './words.js';

const most = 200;
const digestEvery = 12000;

const said = {
  granted: (of, { waited_ms = 0 }) => `took ${of}${waited_ms >= 50 ? ` after waiting for ${span(waited_ms)}` : ''}`,
  renewed: (of) => `took more time for ${of}`,
  refused: (of) => `was turned away from ${of}: held by another`,
  queued: (of) => `queues for ${of}`,
  timed_out: (of, { waited_ms = 0 }) => `gave up on ${of} after ${span(waited_ms)}`,
  cancelled: (of) => `left the queue for ${of}`,
  released: (of, { held_ms = 0 }) => `let go of ${of} after ${span(held_ms)}`,
  expired: (of) => `ran out of time for ${of}`,
  revoked: (of) => `gave up ${of}`,
};

export class Log {
  #waiting = []; // lines not yet drawn
  #held = false;
  #drawing = false;
  #undigested = 0;
  #latest = '';

  constructor() {
    byId('pause').addEventListener('click', () => {
      this.#held = !this.#held;
      byId('pause').setAttribute('aria-pressed', String(this.#held));
      this.#label();
      this.#draw();
    });
    setInterval(() => this.#digest(), digestEvery);
  }

  /** A line of the page's own: the connection came or went. */
  note(text) {
    this.#add({ kind: 'note', text });
  }

  locks({ state, changes }) {
    for (const change of changes) {
      const says = said[change.kind];
      if (says) this.#add({ kind: change.kind, name: change.name, mine: change.mine, text: says(what([state.key]), change) });
    }
  }

  seat(now, before) {
    if (now.state === 'sold' && before?.state === 'sold')
      this.#add({ kind: 'sold', name: now.name, mine: now.mine, text: `is the new name on the ticket for seat ${now.seat}` });
    else if (now.state === 'sold')
      this.#add({ kind: 'sold', name: now.name, mine: now.mine, text: `bought seat ${now.seat}` });
    else if (before?.state === 'sold')
      this.#add({ kind: 'back', name: before.name, mine: before.mine, text: `gave seat ${now.seat} back` });
  }

  #add(line) {
    this.#waiting.push({ ...line, at: new Date() });
    if (this.#waiting.length > most) this.#waiting.splice(0, this.#waiting.length - most);
    if (this.#held) return this.#label();
    if (this.#drawing) return;
    this.#drawing = true;
    setTimeout(() => {
      this.#drawing = false;
      this.#draw();
    }, 100);
  }

  #draw() {
    if (this.#held || this.#waiting.length === 0) return;
    const list = byId('log');
    for (const line of this.#waiting) list.prepend(element(line));
    while (list.childElementCount > most) list.lastElementChild.remove();
    const last = this.#waiting[this.#waiting.length - 1];
    this.#undigested += this.#waiting.length;
    this.#latest = `${last.name ?? ''} ${last.text}`.trim();
    this.#waiting = [];
    byId('log-empty').hidden = true;
  }

  #label() {
    const count = this.#waiting.length;
    const news = count >= most ? `${most}+` : count;
    setText(byId('pause'), !this.#held ? 'Pause' : count ? `Go on (${news} new)` : 'Go on');
  }

  #digest() {
    if (this.#held || this.#undigested === 0) return;
    const more = this.#undigested > 1 ? `, and ${this.#undigested - 1} more` : '';
    setText(byId('log-digest'), `${this.#latest}${more}`);
    this.#undigested = 0;
  }
}

function element({ kind, name, mine, text, at }) {
  const time = h('time', { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false }));
  if (kind === 'note') return h('li', { 'data-kind': kind }, time, h('p', {}, text));
  return h(
    'li',
    { 'data-kind': kind, 'data-mine': mine },
    time,
    face(name),
    h('p', {}, h('b', { title: name }, mine ? 'You' : shorten(name, 24)), ` ${mine ? second(text) : text}`),
  );
}

// "You queue", "You were", "You are", "You had", "You took".
const second = (text) => text.replace(/^queues /, 'queue ').replace(/^was /, 'were ').replace(/^is /, 'are ');
