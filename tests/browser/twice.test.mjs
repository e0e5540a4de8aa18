// Impatient people: a button pressed twice does what it does once.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertFlash, enterCode, newPassword, register, signIn, stranger } from './people.mjs';

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  const redirectUris = [started.callback.uri];
  started.app = await started.server.createClient('notes', { redirectUris, options: ['--allow-magic-link'] });
});
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const newPerson = (name) => world.server.createUser(`${name}-${variant.name}`);
  const page = (name) => `${world.server.issuer}${name}`;
  const authorizeUrl = () => world.provider.authorizeUrl(world.app, world.callback.uri);

  async function arrive(visitor, name, path) {
    const ada = await newPerson(name);
    await signIn(visitor, world.server.issuer, ada);
    await visitor.open(page(path));
    return ada;
  }

  travel('sign in, and allow', async (visitor) => {
    const ada = await newPerson('signs-in');
    await visitor.open(await authorizeUrl());
    await visitor.fill({ username: ada.username, password: ada.password });
    await visitor.pressTwice('#login-submit');
    assert.equal(await visitor.whereAmI(world.callback.origin), 'consent');
    await visitor.pressTwice('#consent-allow');
    assert.equal(await visitor.whereAmI(world.callback.origin), 'arrived');
    const answers = [await world.callback.next(), ...world.callback.arrivals.splice(0).map(({ query }) => Object.fromEntries(query))];
    const { status } = await world.provider.redeem(world.app, world.callback.uri, answers.at(-1).code);
    assert.equal(status, 200);
  });

  travel('the code of a registration', async (visitor) => {
    const ada = stranger(`code-${variant.name}`);
    await visitor.open(page('/register'));
    await register(visitor, ada);
    await enterCode(visitor, (await world.server.letters.next(ada.email)).code, 'pressTwice');
    await visitor.open(page('/account'));
    assert.match(await visitor.text(), new RegExp(ada.username));
  });

  travel('save the profile', async (visitor) => {
    await arrive(visitor, 'saves', '/account/profile');
    await visitor.fill({ given_name: 'Ada' });
    await visitor.pressTwice('#save-profile');
    await assertFlash(visitor, /saved/);
  });

  travel('change the password', async (visitor) => {
    const ada = await arrive(visitor, 'changes', '/account/password');
    await visitor.fill({ password: ada.password, 'new-password': newPassword });
    await visitor.pressTwice('#password-submit');
    await assertFlash(visitor, /password is changed/);
  });

  travel('sign out', async (visitor) => {
    await arrive(visitor, 'leaves', '/logout');
    await visitor.pressTwice('#logout-confirm');
    assert.ok(await visitor.shows('logged-out'), await visitor.text());
  });

  travel('ask for a link to sign in', async (visitor) => {
    const ada = await newPerson('asks');
    await askForLink(visitor, ada, 'pressTwice');
    await finishByLink(visitor, ada, 'press');
  });

  travel('confirm a link, and finish by it', async (visitor) => {
    const ada = await newPerson('link');
    await askForLink(visitor, ada, 'press');
    await finishByLink(visitor, ada, 'pressTwice');
  });

  travel('delete the account, and keep it', async (visitor) => {
    const ada = await arrive(visitor, 'deletes', '/account/data');
    await visitor.fill({ confirm: ada.username });
    await visitor.pressTwice('#delete-account');
    assert.equal(visitor.path(), '/login');
    await visitor.enter(ada);
    await visitor.pressTwice('#keep-account');
    await visitor.open(page('/account/profile'));
    assert.equal(visitor.path(), '/account/profile');
  });
});

async function askForLink(visitor, { email }, press) {
  await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri));
  await visitor.press('#magic-link');
  await visitor.fill({ email });
  await visitor[press]('#magic-submit');
}

async function finishByLink(visitor, person, press) {
  await visitor.open((await world.server.letters.next(person.email, /^Your link/)).link('/login/link/open'));
  await visitor[press]('#magic-confirm');
  await visitor.open(`${world.server.issuer}/login/link/sent`);
  await visitor[press]('#magic-finish');
  await visitor.passTo(world.callback.origin, person);
  assert.ok((await world.callback.next()).code);
}
