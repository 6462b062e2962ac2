// The page: who is here, what is shown where, and what comes from the server.

import { Board } from './board.js';
import { Charts } from './charts.js';
import { Connection } from './connection.js';
import { Crowd } from './crowd.js';
import { byId, setAttribute, setText, showFace } from './dom.js';
import { Holds } from './holds.js';
import { fitName, identify } from './identity.js';
import { Locks } from './locks.js';
import { Log } from './log.js';
import { Panel } from './panel.js';
import { Seats } from './seats.js';
import { toast } from './toasts.js';
import { Visitor } from './visitor.js';
import { left, reason } from './words.js';

const tickEvery = 200;

const identity = await identify();
const connection = new Connection(() => identity.hello());
const board = new Board();
const visitor = new Visitor(connection, board);
const log = new Log();
const charts = new Charts();
const holds = new Holds(board);
const locks = new Locks(board, visitor);
const crowd = new Crowd(board, identity);
const seats = new Seats(board, visitor, {
  choose: (seat) => panel.choose(seat),
  act: (key) => panel.act(key),
  enter: () => panel.enter(),
});
const panel = new Panel(board, visitor, connection, {
  marked: (seat, together) => seats.mark(seat, together),
  leave: () => seats.focus(),
});

const views = [seats, panel, holds, locks];
const draw = () => {
  for (const view of views) view.draw();
  setText(byId('sold'), board.sold);
  setText(byId('conflicts'), board.conflicts);
};
board.addEventListener('change', draw);
setInterval(() => {
  if (document.hidden) return;
  for (const view of views) view.tick();
  showRetry();
}, tickEvery);

// The connection

const hear = {
  lock: (message) => {
    board.setLock(message.state);
    log.locks(message);
  },
  seat: (message) => {
    log.seat(message, board.seats.get(message.seat));
    board.setSeat(message);
    board.setSales(message);
  },
  stats: (message) => charts.add(message),
  closing: () => {
    log.note('The server is shutting down.');
    toast('The theatre is closing. This page comes back when it opens again.');
  },
};
connection.addEventListener('message', ({ detail }) => hear[detail.event]?.(detail));

connection.addEventListener('welcome', async ({ detail }) => {
  visitor.name = detail.name;
  setText(byId('me-name'), detail.name);
  showFace(byId('me-face'), detail.name);
  document.title = `${detail.name} · colock theatre`;
  // Robots have no tokens of their own.
  byId('crowd').hidden = byId('crowd-hint').hidden = Boolean(identity.token) || !detail.board;
  log.note(`Connected as ${detail.name}.`);
  try {
    // Each is used as soon as it is there, because events follow on its heels.
    await Promise.all([
      connection.request('watch').then((answer) => board.restartLocks(answer.locks)),
      connection.request('watch_seats').then((answer) => board.restartSeats(answer)),
    ]);
    const found = board.mine();
    if (wasLost && found.length > 0) toast('You are back, and what you keep is still yours.', 'good');
    else if (wasLost) toast('You are back.', 'good');
    wasLost = false;
  } catch (error) {
    if (error.code !== 'disconnected') toast(reason(error), 'error');
  }
});

let wasLost = false;
connection.addEventListener('state', () => {
  const { state } = connection;
  setAttribute(byId('link'), 'data-state', state);
  setText(byId('link-text'), { open: 'Connected', connecting: 'Connecting', waiting: 'Not connected', refused: 'Not let in', stopped: 'Not connected' }[state]);
  document.documentElement.classList.toggle('stale', state !== 'open');
  if (state === 'waiting') {
    if (!wasLost) log.note('The connection was lost.');
    wasLost = true;
    charts.add(null);
  }
  if (state === 'refused') refused();
  byId('offline').hidden = state === 'open' || !wasLost;
  showRetry();
  draw();
});

function showRetry() {
  const { state, problem, retryAt } = connection;
  if (state === 'waiting')
    setText(byId('offline-text'), problem === 'full' ? 'The theatre is full.' : 'The connection was lost. What you see may be old.');
  // Not read aloud: it changes each second.
  setText(byId('offline-when'), state === 'waiting' ? `Trying again in ${left(retryAt - performance.now())}.` : 'Trying now…');
}
byId('retry').addEventListener('click', () => connection.retry());
addEventListener('online', () => connection.retry());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  connection.retry();
  draw();
});

function refused() {
  if (connection.problem === 'permission_denied') {
    if (identity.token) setText(byId('token-problem'), 'That token is not known here. Please try again.');
    byId('token-dialog').showModal();
  } else {
    toast(reason({ code: connection.problem }), 'error');
  }
}
byId('token-form').addEventListener('submit', () => {
  identity.showToken(byId('token-input').value);
  byId('token-input').value = '';
  connection.start();
});

// Around the seats

byId('crowd').addEventListener('click', () => {
  if (crowd.here) crowd.sendHome();
  else crowd.letIn();
  byId('crowd').setAttribute('aria-pressed', String(crowd.here));
  setText(byId('crowd'), crowd.here ? 'Send the crowd home' : 'Let a crowd in');
});

byId('me').addEventListener('click', () => {
  byId('new-name').value = '';
  byId('me-dialog').showModal();
});
byId('me-cancel').addEventListener('click', () => byId('me-dialog').close());
byId('me-form').addEventListener('submit', async (event) => {
  const name = fitName(byId('new-name').value);
  if (!name) return event.preventDefault();
  await connection.request('release_all').catch(() => null);
  identity.become(name);
  connection.stop();
  connection.start();
});

const help = byId('help-dialog');
byId('help').addEventListener('click', () => help.showModal());
addEventListener('keydown', (event) => {
  const typing = event.target.closest?.('input, select, textarea, dialog');
  if (event.key === '?' && !typing && !help.open) help.showModal();
});

byId('keep-for').addEventListener('change', draw);

showFace(byId('me-face'), identity.name);
setText(byId('me-name'), identity.name);
draw();
connection.start();
