// What can be done with the chosen seat. The elements stay and are shown or hidden, so that the focus is not lost.

import { columns, share } from './board.js';
import { byId, face, h, reconcile, setAttribute, setText } from './dom.js';
import { left, list, ordinal, span } from './words.js';

const mostInLine = 6;

const badges = {
  free: 'Free',
  kept: 'You keep it',
  taken: 'Kept by another',
  waiting: 'You queue',
  ticket: 'Your ticket',
  sold: 'Sold',
};

const offers = {
  free: ['keep', 'buy'],
  kept: ['buy', 'extend', 'release'],
  taken: ['queue', 'buy'],
  waiting: ['leave'],
  ticket: ['give_back'],
  sold: [],
};

/** The seats side by side that begin at `seat`, moved to the left where the row ends. */
export function run(seat, size) {
  const first = Math.min(Number(seat.slice(1)), columns - size + 1);
  return Array.from({ length: size }, (_, index) => `${seat[0]}${first + index}`);
}

function inLine({ name, key }) {
  const who = h('span', { class: 'who' });
  const role = h('span', { class: 'role' });
  const element = h('li', {}, key === 'more' ? null : face(name), who, role);
  element.update = (person) => {
    setAttribute(element, 'data-mine', person.mine || null);
    setText(who, person.mine ? `${person.name} (you)` : person.name);
    setText(role, person.role);
  };
  return element;
}

const nameSeats = (seats) =>
  seats.length === 1 ? `Seat ${seats[0]}` : `Seats ${seats[0]} to ${seats[seats.length - 1]}`;

export class Panel {
  #board;
  #visitor;
  #connection;
  #marked;
  #chosen = null;
  #situation = { kind: 'none', seats: [] };
  #shown = {};

  /** `marked(seat, seats)` is told which seats go together. */
  constructor(board, visitor, connection, { marked, leave }) {
    this.#board = board;
    this.#visitor = visitor;
    this.#connection = connection;
    this.#marked = marked;
    for (const button of byId('panel-actions').children) {
      this.#shown[button.dataset.action] = button;
      button.addEventListener('click', () => this.#do(button.dataset.action));
    }
    byId('party').addEventListener('change', () => this.draw());
    byId('panel-rename').addEventListener('submit', (event) => {
      event.preventDefault();
      const name = byId('ticket-name').value.trim();
      if (name) this.#visitor.rename(this.#situation.seats, name);
    });
    byId('what-token').addEventListener('click', () => {
      const words = byId('token-words');
      words.hidden = !words.hidden;
      byId('what-token').setAttribute('aria-expanded', String(!words.hidden));
    });
    byId('panel').addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#chosen) leave();
    });
  }

  choose(seat) {
    if (seat === this.#chosen) return;
    this.#chosen = seat;
    this.draw();
  }

  /** The letters that work in the grid. */
  act(key) {
    const wanted = { k: ['keep', 'queue'], b: ['buy'], m: ['extend'], l: ['release', 'leave', 'give_back'] }[key];
    const action = wanted.find((one) => !this.#shown[one].hidden && !this.#shown[one].disabled);
    if (action) this.#do(action);
  }

  enter() {
    const button = Object.values(this.#shown).find((one) => !one.hidden && !one.disabled);
    (button ?? byId('panel-title')).focus();
  }

  draw() {
    if (!this.#chosen) return;
    const focused = document.activeElement;
    const situation = (this.#situation = this.#situate());
    const { kind, seats } = situation;
    this.#marked(this.#chosen, seats);

    setText(byId('panel-title'), nameSeats(seats));
    setAttribute(byId('panel'), 'data-state', kind);
    setText(byId('panel-badge'), badges[kind]);
    byId('panel-badge').hidden = false;

    const paying = seats.some((seat) => this.#visitor.paying.has(seat)) && kind !== 'waiting';
    for (const [action, button] of Object.entries(this.#shown)) {
      button.hidden = !situation.offers.includes(action);
      button.disabled = !this.#connection.open || paying;
    }
    setText(this.#shown.buy, paying ? 'Paying…' : kind === 'taken' ? 'Buy when free' : 'Buy');
    this.#shown.buy.classList.toggle('primary', kind === 'kept');
    setText(this.#shown.queue, seats.length > 1 ? 'Queue for them' : 'Queue for it');
    setText(this.#shown.keep, `Keep for ${byId('keep-for').selectedOptions[0].text}`);

    byId('panel-settings').hidden = !['free', 'taken', 'kept'].includes(kind);
    const rename = byId('panel-rename');
    if (rename.hidden || rename.dataset.seat !== seats[0]) byId('ticket-name').value = situation.name ?? '';
    rename.dataset.seat = seats[0];
    rename.hidden = kind !== 'ticket';

    byId('panel-token').hidden = !situation.token;
    if (!situation.token) byId('token-words').hidden = true;
    byId('what-token').setAttribute('aria-expanded', String(!byId('token-words').hidden));
    setText(byId('panel-token-value'), situation.token ?? '');
    this.#drawLine();
    this.tick();

    // A button that has just gone takes the focus along with it: stay in the panel.
    if (focused && byId('panel').contains(focused) && focused.closest('[hidden]')) this.enter();
  }

  /** What changes by itself as time goes by. */
  tick() {
    if (!this.#chosen) return;
    const now = performance.now();
    const { kind, hold, wait } = this.#situation;
    setText(byId('panel-text'), this.#text(now));
    byId('panel-countdown').hidden = !hold || hold.until === null;
    if (hold) byId('panel-bar').style.setProperty('--left', share(hold, now).toFixed(3));
    const place = wait && this.#board.placeOf(wait);
    byId('panel-place').hidden = kind !== 'waiting';
    if (kind === 'waiting') {
      setText(byId('panel-place-number'), place ? ordinal(place.place) : '…');
      setText(
        byId('panel-place-text'),
        !place ? 'Getting in line' : place.place === 1 ? 'You are next' : `in a queue of ${place.waiters}`,
      );
    }
  }

  // Who has the chosen seat, and the first few of those who queue for it.
  #drawLine() {
    const lock = this.#board.lockOfSeat(this.#chosen);
    const ahead = (lock?.waiting ?? []).slice(0, mostInLine);
    const people = [
      ...(lock?.holders ?? []).map(({ name, mine }) => ({ name, mine, role: 'has it', key: `held ${name}` })),
      ...ahead.map(({ name, mine, since }, index) => ({ name, mine, role: index === 0 ? 'next' : ordinal(index + 1), key: `${Math.round(since / 20)} ${name}` })),
    ];
    const more = (lock?.waiters ?? 0) - ahead.length;
    if (more > 0) people.push({ name: `and ${more} more`, role: '', key: 'more' });
    byId('panel-line').hidden = !lock;
    reconcile(byId('panel-line'), people, ({ key }) => key, inLine);
  }

  #situate() {
    const board = this.#board;
    const chosen = this.#chosen;
    const wait = board.myWaitForSeat(chosen);
    const lock = board.lockOfSeat(chosen);
    const make = (kind, seats, more) => ({ kind, seats, offers: offers[kind], ...more });
    const seatsOf = (keys) => keys.filter((key) => key.startsWith('seat/')).map((key) => key.slice(5));

    if (wait) return make('waiting', seatsOf(wait.keys), { wait, hold: lock?.holders[0] });
    const { state, mine, name } = board.seats.get(chosen);
    if (state === 'sold') return make(mine ? 'ticket' : 'sold', [chosen], { name });
    const own = board.myLockOfSeat(chosen);
    if (own) {
      const offered = offers.kept.filter((action) => action !== 'extend' || own.until !== null);
      return make('kept', seatsOf(own.keys), { hold: own, token: own.token, offers: offered });
    }
    const seats = run(chosen, Number(byId('party').value));
    const sold = seats.filter((seat) => board.seats.get(seat).state === 'sold');
    if (sold.length > 0) return make('sold', seats, { beside: sold });
    const locks = seats.map((seat) => board.lockOfSeat(seat)).filter(Boolean);
    if (locks.length === 0) return make('free', seats);
    const held = lock ?? locks[0];
    return make('taken', seats, { hold: held.holders[0], token: held.holders[0]?.token, locks });
  }

  #text(now) {
    const { kind, seats, hold, name, beside, locks } = this.#situation;
    const many = seats.length > 1;
    const rest = hold && hold.until !== null ? left(hold.until - now) : null;
    switch (kind) {
      case 'free':
        return `Nobody has ${many ? 'them' : 'it'}. Keep ${many ? 'them' : 'it'} while you make up your mind: nobody else can buy meanwhile.`;
      case 'kept':
        return rest ? `Yours for another ${rest}. Then the next in the queue has ${many ? 'them' : 'it'}.` : 'Yours until you let go or leave.';
      case 'taken': {
        const who = [...new Set(locks.flatMap((lock) => lock.holders.map((holder) => holder.name)))];
        const queue = Math.max(...locks.map((lock) => lock.waiters));
        const keeps = who.length ? `${list(who)} ${who.length > 1 ? 'keep' : 'keeps'} ${many ? 'what you want' : 'it'}${rest ? ` for at most ${rest}` : ''}.` : 'It is about to be taken.';
        return `${keeps} ${queue === 0 ? 'Nobody queues: you would be next.' : `${queue} in the queue: you would be ${ordinal(queue + 1)}.`}`;
      }
      case 'waiting': {
        const wait = this.#situation.wait;
        const keeps = hold ? `${hold.name} keeps it${rest ? ` for at most ${rest}` : ''}. ` : '';
        const then = wait.kind === 'buy' ? 'You buy it when it is your turn' : 'It is yours when it is your turn';
        return `${keeps}${then}. Waiting for ${span(now - wait.since)}.`;
      }
      case 'ticket':
        return `Sold to you, in the name of ${name}.`;
      default:
        return beside
          ? `${list(beside)} ${beside.length > 1 ? 'are' : 'is'} sold: look for ${seats.length} seats elsewhere.`
          : `Sold to ${name}. Only they can give it back.`;
    }
  }

  #do(action) {
    const { seats, hold, wait } = this.#situation;
    const expire = Number(byId('keep-for').value);
    const survive = byId('survive').checked;
    const visitor = this.#visitor;
    const does = {
      keep: () => visitor.keep(seats, { expire, survive }),
      queue: () => visitor.keep(seats, { expire, survive, wait: true }),
      buy: () => visitor.buy(seats, { wait: this.#situation.kind === 'taken' }),
      extend: () => visitor.extend(hold, expire),
      release: () => visitor.release(hold),
      leave: () => visitor.leave(wait),
      give_back: () => visitor.giveBack(seats),
    };
    does[action]();
  }
}
