// The first administrator, by the one-time link.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { password } from '../relying_parties/harness/server.mjs';
import { journey, journeys } from './journeys.mjs';

// One server each: a server is set up once.
for (const [script, link] of [[true, printedLink], [false, renewedLink]]) {
  describe(script ? 'with JavaScript' : 'without JavaScript', () => {
    const world = journeys();

    journey(world, { script }, 'a wrong link opens nothing', async (visitor) => {
      const response = await visitor.open(`${world.server.issuer}/setup?token=guessed`);
      assert.ok([403, 404, 410].includes(response.status()), `status ${response.status()}`);
      assert.equal(await visitor.shows('setup-submit'), false);
    });

    journey(world, { script }, 'the link makes an administrator, once', async (visitor, another) => {
      const url = await link(world.server);
      const root = { username: 'root-of-all', email: 'root@example.test', password };
      await visitor.open(url);
      await fillSetup(visitor, root);
      await visitor.open(`${world.server.issuer}/account`);
      if (await visitor.shows('login-submit')) await visitor.enter(root);
      assert.match(new URL(visitor.page.url()).pathname, /^\/account\/?$/);
      assert.match(await visitor.text(), /root-of-all/);

      const late = await another();
      for (const again of [url, `${world.server.issuer}/setup`]) {
        assert.equal((await late.open(again)).status(), 404);
      }
    });
  });
}

async function printedLink(server) {
  const printed = server.output();
  const link = new RegExp(`${server.issuer}/setup\\?token=[\\w.~%-]+`).exec(printed)?.[0];
  assert.ok(link, `serve prints the link:\n${printed}`);
  return link;
}

async function renewedLink(server) {
  return (await server.json(['setup-link'])).url;
}

/** The wizard may have more steps; each has the same button. */
async function fillSetup(visitor, { username, email, password: secret }) {
  await visitor.page.locator('#username').fill(username);
  await visitor.page.locator('#email').fill(email);
  await visitor.page.locator('#new-password').fill(secret);
  for (let step = 0; step < 4 && await visitor.shows('setup-submit'); step++) await visitor.press('#setup-submit');
  assert.equal(await visitor.shows('error-summary'), false, await visitor.text());
}
