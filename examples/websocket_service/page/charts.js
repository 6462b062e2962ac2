// Small line charts of the last minute, drawn as SVG.

import { byId, h, setText, svg } from './dom.js';
import { duration } from './words.js';

const points = 60; // one a second
const width = 240;
const height = 72;

const rate = (value) => (value < 10 && value % 1 !== 0 ? value.toFixed(1) : String(Math.round(value)));

const charts = [
  {
    id: 'chart-rate',
    title: 'Per second',
    unit: rate,
    least: 4,
    series: [
      { name: 'locks taken', of: (stats) => stats.acquired_per_s },
      { name: 'seats sold', of: (stats) => stats.reserved_per_s },
    ],
  },
  {
    id: 'chart-wait',
    title: 'Wait for a lock',
    unit: duration,
    least: 10,
    series: [
      { name: 'typical (p50)', of: (stats) => stats.wait_p50_ms },
      { name: '1 in 100 (p99)', of: (stats) => stats.wait_p99_ms },
    ],
  },
  {
    id: 'chart-held',
    title: 'At the moment',
    unit: rate,
    least: 4,
    series: [
      { name: 'held', of: (stats) => stats.held },
      { name: 'waiting', of: (stats) => stats.waiting },
    ],
  },
];

class Chart {
  #values;
  #lines;
  #legend;
  #scale;
  #picture;
  #cursor;
  #about;

  constructor(about) {
    this.#about = about;
    this.#values = about.series.map(() => Array(points).fill(null));
    this.#lines = about.series.map((_, index) => svg('path', { class: `line line-${index}` }));
    this.#cursor = svg('line', { class: 'cursor', y1: 0, y2: height, visibility: 'hidden' });
    this.#scale = h('span', { class: 'scale' });
    this.#legend = about.series.map(({ name }, index) => {
      const value = h('b', {}, '–');
      return { value, element: h('span', { class: `legend-${index}` }, value, ` ${name}`) };
    });
    this.#picture = svg(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${about.title}: no numbers yet` },
      svg('path', { class: 'grid-line', d: `M0 .5H${width}M0 ${height / 2}H${width}M0 ${height - 0.5}H${width}` }),
      ...[...this.#lines].reverse(),
      this.#cursor,
    );
    byId(about.id).append(
      h('figcaption', {}, h('span', { class: 'chart-title' }, about.title), h('span', { class: 'chart-legend' }, ...this.#legend.map(({ element }) => element))),
      h('div', { class: 'plot' }, this.#picture, this.#scale),
      h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}, '1 min ago'), h('span', {}, 'now')),
    );
    this.#picture.addEventListener('pointermove', (event) => {
      const box = this.#picture.getBoundingClientRect();
      const place = Math.round(((event.clientX - box.left) / box.width) * (points - 1));
      this.#point(Math.max(0, Math.min(points - 1, place)));
    });
    this.#picture.addEventListener('pointerleave', () => this.#point(null));
  }

  /** One second more; null while there is no connection. */
  add(stats) {
    this.#about.series.forEach(({ of }, index) => {
      this.#values[index].push(stats ? of(stats) : null);
      this.#values[index].shift();
    });
    this.#draw();
  }

  #draw() {
    const top = Math.max(this.#about.least, ...this.#values.flat().map((value) => value ?? 0)) * 1.1;
    this.#lines.forEach((line, index) => line.setAttribute('d', path(this.#values[index], top)));
    setText(this.#scale, this.#about.unit(top / 1.1));
    if (this.#cursor.getAttribute('visibility') === 'hidden') this.#say(points - 1);
    const said = this.#about.series.map(({ name }, index) => `${this.#text(index, points - 1)} ${name}`);
    this.#picture.setAttribute('aria-label', `${this.#about.title}: ${said.join(', ')}`);
  }

  #point(place) {
    this.#cursor.setAttribute('visibility', place === null ? 'hidden' : 'visible');
    const x = ((place ?? 0) / (points - 1)) * width;
    this.#cursor.setAttribute('x1', x);
    this.#cursor.setAttribute('x2', x);
    this.#say(place ?? points - 1);
  }

  #say(place) {
    this.#legend.forEach(({ value }, index) => setText(value, this.#text(index, place)));
  }

  #text(index, place) {
    const value = this.#values[index][place];
    return value === null ? '–' : this.#about.unit(value);
  }
}

// Where a second is missing, the line has a gap.
function path(values, top) {
  let drawn = '';
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) return (pen = false);
    const x = ((index / (points - 1)) * width).toFixed(1);
    const y = (height - 1 - (value / top) * (height - 2)).toFixed(1);
    drawn += `${pen ? 'L' : 'M'}${x} ${y}`;
    return (pen = true);
  });
  return drawn;
}

export class Charts {
  #charts = charts.map((about) => new Chart(about));

  add(stats) {
    for (const chart of this.#charts) chart.add(stats);
  }
}
