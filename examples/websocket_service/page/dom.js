// Small helpers for elements. Strings always become text nodes, never markup.

const svgNames = 'http://www.w3.org/2000/svg';

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element: `h('p', {class: 'hint', onclick: f}, 'text', otherElement)`. */
export const h = (tag, properties = {}, ...children) => fill(document.createElement(tag), properties, children);

/** The same for SVG. */
export const svg = (tag, properties = {}, ...children) =>
  fill(document.createElementNS(svgNames, tag), properties, children);

export const byId = (id) => document.getElementById(id);

/** Sets text only where it changes: a write would end a selection and wake screen readers. */
export function setText(element, text) {
  const value = String(text);
  if (element.textContent !== value) element.textContent = value;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/**
 * Makes the children of `list` those of `items`, in their order. An item keeps its element for as long as it is
 * there, so that a button in it keeps the focus. `create(item)` returns an element whose `update(item)` is called
 * on every pass.
 */
export function reconcile(list, items, keyOf, create) {
  const known = (list.known ??= new Map());
  const keys = items.map(keyOf);
  const wanted = new Set(keys);
  // First those that are gone: a move would take the focus away.
  for (const [key, element] of known) {
    if (wanted.has(key)) continue;
    known.delete(key);
    element.remove();
  }
  let place = list.firstElementChild;
  items.forEach((item, index) => {
    let element = known.get(keys[index]);
    if (!element) known.set(keys[index], (element = create(item)));
    element.update(item);
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
  });
}

/** The coloured initial of a visitor. The colour follows from the name, so that one can be followed by eye. */
export function face(name) {
  const element = h('span', { class: 'face', 'aria-hidden': 'true' });
  showFace(element, name);
  return element;
}

export function showFace(element, name) {
  let hue = 0;
  for (const character of name) hue = (hue * 31 + character.codePointAt(0)) % 360;
  element.style.setProperty('--hue', hue);
  setText(element, initial(name));
}

/** Of the last word: "Robot Rita" is R, "Robot Otto" is O. */
export function initial(name) {
  const first = [...(name.trim().split(/\s+/).pop() ?? '')][0] ?? '?';
  return first.toUpperCase();
}
