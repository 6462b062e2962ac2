// Visitors with a real browser. Each is watched: what a page writes to its console, throws, or asks of any other
// address than the server's is a failure of the test.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { afterwards } from './afterwards.mjs';

export const desktop = { viewport: { width: 1280, height: 900 } };
export const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const within = 8000;
let browser;

export async function openBrowser() {
  browser = await chromium.launch({
    executablePath: process.env.COLOCK_CHROMIUM ?? '/usr/bin/chromium',
    // Chromium's sandbox does not work for root, nor in most containers.
    args: process.getuid() === 0 ? ['--no-sandbox'] : [],
  });
}

export const closeBrowser = () => browser?.close();

export class Visitor {
  #faults = [];

  /** What the page may complain of, because the test takes the server away. */
  expected = [];

  /** As `open`, and waits for the connection. */
  static async come(t, server, name, options = desktop) {
    const visitor = await Visitor.open(t, server, name, options);
    await visitor.connected();
    return visitor;
  }

  /** A visitor with a browser profile of their own; gone after the test, which fails if the page complained. */
  static async open(t, server, name, options = desktop) {
    const context = await browser.newContext({ colorScheme: 'light', reducedMotion: 'reduce', locale: 'en-GB', ...options });
    context.setDefaultTimeout(within);
    const visitor = new Visitor();
    visitor.context = context;
    visitor.origin = new URL(server.url).origin;
    visitor.name = name;
    context.on('page', (page) => visitor.#watch(page));
    afterwards(t, async () => {
      await context.close();
      assert.deepEqual(visitor.#faults, [], `what the page of ${name} complained of`);
    });
    visitor.page = await context.newPage();
    await visitor.page.goto(`${server.url}?name=${encodeURIComponent(name)}`);
    return visitor;
  }

  #watch(page) {
    const fault = (text) => {
      if (!this.expected.some((pattern) => pattern.test(text))) this.#faults.push(text);
    };
    page.on('pageerror', (error) => fault(`threw ${error.stack}`));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && fault(`${message.type()}: ${message.text()}`));
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== this.origin) fault(`asked for ${request.url()}`);
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(this.origin).host) fault(`connected to ${socket.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) fault(`${response.status()} for ${response.url()}`);
    });
  }

  find(selector) {
    return this.page.locator(selector);
  }

  /** Waits until there is such an element to be seen. */
  sees(selector, timeout = within) {
    return this.find(selector).first().waitFor({ timeout });
  }

  /** Waits until an element's text fits. */
  async reads(selector, pattern, timeout = within) {
    const found = this.find(selector).filter({ hasText: pattern }).first();
    try {
      await found.waitFor({ timeout });
    } catch {
      const texts = await this.find(selector).allInnerTexts();
      assert.fail(`${this.name} does not read ${pattern} in ${selector}, but ${JSON.stringify(texts)}`);
    }
  }

  connected() {
    return this.sees('#link[data-state=open]');
  }

  seat(seat) {
    return this.find(`#seat-${seat}`);
  }

  /** Waits until a seat looks like that. */
  async seesSeat(seat, look, timeout = within) {
    try {
      await this.sees(`#seat-${seat}[data-state=${look}]`, timeout);
    } catch {
      assert.fail(`${this.name} does not see seat ${seat} as ${look}, but: ${await this.seat(seat).getAttribute('aria-label')}`);
    }
  }

  async choose(seat) {
    await this.seat(seat).click();
    await this.reads('#panel-title', new RegExp(`^Seats? .*\\b${seat}\\b`));
  }

  /** Presses a button of the panel. */
  act(action) {
    return this.find(`[data-action=${action}]`).click();
  }

  async keep(seat, keepFor = '60000') {
    await this.choose(seat);
    await this.find('#keep-for').selectOption(keepFor);
    await this.act('keep');
    await this.seesSeat(seat, 'kept');
  }

  async queue(seat) {
    await this.choose(seat);
    await this.act('queue');
    await this.seesSeat(seat, 'waiting');
  }

  async buy(seat) {
    await this.choose(seat);
    await this.act('buy');
    await this.seesSeat(seat, 'ticket');
  }

  /** Whether the page is wider than the window. */
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }

  /** A picture of what is on the screen, or of the whole page, in a window as high as that. */
  async picture(name, { whole = false } = {}) {
    const folder = process.env.COLOCK_SCREENSHOTS ?? 'screenshots';
    await mkdir(folder, { recursive: true });
    const window = this.page.viewportSize();
    await this.page.evaluate(() => document.querySelectorAll('.toast .close').forEach((button) => button.click()));
    if (whole) {
      for (let pass = 0; pass < 2; ++pass) {
        // What is bound to the window's height grows with it.
        const height = await this.page.evaluate(() => Math.ceil(document.body.getBoundingClientRect().height));
        await this.page.setViewportSize({ width: window.width, height });
      }
      await this.page.evaluate(() => scrollTo(0, 0));
    }
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
    if (whole) await this.page.setViewportSize(window);
  }
}
