// What is said to people.

/** A time span, short: "0.4 s", "32 s", "2 min 05 s", "3 h 10 min". */
export function span(ms) {
  if (ms < 950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} min`;
}

/** What is left of a time: rounded up, so that it says 0 only when it is over. */
export const left = (ms) => span(ms <= 0 ? 0 : Math.ceil(ms / 1000) * 1000);

/** Milliseconds for a chart: "3 ms", "1.2 s". */
export const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`);

export function ordinal(n) {
  const tens = n % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[n % 10] ?? 'th');
  return `${n}${suffix}`;
}

export const seatOf = (key) => (/^seat\/[A-H]([1-9]|1[0-2])$/.test(key) ? key.slice(5) : null);

/** "seat A1", "seats A1, A2", "door/stage and lamp/3". */
export function what(keys) {
  const seats = keys.map(seatOf);
  if (seats.every((seat) => seat !== null))
    return seats.length === 1 ? `seat ${seats[0]}` : `seats ${seats.join(', ')}`;
  return list(keys.map((key) => shorten(key)));
}

export const list = (words) =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;

export const shorten = (text, most = 48) => ([...text].length <= most ? text : `${[...text].slice(0, most - 1).join('')}…`);

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const reasons = {
  bad_request: 'The server did not understand that.',
  permission_denied: 'That is not allowed for you.',
  too_many_requests: 'That was a lot at once. Please wait a second and try again.',
  too_many_locks: 'You hold as many locks as one visitor may. Let one go first.',
  too_many_waits: 'You are in as many queues as one visitor may. Leave one first.',
  invalid_argument: 'The server cannot use what you entered.',
  already_locked: 'Somebody else holds it. You can queue for it.',
  timed_out: 'It did not become free in that time.',
  too_many_waiters: 'The queue is full. Try again later.',
  lease_lost: 'Your time was over before that.',
  closed: 'The server is shutting down and takes nothing new.',
  provider_unavailable: 'The server cannot reach its lock store at the moment. Try again soon.',
  cancelled: 'You left the queue.',
  sold: 'Somebody else has bought it.',
  not_yours: 'That ticket is not yours.',
  stale_token: 'Somebody had the seat after you. Your sale was refused.',
  disconnected: 'The connection was lost before the answer came.',
  no_answer: 'The server did not answer in time.',
  internal: 'Something went wrong in the server. Its log has more.',
};

/** Why something did not work, for people; what the server said itself where that helps. */
export function reason(error) {
  const known = reasons[error.code];
  if (!known) return 'Something went wrong.';
  const detail = error.code === 'bad_request' || error.code === 'invalid_argument' ? error.message : '';
  return detail ? `${known} (${shorten(detail, 160)})` : known;
}
