// The seats: a grid with one tab stop, in which the arrow keys move. The seat that has the focus is the chosen one.

import { columns, rows, share } from './board.js';
import { byId, h, initial, setAttribute, setText } from './dom.js';
import { left, ordinal } from './words.js';

const moves = {
  ArrowLeft: (row, column) => [row, column - 1],
  ArrowRight: (row, column) => [row, column + 1],
  ArrowUp: (row, column) => [row - 1, column],
  ArrowDown: (row, column) => [row + 1, column],
  Home: (row) => [row, 0],
  End: (row) => [row, columns - 1],
};

/** Tells of what was chosen by `choose(seat)`, and of keys by `act(key)`; `enter()` goes to the actions. */
export class Seats {
  #board;
  #visitor;
  #cells = new Map();
  #chosen = null;

  constructor(board, visitor, { choose, act, enter }) {
    this.#board = board;
    this.#visitor = visitor;
    const grid = byId('seats');
    rows.forEach((letter, row) => {
      const line = h('div', { role: 'row', class: 'seat-row' });
      line.append(h('span', { role: 'rowheader', class: 'row-name' }, letter));
      for (let column = 0; column < columns; ++column) {
        const seat = `${letter}${column + 1}`;
        const cell = h(
          'button',
          { type: 'button', role: 'gridcell', class: 'seat', id: `seat-${seat}`, tabindex: '-1', 'data-seat': seat },
          h('span', { class: 'mark' }),
          h('span', { class: 'queue' }),
          h('span', { class: 'ebb' }),
        );
        // The rows bend around the stage.
        const away = Math.abs(column - (columns - 1) / 2) / ((columns - 1) / 2);
        cell.style.setProperty('--bend', (away * away).toFixed(3));
        cell.addEventListener('focus', () => choose(seat));
        cell.addEventListener('click', (event) => {
          cell.focus(); // Safari does not focus a button that was clicked
          choose(seat);
          if (event.detail === 0) enter(); // by the keyboard or a screen reader
        });
        this.#cells.set(seat, cell);
        line.append(cell);
      }
      grid.append(line);
    });
    this.#cells.get('A1').tabIndex = 0;

    grid.addEventListener('keydown', (event) => {
      const seat = event.target.dataset.seat;
      if (!seat || event.ctrlKey || event.altKey || event.metaKey) return;
      const move = moves[event.key];
      if (move) {
        const [row, column] = move(rows.indexOf(seat[0]), Number(seat.slice(1)) - 1);
        this.#cells.get(`${rows[row]}${column + 1}`)?.focus();
        event.preventDefault();
      } else if (/^[kbml]$/i.test(event.key)) {
        act(event.key.toLowerCase());
      }
    });
  }

  /** Marks these seats as chosen; the first is the one that Tab comes back to. */
  mark(seat, together) {
    this.#cells.get(this.#chosen ?? 'A1').tabIndex = -1;
    this.#chosen = seat;
    this.#cells.get(seat).tabIndex = 0;
    for (const [name, cell] of this.#cells) setAttribute(cell, 'aria-selected', together.includes(name));
  }

  focus() {
    this.#cells.get(this.#chosen ?? 'A1').focus();
  }

  draw() {
    for (const [seat, cell] of this.#cells) {
      const look = this.#board.look(seat);
      const lock = this.#board.lockOfSeat(seat);
      const holder = lock?.holders[0];
      const waiters = lock?.waiters ?? 0;
      setAttribute(cell, 'data-state', look);
      setAttribute(cell, 'data-paying', this.#visitor.paying.has(seat) || null);
      const [mark, queue] = cell.children;
      setText(mark, this.#mark(seat, look, holder));
      setText(queue, waiters > 0 ? waiters : '');
      setAttribute(cell, 'aria-label', this.#label(seat, look, holder, waiters));
    }
    this.tick();
  }

  /** The bars below seats that are held for a time. */
  tick() {
    const now = performance.now();
    for (const [seat, cell] of this.#cells) {
      const holder = this.#board.lockOfSeat(seat)?.holders[0];
      const ebb = cell.lastElementChild;
      ebb.hidden = !holder;
      if (holder) ebb.style.setProperty('--left', share(holder, now).toFixed(3));
    }
  }

  #mark(seat, look, holder) {
    if (look === 'ticket') return '✓';
    if (look === 'sold') return '×';
    if (look === 'waiting') {
      const place = this.#board.placeOf(this.#board.myWaitForSeat(seat))?.place;
      return !place ? '…' : place < 10 ? ordinal(place) : place;
    }
    if (look === 'taken' && holder) return initial(holder.name);
    return seat.slice(1);
  }

  #label(seat, look, holder, waiters) {
    const until = holder?.until ? `, ${left(holder.until - performance.now())} left` : '';
    const says = {
      free: () => 'free',
      kept: () => `you keep it${until}`,
      taken: () => (holder ? `kept by ${holder.name}${until}` : 'about to be taken'),
      waiting: () => {
        const place = this.#board.placeOf(this.#board.myWaitForSeat(seat));
        const mine = place ? `you are ${ordinal(place.place)} in the queue` : 'you queue';
        return holder ? `${mine}, kept by ${holder.name}${until}` : mine;
      },
      ticket: () => `your ticket, in the name of ${this.#board.seats.get(seat).name}`,
      sold: () => `sold to ${this.#board.seats.get(seat).name}`,
    };
    const queue = waiters > 0 && look !== 'waiting' ? `, ${waiters} waiting` : '';
    return `Row ${seat[0]} seat ${seat.slice(1)}, ${says[look]()}${queue}`;
  }
}
