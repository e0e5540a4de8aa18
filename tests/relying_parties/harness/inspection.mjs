// What holds for every page: looked at once in light and once in dark, wide and narrow.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { picture } from './browser.mjs';
import { build } from './processes.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const narrow = [320, 390];
const phone = { width: 390, height: 844 };

/** Looks at the pages of one origin, at each kind of page once; `SHOW_PAGES=1` keeps pictures in build/pages. */
export class Inspector {
  seen = new Set();

  constructor(origin) {
    this.origin = origin;
  }

  /** The faults of the page shown, in words. */
  async look({ page }) {
    const kind = await page.evaluate(describe, this.origin).catch(() => undefined); // On its way to another page.
    if (!kind || !this.isNew(kind)) return [];
    return (await this.faults(page, slug(kind))).map((fault) => `${kind}: ${fault}`);
  }

  /** `PROOF_INSPECTED` names a folder in which the files of one run note what they have seen. */
  isNew(kind) {
    if (this.seen.has(kind)) return false;
    this.seen.add(kind);
    if (!process.env.PROOF_INSPECTED) return true;
    try {
      mkdirSync(join(process.env.PROOF_INSPECTED, slug(kind)));
      return true;
    } catch (error) {
      if (error.code === 'EEXIST') return false;
      throw error;
    }
  }

  async faults(page, name) {
    const viewport = page.viewportSize();
    await page.evaluate(axe); // By the debugger's channel, which the page's policy does not bind.
    const faults = [...await titleFaults(page), ...await axeFaults(page, 'light')];
    await show(page, name, 'light');
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await show(page, name, 'dark');
    faults.push(...await widthFaults(page));
    await page.setViewportSize(phone);
    faults.push(...await axeFaults(page, 'dark, on a phone'));
    await page.emulateMedia({ colorScheme: 'light' });
    await show(page, name, 'phone');
    await page.emulateMedia({ reducedMotion: null });
    await page.setViewportSize(viewport);
    return faults;
  }
}

async function show(page, name, look) {
  if (!process.env.SHOW_PAGES) return;
  await picture(page, { path: join(build, 'pages', `${name}-${look}.png`), fullPage: true });
}

const slug = (kind) => kind.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '');

/** Runs in the page. Undefined on pages of others and where a page only sends the browser on. */
function describe(origin) {
  if (location.origin !== origin || document.querySelector('#continue-link, #form-post')) return undefined;
  const shown = (selector) => (document.querySelector(selector) ? ` ${selector}` : '');
  const rows = document.querySelector('.items') ? ' with rows' : '';
  const title = document.title.replace(/ as \S+\?|^Allow .*/, '').replace(' · Portcullis', '');
  return `${location.pathname} "${title}"${shown('#error-summary')}${shown('#flash')}${shown('.alert')}${rows}`;
}

async function titleFaults(page) {
  const failed = await page.locator('#error-summary').count() > 0;
  const told = (await page.title()).startsWith('Error: ');
  return failed === told ? [] : [`the title ${told ? 'tells of an error that is not there' : 'keeps quiet about the error'}`];
}

async function widthFaults(page) {
  const faults = [];
  for (const width of narrow) {
    await page.setViewportSize({ width, height: 800 });
    const needs = await page.evaluate(() => document.documentElement.scrollWidth);
    if (needs > width) faults.push(`${needs} px wide on a screen of ${width}`);
  }
  return faults;
}

async function axeFaults(page, look) {
  const run = () => page.evaluate(async (tags) => {
    const options = { runOnly: { type: 'tag', values: tags }, rules: { 'target-size': { enabled: true } }, resultTypes: ['violations'] };
    return (await window.axe.run(document, options)).violations;
  }, standards);
  const violations = await run().catch(async (error) => {
    // A page that loads itself anew (an import at work) is another document since.
    if (!/reading 'run'|context was destroyed/.test(error.message)) throw error;
    await page.waitForLoadState();
    await page.evaluate(axe);
    return run();
  });
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => (
    `${look}: ${id} (${help}) at ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`
  )));
}
