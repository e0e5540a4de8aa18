// Making an account by oneself, on the way to an application.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { decode, provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertRefused, enterCode, register, signIn, stranger } from './people.mjs';

const confirm = /^Confirm your email address/;

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  started.app = await started.server.createClient('notes', { redirectUris: [started.callback.uri], options: ['--skip-consent'] });
  await started.server.json(['group', 'create', 'editors']);
});
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const somebody = (name) => stranger(`${name}-${variant.name}`);

  travel('a code from the letter leads on to the application', async (visitor) => {
    const ada = somebody('code');
    await towardsApp(visitor);
    await register(visitor, ada, 'pressAndWander');
    assert.equal(visitor.path(), '/verify-email');
    const letter = await world.server.letters.next(ada.email, confirm);
    assert.match(letter.text, /The notes application/);

    await enterCode(visitor, letter.code === '000000' ? '000001' : '000000');
    await assertRefused(visitor, /code is not right/);
    await enterCode(visitor, letter.code);
    assert.equal((await arrived(visitor)).preferred_username, ada.username);
  });

  travel('the link of the letter leads on to the application', async (visitor, another) => {
    const ada = somebody('link');
    await towardsApp(visitor);
    await register(visitor, ada);
    const link = (await world.server.letters.next(ada.email, confirm)).link('/verify-email/link');

    const scanner = await another();
    await scanner.open(link);
    assert.equal(await scanner.shows('verify-submit'), false, 'another browser has to sign in first');

    await visitor.open(link);
    assert.doesNotMatch(visitor.page.url(), /token/);
    await visitor.press('#verify-submit');
    assert.equal((await arrived(visitor)).preferred_username, ada.username);

    assert.equal((await visitor.open(link)).status(), 410, 'it works once');
  });

  travel('a link in another browser works after signing in there', async (visitor, another) => {
    const ada = somebody('elsewhere');
    await visitor.open(`${world.server.issuer}/register`);
    await register(visitor, ada);
    const letter = await world.server.letters.next(ada.email, confirm);
    const phone = await another();
    await phone.open(letter.link('/verify-email/link'));
    await phone.press('a.btn-primary');
    await phone.enter(ada);
    await phone.press('#verify-submit');
    assert.equal(phone.path(), '/account');
    assert.match(await phone.text(), new RegExp(ada.username));
  });

  travel('a known address gives the same answer, and its owner is told', async (visitor) => {
    const ada = await world.server.createUser(`known-${variant.name}`);
    await visitor.open(`${world.server.issuer}/register`);
    await register(visitor, { ...ada, username: `other-${ada.username}` });
    assert.equal(visitor.path(), '/verify-email');
    const letter = await world.server.letters.next(ada.email);
    assert.match(letter.subject, /^You already have an account/);
    await enterCode(visitor, '123456');
    await assertRefused(visitor, /code is not right/);
  });

  travel('a taken username is told after the proof, and another one is chosen', async (visitor) => {
    const owner = await world.server.createUser(`taken-${variant.name}`);
    const ada = { ...somebody('second'), username: owner.username };
    await towardsApp(visitor);
    await register(visitor, ada);
    await enterCode(visitor, (await world.server.letters.next(ada.email, confirm)).code);
    assert.equal(visitor.path(), '/account/username');
    assert.match(await visitor.text(), new RegExp(`${owner.username} is taken`));
    await visitor.fill({ username: owner.username });
    await visitor.press('#username-submit');
    await assertRefused(visitor, /taken, too/);
    await visitor.fill({ username: `second-${variant.name}` });
    await visitor.press('#username-submit');
    assert.equal((await arrived(visitor)).preferred_username, `second-${variant.name}`);
  });

  travel('everything that is wrong is said at once, and what was typed is kept', async (visitor) => {
    await visitor.open(`${world.server.issuer}/register`);
    await register(visitor, { username: 'no spaces', email: 'ada@localhost', password: 'short' });
    await assertRefused(visitor, /at least|characters/i);
    for (const id of ['username', 'new-password']) {
      assert.equal(await visitor.page.locator(`#${id}`).getAttribute('aria-invalid'), 'true', id);
    }
    assert.equal(await visitor.page.locator('#username').inputValue(), 'no spaces');
    assert.equal(await visitor.page.locator('#new-password').inputValue(), '');
  });

  travel('pressing twice makes one account, and its code is good', async (visitor) => {
    const ada = somebody('twice');
    await visitor.open(`${world.server.issuer}/register`);
    assert.equal(await register(visitor, ada, 'pressTwice'), variant.script ? 1 : 2);
    assert.equal(visitor.path(), '/verify-email');
    const letter = await world.server.letters.next(ada.email, confirm);
    await enterCode(visitor, letter.code, 'pressTwice');
    assert.equal(visitor.path(), '/account', await visitor.text());
    assert.match(await visitor.text(), new RegExp(ada.username));
    world.server.letters.assertCount(ada.email, confirm, 1);
  });

  travel('going back and registering again leaves the code good', async (visitor) => {
    const ada = somebody('again');
    await visitor.open(`${world.server.issuer}/register`);
    await register(visitor, ada);
    const { code } = await world.server.letters.next(ada.email, confirm);
    await visitor.page.goBack();
    await register(visitor, ada);
    await enterCode(visitor, code);
    assert.equal(visitor.path(), '/account', await visitor.text());
  });

  travel('an invitation names the address and puts into its group, once', async (visitor, another) => {
    const ada = somebody('invited');
    const { link } = await world.server.json(['invitation', 'create', '--email', ada.email, '--group', 'editors', '--send']);
    const letter = await world.server.letters.next(ada.email, /^Your invitation/);
    assert.equal(letter.link('/register'), link);
    await visitor.open(link);
    assert.equal(await visitor.page.locator('#email').inputValue(), ada.email);
    await register(visitor, ada);
    await enterCode(visitor, (await world.server.letters.next(ada.email, confirm)).code);
    await visitor.open(await authorizeUrl());
    assert.deepEqual((await arrived(visitor)).groups, ['editors']);

    const late = await another();
    await late.open(link);
    assert.notEqual(await late.page.locator('#email').inputValue(), ada.email, 'the invitation is used up');
  });

  travel('whoever is not proven yet is kept at the code', async (visitor, another) => {
    const ada = somebody('unproven');
    await visitor.open(`${world.server.issuer}/register`);
    await register(visitor, ada);
    const { code } = await world.server.letters.next(ada.email, confirm);
    const other = await another();
    await other.open(`${world.server.issuer}/account/profile`);
    await other.enter(ada);
    assert.equal(other.path(), '/verify-email');
    await enterCode(other, code);
    assert.equal(other.path(), '/account/profile');
    await other.press('#logout-submit');
    await signIn(visitor, world.server.issuer, ada);
  });
});

const authorizeUrl = () => world.provider.authorizeUrl(world.app, world.callback.uri, { scope: 'openid profile email groups' });

/** From the application to the registration page. */
async function towardsApp(visitor) {
  await visitor.open(await authorizeUrl());
  await visitor.press('a[href^="/register"]');
  assert.match(await visitor.text(), /to continue to The notes application/);
}

/** What the application learns of the person who arrives. */
async function arrived(visitor) {
  assert.equal(await visitor.whereAmI(world.callback.origin), 'arrived');
  const { code } = await world.callback.next();
  const { body } = await world.provider.redeem(world.app, world.callback.uri, code);
  assert.ok(decode(body.id_token).claims.sub);
  return (await world.provider.userinfo(body.access_token)).body;
}
