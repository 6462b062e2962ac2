// What this page knows: seats, locks and queues, as the server told, and what this visitor waits for. The server's
// times are spans; here they are moments of performance.now(), so that they go on by themselves.

import { seatOf } from './words.js';

export const rows = [...'ABCDEFGH'];
export const columns = 12;

const tell = (target) => {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A hidden page draws no frames, but must still know what to say when it is looked at again.
    const run = () => {
      asked = false;
      target.dispatchEvent(new Event('change'));
    };
    if (document.hidden) setTimeout(run, 200);
    else requestAnimationFrame(run);
  };
};

/** Tells by the event `change`, at most once a frame. */
export class Board extends EventTarget {
  seats = new Map(); // 'A1' -> {state, name, mine, version}
  sold = 0;
  conflicts = 0;
  locks = new Map(); // key -> {key, mode, holders, waiting, waiters}
  waits = new Map(); // id of a request -> {id, kind, keys, since, until, places: key -> {place, waiters}}
  changed = tell(this);

  constructor() {
    super();
    for (const row of rows)
      for (let column = 1; column <= columns; ++column)
        this.seats.set(`${row}${column}`, { state: 'free', mine: false, version: 0 });
  }

  /** Anew, after a connection came back. */
  restartLocks(locks) {
    this.locks.clear();
    for (const state of locks) this.setLock(state);
    this.changed();
  }

  restartSeats({ seats, ...sales }) {
    for (const seat of seats) this.setSeat(seat);
    this.setSales(sales);
  }

  setSeat({ seat, state, name = '', mine, version }) {
    const known = this.seats.get(seat);
    // Events of one seat may overtake each other on their way.
    if (known) this.seats.set(seat, { state, name, mine, version });
    this.changed();
  }

  setSales({ sold, conflicts }) {
    this.sold = sold;
    this.conflicts = conflicts;
    this.changed();
  }

  setLock(state) {
    const now = performance.now();
    const before = this.locks.get(state.key);
    const holders = state.holders.map((holder) => {
      const until = holder.remaining_ms === null ? null : now + holder.remaining_ms;
      const old = before?.holders.find((other) => other.token === holder.token && other.name === holder.name);
      // The bar is full at the grant and after each extension; its whole length is not told.
      const prolonged = old && until !== null && (old.until === null || until > old.until + 500);
      const whole = old && !prolonged ? old.whole : (holder.remaining_ms ?? 0) + (prolonged ? 0 : holder.held_ms);
      return {
        name: holder.name,
        mine: holder.mine,
        lock: holder.lock,
        owner: holder.owner,
        token: holder.token,
        since: now - holder.held_ms,
        until,
        whole,
        waited: holder.waited_ms,
      };
    });
    const waiting = state.waiting.map(({ name, mine, waited_ms }) => ({ name, mine, since: now - waited_ms }));
    const waiters = state.waiters ?? waiting.length;
    if (holders.length === 0 && waiters === 0) this.locks.delete(state.key);
    else this.locks.set(state.key, { key: state.key, mode: state.mode, holders, waiting, waiters });
    this.changed();
  }

  addWait(id, kind, keys, waitMs) {
    const since = performance.now();
    this.waits.set(id, { id, kind, keys, since, until: since + waitMs, places: new Map() });
    this.changed();
  }

  endWait(id) {
    if (this.waits.delete(id)) this.changed();
  }

  setPlace({ request, key, place, waiters }) {
    const wait = this.waits.get(request);
    if (!wait) return null;
    wait.places.set(key, { place, waiters });
    this.changed();
    return wait;
  }

  lockOfSeat(seat) {
    return this.locks.get(`seat/${seat}`);
  }

  /** The locks that this visitor holds: one entry for all keys of a lock. */
  mine() {
    const found = new Map();
    for (const { key, mode, holders } of this.locks.values())
      for (const holder of holders) {
        if (!holder.mine || !holder.lock) continue;
        const lock = found.get(holder.lock);
        if (lock) lock.keys.push(key);
        else found.set(holder.lock, { ...holder, mode, keys: [key] });
      }
    return [...found.values()].sort((a, b) => b.since - a.since);
  }

  myLockOfSeat(seat) {
    const holder = this.lockOfSeat(seat)?.holders.find((one) => one.mine && one.lock);
    return holder ? this.mine().find(({ lock }) => lock === holder.lock) : undefined;
  }

  myWaitForSeat(seat) {
    for (const wait of this.waits.values()) if (wait.keys.includes(`seat/${seat}`)) return wait;
    return undefined;
  }

  /** The worst place of a wait, which says when it is its turn, and how many wait there. */
  placeOf(wait) {
    let worst = null;
    for (const [key, { place, waiters }] of wait.places)
      // A place is told when it changes; who comes later is told by the lock's state.
      if (!worst || place > worst.place) worst = { place, waiters: this.locks.get(key)?.waiters ?? waiters };
    return worst;
  }

  /** How a seat is drawn, the most important first. */
  look(seat) {
    if (this.myWaitForSeat(seat)) return 'waiting';
    const { state, mine } = this.seats.get(seat);
    const lock = this.lockOfSeat(seat);
    if (state === 'sold') return mine ? 'ticket' : 'sold';
    if (lock?.holders.some((holder) => holder.mine && holder.lock)) return 'kept';
    return lock ? 'taken' : 'free';
  }
}

/** How much of a hold is left, from 0 to 1; 1 where it has no end. */
export const share = (hold, now) =>
  hold.until === null || hold.whole <= 0 ? 1 : Math.max(0, Math.min(1, (hold.until - now) / hold.whole));

export const isSeatKey = (key) => seatOf(key) !== null;
