// People with a real browser: Debian's Chromium, a fresh profile each.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { Hopeless, eventually } from './processes.mjs';

const flags = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, chromiumSandbox: false, args: flags,
  });
}

/** Desktop unless told otherwise. */
export const desktop = { width: 1280, height: 860 };

/** A person's browser with its own cookies. `script: false` switches JavaScript off; an `inspector` looks at each page. */
export async function newVisitor(browser, { script = true, colorScheme = 'light', viewport = desktop, inspector } = {}) {
  const context = await browser.newContext({ javaScriptEnabled: script, colorScheme, viewport, locale: 'en-US' });
  context.setDefaultTimeout(10_000);
  const complaints = [];
  context.on('console', (message) => {
    if (isComplaint(message)) complaints.push(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      console.error(`CSP violation: ${violatedDirective} refuses ${blockedURI}`);
    });
  });
  return new Visitor(context, await context.newPage(), complaints, inspector);
}

/**
 * A picture of the page. Chromium now and then refuses a first capture that it makes a moment later: that refusal, and no
 * other fault, is asked again, once.
 */
export async function picture(page, options) {
  try {
    return await page.screenshot(options);
  } catch (refusal) {
    if (!refusal.message.includes('Unable to capture screenshot')) throw refusal;
    await page.waitForTimeout(500);
    return page.screenshot(options);
  }
}

/** Errors, but for the browser's remark that a page itself came with a status of 4xx or 5xx. */
function isComplaint(message) {
  if (/Content Security Policy|CSP violation/i.test(message.text())) return true;
  if (message.type() !== 'error') return false;
  return !message.text().startsWith('Failed to load resource') || /\/(assets|pictures)\//.test(message.location().url);
}

class Visitor {
  constructor(context, page, complaints, inspector) {
    Object.assign(this, { context, page, complaints, inspector });
  }

  /** Looks at the page as it is now. */
  async inspect() {
    if (this.inspector) this.complaints.push(...await this.inspector.look(this));
  }

  /** Opens a page; answers the last response. A page that is just sending the browser on is waited out first. */
  async open(url) {
    const onItsWay = this.page.locator('#continue-link');
    await this.page.waitForLoadState();
    if (await onItsWay.count() > 0) await onItsWay.waitFor({ state: 'detached', timeout: 3_000 }).catch(() => {});
    await this.page.waitForLoadState();
    const response = await this.page.goto(url);
    await this.inspect();
    return response;
  }

  /** Opens a page that answers JSON. */
  async read(url) {
    const response = await this.open(url);
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Error(`no JSON at ${url} but (${response.status()}, now at ${this.page.url()}) ${text.slice(0, 500)}`, { cause });
    }
  }

  shows(id) {
    return this.page.locator(`#${id}`).isVisible();
  }

  text() {
    return this.page.locator('body').innerText();
  }

  /** Clicks and waits for the page that follows. */
  async press(selector) {
    const from = this.page.url();
    try {
      await Promise.all([this.page.waitForNavigation(), this.page.locator(selector).click()]);
    } catch (cause) {
      throw new Error(`pressing ${selector} at ${from} leads nowhere: ${cause.message}`, { cause });
    }
    await this.inspect();
  }

  /**
   * Presses, and then does as people do with the page that follows: reload, back, forward. It is still that page, no form is
   * sent again, and what lies behind is a page too (one that says "gone", perhaps).
   */
  async pressAndWander(selector) {
    await this.press(selector);
    const arrived = this.page.url();
    for (const step of ['reload', 'goBack', 'goForward']) {
      const response = await this.page[step]();
      if (!response) continue; // From the browser's memory.
      assert.ok(response.ok() || response.status() === 410, `${step} after ${selector}: ${response.status()} at ${this.page.url()}`);
      assert.equal(response.request().method(), 'GET', `${step} after ${selector} sends a form again`);
    }
    assert.equal(this.page.url(), arrived, `where one is after ${selector}, back and forward`);
  }

  /** Presses twice before the answer comes, as impatient people do; answers how many forms were sent. */
  async pressTwice(selector) {
    let sent = 0;
    const count = (request) => { sent += request.isNavigationRequest() && request.method() === 'POST' ? 1 : 0; };
    const button = this.page.locator(selector);
    await button.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await button.boundingBox();
    this.page.on('request', count);
    const firstSent = this.page.waitForRequest((request) => request.method() === 'POST');
    const follows = this.page.waitForEvent('framenavigated');
    await this.page.mouse.click(x + width / 2, y + height / 2);
    await firstSent;
    await this.page.mouse.click(x + width / 2, y + height / 2);
    await follows;
    await this.page.waitForLoadState('networkidle');
    this.page.off('request', count);
    await this.inspect();
    return sent;
  }

  /** Fills fields by their ids. */
  async fill(fields) {
    for (const [id, text] of Object.entries(fields)) await this.page.locator(`[id="${id}"]`).fill(text);
  }

  path() {
    return new URL(this.page.url()).pathname;
  }

  /** Fills the sign-in page (a confirmation shows the username read-only) and submits it. */
  async enter({ username, password }) {
    const name = this.page.locator('#username');
    if (await name.isVisible() && await name.isEditable()) await name.fill(username);
    await this.page.locator('#password').fill(password);
    await this.press('#login-submit');
  }

  /**
   * Goes through sign-in and consent until a page of `origin` shows; answers the pages it went through. `choices` says
   * which button to press on pages that leave a choice.
   */
  async passTo(origin, person, choices = {}) {
    const { consent = 'consent-allow', chooser = 'account-continue' } = choices;
    const passed = [];
    for (;;) {
      const here = await this.whereAmI(origin);
      if (here === 'arrived') return passed;
      assert.ok(passed.length < 6, `going in circles: ${passed}`);
      passed.push(here);
      if (here === 'login') await this.enter(person);
      if (here === 'consent') await this.press(`#${consent}`);
      if (here === 'chooser') await this.press(`#${chooser}`);
    }
  }

  /** `arrived`, `login`, `consent` or `chooser`; waits out pages that send the browser on by themselves. */
  whereAmI(origin) {
    return eventually(`sign-in, consent or ${origin} instead of ${this.page.url()}`, async () => {
      if (this.page.url().startsWith(`${origin}/`)) {
        await this.page.waitForLoadState();
        return 'arrived';
      }
      for (const refusal of ['error-page', 'error-summary']) {
        if (await this.shows(refusal)) throw new Hopeless(`${this.page.url()} says: ${await this.text()}`);
      }
      if (await this.shows('login-submit')) return 'login';
      if (await this.shows('consent-allow')) return 'consent';
      if (await this.shows('account-continue')) return 'chooser';
      return undefined;
    });
  }

  /** The failure together with what the browser had to say about it. */
  explain(error) {
    if (this.complaints.length === 0) return error;
    return new Error(`${error.message}\nThe browser complained: ${this.complaints.join('\n')}`, { cause: error });
  }

  /** Leaves; nothing may have been refused by a page's own policy, no script may have failed, and every page was sound. */
  async leave() {
    await this.context.close();
    assert.deepEqual(this.complaints, [], 'no fault on any page');
  }
}
