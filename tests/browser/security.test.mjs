// What somebody watches over in the account: keys, sessions, applications, what happened.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertFlash, assertRefused, assertSignedOut, pressInRow, signIn } from './people.mjs';

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  const options = ['--serves', 'https://api.example.test/'];
  started.app = await started.server.createClient('notes', { redirectUris: [started.callback.uri], options });
});
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const newPerson = (name) => world.server.createUser(`${name}-${variant.name}`);
  const page = (name) => `${world.server.issuer}/account/${name}`;

  async function arrive(visitor, name) {
    const ada = await newPerson(name);
    await signIn(visitor, world.server.issuer, ada);
    return ada;
  }

  travel('an API key is shown once and can be revoked', async (visitor) => {
    const ada = await arrive(visitor, 'key');
    await visitor.open(page('security'));
    await visitor.press('#new-api-key');
    await visitor.fill({ name: ' ' });
    await visitor.press('#api-key-submit');
    await assertRefused(visitor, /Give the key a name/);
    await visitor.fill({ name: 'Backup' });
    await visitor.page.getByLabel('See your email address').check();
    await visitor.press('#api-key-submit');
    const secret = await visitor.page.locator('#secret').innerText();
    assert.equal(await visitor.page.locator('[data-copy]').isVisible(), variant.script, 'a button to copy needs a script');
    await world.server.letters.next(ada.email, /^A new API key/);
    const told = async () => (await world.provider.introspect(world.app, secret)).body;
    assert.deepEqual([(await told()).active, (await told()).username], [true, ada.username]);

    await visitor.press('#api-key-done');
    assert.match(await visitor.text(), /Backup/);
    assert.doesNotMatch(await visitor.text(), new RegExp(secret));
    await pressInRow(visitor, 'Backup', 'Revoke');
    await assertFlash(visitor, /revoked/);
    assert.deepEqual(await told(), { active: false });
  });

  travel('pressing twice makes one API key', async (visitor) => {
    await arrive(visitor, 'keys');
    await visitor.open(page('api-keys/new'));
    await visitor.fill({ name: 'Backup' });
    await visitor.pressTwice('#api-key-submit');
    assert.ok(await visitor.shows('secret'));
    await visitor.open(page('security'));
    assert.equal(await visitor.page.locator('.items > li').count(), 1);
  });

  travel('sessions: one is ended, then all others', async (visitor, another) => {
    const ada = await newPerson('sessions');
    const others = [await another(), await another(), await another()];
    for (const one of [...others, visitor]) await signIn(one, world.server.issuer, ada);
    await visitor.open(page('sessions'));
    assert.equal(await visitor.page.locator('.items > li').count(), 4);
    await pressInRow(visitor, 'Signed in', 'Sign out');
    await assertFlash(visitor, /session is signed out/);
    assert.equal(await visitor.page.locator('.items > li').count(), 3);
    await visitor.pressAndWander('#end-other-sessions');
    await assertFlash(visitor, /All other sessions/);
    assert.equal(await visitor.page.locator('.items > li').count(), 1);
    assert.equal(await visitor.shows('end-other-sessions'), false);
    for (const one of others) await assertSignedOut(one, world.server.issuer);
    await visitor.press('#end-all-sessions');
    await assertSignedOut(visitor, world.server.issuer);
  });

  travel('a connected application is revoked and has to ask again', async (visitor) => {
    const ada = await arrive(visitor, 'apps');
    await visitor.open(page('apps'));
    assert.match(await visitor.text(), /will appear here/);
    const more = { scope: 'openid email offline_access' };
    await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri, more));
    assert.deepEqual(await visitor.passTo(world.callback.origin, ada), ['consent']);
    const { code } = await world.callback.next();
    const { body } = await world.provider.redeem(world.app, world.callback.uri, code);
    await visitor.open(`${world.server.issuer}/account`);
    assert.match(await visitor.text(), /The notes application/);

    await visitor.open(page('apps'));
    const button = 'form[action="/account/apps/revoke"] button';
    await visitor.pressAndWander(button);
    await assertFlash(visitor, /can no longer use your account/);
    assert.equal((await world.provider.userinfo(body.access_token)).status, 401);
    assert.equal((await world.provider.refresh(world.app, body.refresh_token)).status, 400);
    await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri, more));
    assert.equal(await visitor.whereAmI(world.callback.origin), 'consent');
  });

  travel('activity tells of a failed sign-in, and "this wasn’t me" locks everybody out', async (visitor, another) => {
    const ada = await newPerson('activity');
    const stranger = await another();
    await stranger.open(`${world.server.issuer}/login`);
    await stranger.enter({ ...ada, password: 'not-the-password-at-all' });
    await signIn(visitor, world.server.issuer, ada);
    await visitor.open(page('activity'));
    await visitor.page.locator('#kind').selectOption('failures');
    await visitor.press('#filter-submit');
    assert.equal(await visitor.page.locator('.items > li').count(), 1);
    assert.match(await visitor.text(), /A sign-in failed/);
    await visitor.press('a[href="/account/not-me"]');
    await visitor.press('#not-me-submit');
    assert.equal(visitor.path(), '/login');
    assert.match(await visitor.text(), /a link for a new password is on its way/);
    await visitor.open((await world.server.letters.next(ada.email, /^Choose a new password/)).link('/password/reset/link'));
    assert.ok(await visitor.shows('password-submit'));
    await assertSignedOut(visitor, world.server.issuer);
  });

  travel('data is downloaded as one file', async (visitor) => {
    const ada = await arrive(visitor, 'data');
    await visitor.open(page('data'));
    const [download] = await Promise.all([visitor.page.waitForEvent('download'), visitor.page.locator('#export-data').click()]);
    assert.match(download.suggestedFilename(), /\.json$/);
    let text = '';
    for await (const part of await download.createReadStream()) text += part;
    assert.match(JSON.stringify(JSON.parse(text)), new RegExp(ada.email));
    assert.doesNotMatch(text, /argon2/);
  });

  travel('a deleted account is kept by signing in again', async (visitor) => {
    const ada = await arrive(visitor, 'leaves');
    await visitor.open(page('data'));
    await visitor.fill({ confirm: 'yes' });
    await visitor.press('#delete-account');
    await assertRefused(visitor, /Type your username/);
    await visitor.fill({ confirm: ada.username });
    await visitor.press('#delete-account');
    assert.equal(visitor.path(), '/login');
    assert.match(await visitor.text(), /will be deleted/);
    await world.server.letters.next(ada.email, /^Your account will be deleted/);

    await visitor.enter(ada);
    assert.equal(visitor.path(), '/account/keep');
    await visitor.open(page('profile'));
    assert.equal(visitor.path(), '/account/keep', 'nothing else until that is decided');
    await visitor.press('#keep-account');
    assert.match(visitor.path(), /^\/account/);
    await signInAgain(visitor, ada);
  });
});

async function signInAgain(visitor, person) {
  await visitor.open(`${world.server.issuer}/account`);
  await visitor.press('#logout-submit');
  await signIn(visitor, world.server.issuer, person);
}
