// Signing in and out on our own pages.
import assert from 'node:assert/strict';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';

const world = journeys();

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const newPerson = (name) => world.server.createUser(`${name}-${variant.name}`);

  travel('a wrong password says so, keeps the name and forgets the password', async (visitor) => {
    const ada = await newPerson('wrong');
    await visitor.open(`${world.server.issuer}/login`);
    await visitor.enter({ ...ada, password: 'not-the-password-at-all' });
    const known = await visitor.page.locator('#error-summary').innerText();
    assert.equal(await visitor.page.locator('#username').inputValue(), ada.username);
    assert.equal(await visitor.page.locator('#password').inputValue(), '');
    assert.match(await visitor.page.title(), /^Error:/);

    await visitor.enter({ username: 'nobody-of-that-name', password: 'not-the-password-at-all' });
    assert.equal(await visitor.page.locator('#error-summary').innerText(), known, 'nobody learns who exists');

    await visitor.page.locator('#username').fill(ada.username);
    await visitor.enter(ada);
    assert.equal(await visitor.shows('login-submit'), false, await visitor.text());
  });

  travel('the account page asks to sign in, and then says who one is', async (visitor) => {
    const ada = await newPerson('home');
    await signInAtAccount(visitor, ada);
    assert.match(await visitor.text(), new RegExp(ada.username));
    const again = await visitor.open(`${world.server.issuer}/account`);
    assert.match(again.headers()['cache-control'], /no-store/);
    const cookie = (await visitor.context.cookies(world.server.issuer)).find(({ name }) => name === 'portcullis');
    assert.ok(cookie?.httpOnly);
    assert.equal(cookie.sameSite, 'Lax');
  });

  travel('signing in leads nowhere but here', async (visitor) => {
    const ada = await newPerson('next');
    for (const next of ['https://elsewhere.example/', '//elsewhere.example/', '/\\elsewhere.example/']) {
      await visitor.context.clearCookies();
      await visitor.open(`${world.server.issuer}/login?next=${encodeURIComponent(next)}`);
      if (await visitor.shows('login-submit')) await visitor.enter(ada);
      assert.equal(new URL(visitor.page.url()).origin, world.server.issuer);
    }
  });

  travel('sign out everywhere ends the other browser’s session', async (visitor, another) => {
    const ada = await newPerson('everywhere');
    const other = await another();
    await signInAtAccount(visitor, ada);
    await signInAtAccount(other, ada);
    await openWith(visitor, 'end-all-sessions', ['/account', '/account/sessions']);
    await visitor.press('#end-all-sessions');
    await assertSignedOut(other);
  });

  travel('a signed-out person’s page does not come back', async (visitor) => {
    const ada = await newPerson('back');
    await signInAtAccount(visitor, ada);
    await visitor.press('#logout-submit');
    if (await visitor.shows('logout-confirm')) await visitor.press('#logout-confirm');
    assert.ok(await visitor.shows('logged-out'), await visitor.text());
    for (let step = 0; step < 3; step++) {
      await visitor.page.goBack();
      assert.doesNotMatch(await visitor.text(), new RegExp(ada.email), `private at ${visitor.page.url()}`);
      assert.equal(await visitor.shows('logout-submit'), false);
    }
    await assertSignedOut(visitor);
  });

  travel('the logout page asks first', async (visitor) => {
    const ada = await newPerson('asks');
    await signInAtAccount(visitor, ada);
    await visitor.open(`${world.server.issuer}/logout`);
    assert.ok(await visitor.shows('logout-confirm'));
    await visitor.open(`${world.server.issuer}/account`);
    assert.equal(await visitor.shows('login-submit'), false, 'looking at the page signs nobody out');
    await visitor.open(`${world.server.issuer}/logout`);
    await visitor.press('#logout-confirm');
    assert.ok(await visitor.shows('logged-out'));
    await assertSignedOut(visitor);
  });

  travel('a disabled person is out at once and stays out', async (visitor) => {
    const ada = await newPerson('disabled');
    await signInAtAccount(visitor, ada);
    await world.server.json(['user', 'disable', ada.username]);
    await assertSignedOut(visitor);
    await visitor.enter(ada);
    assert.ok(await visitor.shows('error-summary'));
    await assertSignedOut(visitor);
  });
});

async function signInAtAccount(visitor, person) {
  await visitor.open(`${world.server.issuer}/account`);
  assert.equal(new URL(visitor.page.url()).pathname, '/login');
  await visitor.enter(person);
  assert.match(new URL(visitor.page.url()).pathname, /^\/account\/?$/, await visitor.text());
}

async function assertSignedOut(visitor) {
  await visitor.open(`${world.server.issuer}/account`);
  assert.ok(await visitor.shows('login-submit'), await visitor.text());
}

async function openWith(visitor, id, paths) {
  for (const path of paths) {
    await visitor.open(`${world.server.issuer}${path}`);
    if (await visitor.shows(id)) return;
  }
  assert.fail(`no #${id} on ${paths}`);
}
