// What all journeys share: a server for a file, a browser, and each journey told with and without JavaScript.
import { after, before, describe, test } from 'node:test';
import { newVisitor, openBrowser } from '../relying_parties/harness/browser.mjs';
import { Inspector } from '../relying_parties/harness/inspection.mjs';
import { startServer } from '../relying_parties/harness/server.mjs';

/** Fills `world` with `server` and `browser` before the file's tests; `arrange` may add more, `settings` are the server's. */
export function journeys(arrange = async () => {}, settings = () => ({})) {
  const world = {};
  before(async () => {
    world.browser = await openBrowser();
    world.server = await startServer(await settings(world));
    world.inspector = new Inspector(world.server.issuer);
    await arrange(world);
  }, { timeout: 120_000 });
  after(async () => {
    await world.browser?.close();
    await world.server?.stop();
  });
  return world;
}

/** Declares the journeys twice. `variant` is `{ script, name }`; the name serves to keep users and clients apart. */
export function withAndWithoutScript(declare) {
  for (const script of [true, false]) {
    describe(script ? 'with JavaScript' : 'without JavaScript', () => declare({ script, name: script ? 'script' : 'plain' }));
  }
}

/**
 * One journey: `travel(visitor, newVisitor)`; every browser is closed and asked for complaints at the end. With script each
 * kind of page is inspected when it is first seen. `timeout` is in milliseconds.
 */
export function journey(world, { script, timeout = 120_000 }, title, travel) {
  test(title, { timeout }, async () => {
    const visitors = [];
    const another = async () => {
      visitors.push(await newVisitor(world.browser, { script, inspector: script ? world.inspector : undefined }));
      return visitors.at(-1);
    };
    try {
      await travel(await another(), another);
    } catch (error) {
      for (const visitor of visitors) await visitor.context.close();
      throw visitors.reduce((failure, visitor) => visitor.explain(failure), error);
    }
    for (const visitor of visitors) await visitor.leave();
  });
}
