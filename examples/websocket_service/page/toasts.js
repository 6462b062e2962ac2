// Short messages that go away by themselves. Errors interrupt a screen reader, the others wait for a pause.

import { byId, h } from './dom.js';

const most = 4;
const shownFor = { info: 6000, good: 6000, error: 10000 };

/** Shows a message; `kind` is info, good or error. The same message is not shown twice at a time. */
export function toast(text, kind = 'info') {
  const region = byId(kind === 'error' ? 'toasts-alert' : 'toasts-polite');
  for (const old of region.children) if (old.dataset.text === text) return;

  let timer = 0;
  const close = () => {
    clearTimeout(timer);
    element.remove();
  };
  const wait = () => {
    timer = setTimeout(close, shownFor[kind]);
  };
  const element = h(
    'div',
    { class: 'toast', 'data-kind': kind, 'data-text': text, onmouseenter: () => clearTimeout(timer), onmouseleave: wait },
    h('p', {}, text),
    h('button', { type: 'button', class: 'close', 'aria-label': 'Close this message', onclick: close }, '×'),
  );
  region.append(element);
  const all = [...document.querySelectorAll('.toast')];
  if (all.length > most) all[0].remove();
  wait();
}
