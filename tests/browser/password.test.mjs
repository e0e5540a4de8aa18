// Passwords: forgotten, changed, and due for a change.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertFlash, assertRefused, assertSignedOut, newPassword, signIn } from './people.mjs';

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  started.app = await started.server.createClient('notes', { redirectUris: [started.callback.uri], options: ['--skip-consent'] });
});
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const newPerson = (name) => world.server.createUser(`${name}-${variant.name}`);
  const issuer = () => world.server.issuer;

  travel('a forgotten password: letter, link, new password, and on to the application', async (visitor, another) => {
    const ada = await newPerson('forgot');
    const elsewhere = await another();
    await signIn(elsewhere, issuer(), ada);

    await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri));
    await visitor.press('a[href^="/password/reset"]');
    await visitor.fill({ email: ada.username });
    await visitor.pressAndWander('#reset-submit');
    const link = (await world.server.letters.next(ada.email, /^Choose a new password/)).link('/password/reset/link');
    await visitor.open(link);
    assert.equal(visitor.path(), '/password/reset/new');
    assert.equal(await visitor.page.locator('#username').inputValue(), ada.username);
    await visitor.fill({ 'new-password': 'too short' });
    await visitor.press('#password-submit');
    await assertRefused(visitor, /at least 15 characters/i);
    await visitor.fill({ 'new-password': newPassword });
    await visitor.press('#password-submit');
    assert.equal(visitor.path(), '/login');
    assert.match(await visitor.text(), /Your password is set/);

    await visitor.enter(ada);
    await assertRefused(visitor, /not right/);
    await visitor.enter({ ...ada, password: newPassword });
    assert.equal(await visitor.whereAmI(world.callback.origin), 'arrived');
    assert.ok((await world.callback.next()).code);
    await world.server.letters.next(ada.email, /^Your password was changed/);
    await assertSignedOut(elsewhere, issuer());
  });

  travel('a reset link works once; a new one is a click away', async (visitor) => {
    const ada = await newPerson('dead');
    await askForLink(visitor, ada.email);
    const { link } = await world.server.letters.next(ada.email, /^Choose a new password/);
    await visitor.open(link('/password/reset/link'));
    await visitor.fill({ 'new-password': newPassword });
    await visitor.pressAndWander('#password-submit');
    assert.equal((await visitor.open(link('/password/reset/link'))).status(), 410);
    await visitor.press('#reset-again');
    assert.equal(visitor.path(), '/password/reset/sent');
    await visitor.open(`${issuer()}/password/reset/link?token=guessed`);
    assert.equal(await visitor.shows('reset-again'), false, 'nothing to send for a guess');
  });

  travel('asking for somebody who is not there looks the same', async (visitor) => {
    await askForLink(visitor, 'nobody@example.test');
    assert.equal(visitor.path(), '/password/reset/sent');
    world.server.letters.assertCount('nobody@example.test', /(?:)/, 0);
  });

  travel('pressing twice on a new password sets it', async (visitor) => {
    const ada = await newPerson('twice');
    await askForLink(visitor, ada.email);
    await visitor.open((await world.server.letters.next(ada.email, /^Choose a new password/)).link('/password/reset/link'));
    await visitor.fill({ 'new-password': newPassword });
    await visitor.pressTwice('#password-submit');
    await visitor.open(`${issuer()}/login`);
    await visitor.enter({ ...ada, password: newPassword });
    assert.equal(visitor.path(), '/account');
  });

  travel('changing the password asks for the present one and signs out elsewhere', async (visitor, another) => {
    const ada = await newPerson('change');
    const elsewhere = await another();
    await signIn(elsewhere, issuer(), ada);
    await signIn(visitor, issuer(), ada);
    await visitor.open(`${issuer()}/.well-known/change-password`);
    assert.equal(visitor.path(), '/account/password');

    await visitor.fill({ password: 'not-the-password-at-all', 'new-password': newPassword });
    await visitor.press('#password-submit');
    await assertRefused(visitor, /not your present password/);
    await visitor.fill({ password: ada.password, 'new-password': ada.email });
    await visitor.press('#password-submit');
    await assertRefused(visitor, /./);
    assert.equal(await visitor.page.locator('#password').inputValue(), '', 'no password comes back');

    await visitor.open(`${issuer()}/account/password`);
    await visitor.fill({ password: ada.password, 'new-password': newPassword });
    await visitor.pressAndWander('#password-submit');
    await assertFlash(visitor, /password is changed/);
    await world.server.letters.next(ada.email, /^Your password was changed/);
    await assertSignedOut(elsewhere, issuer());
    await elsewhere.enter({ ...ada, password: newPassword });
    assert.equal(elsewhere.path(), '/account');
  });

  travel('a password that is due for a change comes before everything else', async (visitor) => {
    const ada = await newPerson('due');
    await world.server.sql(`UPDATE users SET must_change_password = true WHERE username = '${ada.username}'`);
    await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri));
    await visitor.enter(ada);
    assert.equal(visitor.path(), '/password/change');
    await visitor.fill({ password: 'not-the-password-at-all', 'new-password': newPassword });
    await visitor.press('#password-submit');
    await assertRefused(visitor, /not your present password/);
    await visitor.fill({ password: ada.password, 'new-password': ada.password });
    await visitor.press('#password-submit');
    await assertRefused(visitor, /other than the present one/);
    await visitor.fill({ password: ada.password, 'new-password': newPassword });
    await visitor.press('#password-submit');
    assert.equal(await visitor.whereAmI(world.callback.origin), 'arrived');
    assert.ok((await world.callback.next()).code);
  });
});

async function askForLink(visitor, identifier) {
  await visitor.open(`${world.server.issuer}/password/reset`);
  await visitor.fill({ email: identifier });
  await visitor.press('#reset-submit');
}
