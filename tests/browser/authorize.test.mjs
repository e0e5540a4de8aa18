// The authorization endpoint as a person meets it: consent, prompts, response modes, errors.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { decode, provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';

const state = 'the state & its "quotes"';

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  started.ada = await started.server.createUser('ada');
  started.grace = await started.server.createUser('grace');
});
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);

  travel('consent: allow answers with a code, and is remembered', async (visitor) => {
    const app = await newApp('allow');
    assert.deepEqual(await authorize(visitor, app), ['login', 'consent']);
    const answer = await world.callback.next();
    assert.equal(answer.state, state);
    assert.equal(answer.iss, world.server.issuer);
    assert.equal((await world.provider.redeem(app, world.callback.uri, answer.code)).status, 200);

    assert.deepEqual(await authorize(visitor, app), []);
    assert.ok((await world.callback.next()).code);
  });

  travel('consent: deny answers access_denied, and is not remembered', async (visitor) => {
    const app = await newApp('deny');
    const passed = await authorize(visitor, app, {}, { choices: { consent: 'consent-deny' } });
    assert.deepEqual(passed, ['login', 'consent']);
    const { error, code, ...answer } = await world.callback.next();
    assert.equal(error, 'access_denied');
    assert.equal(code, undefined);
    assert.equal(answer.state, state);
    assert.equal(answer.iss, world.server.issuer);

    assert.deepEqual(await authorize(visitor, app), ['consent']);
    assert.ok((await world.callback.next()).code);
  });

  travel('consent: more scopes are asked for again, fewer are not', async (visitor) => {
    const app = await newApp('more');
    assert.deepEqual(await authorize(visitor, app), ['login', 'consent']);
    assert.deepEqual(await authorize(visitor, app, { scope: 'openid profile email' }), ['consent']);
    assert.deepEqual(await authorize(visitor, app, { scope: 'openid email' }), []);
    for (let count = 0; count < 3; count++) assert.ok((await world.callback.next()).code);
  });

  travel('prompt=none shows nothing, and tells why when it cannot', async (visitor) => {
    const app = await newApp('none');
    assert.deepEqual(await authorize(visitor, app, { prompt: 'none' }), []);
    assert.equal((await world.callback.next()).error, 'login_required');

    await authorize(visitor, app);
    await world.callback.next();
    assert.deepEqual(await authorize(visitor, app, { prompt: 'none' }), []);
    assert.ok((await world.callback.next()).code);

    assert.deepEqual(await authorize(visitor, app, { prompt: 'none', scope: 'openid email' }), []);
    const { error, ...answer } = await world.callback.next();
    assert.match(error, /^(consent|interaction)_required$/);
    assert.equal(answer.state, state);
  });

  travel('prompt=login asks for the password again and renews auth_time', async (visitor) => {
    const app = await newApp('login', ['--skip-consent']);
    assert.deepEqual(await authorize(visitor, app), ['login']);
    const first = await idToken(app);
    assert.deepEqual(await authorize(visitor, app, { prompt: 'login' }), ['login']);
    const second = await idToken(app);
    assert.equal(second.sub, first.sub);
    assert.ok(second.auth_time >= first.auth_time);
    assert.equal(second.nonce, 'a-nonce');
  });

  travel('prompt=select_account: continue, or be somebody else', async (visitor) => {
    const app = await newApp('select', ['--skip-consent']);
    await authorize(visitor, app);
    const ada = await idToken(app);
    assert.deepEqual(await authorize(visitor, app, { prompt: 'select_account' }), ['chooser']);
    assert.equal((await idToken(app)).sub, ada.sub);

    const choices = { chooser: 'account-switch' };
    const passed = await authorize(visitor, app, { prompt: 'select_account' }, { person: world.grace, choices });
    assert.deepEqual(passed, ['chooser', 'login']);
    assert.notEqual((await idToken(app)).sub, ada.sub);
  });

  travel('response_mode=form_post brings the answer as a form', async (visitor) => {
    const app = await newApp('post', ['--skip-consent']);
    await visitor.open(await world.provider.authorizeUrl(app, world.callback.uri, { response_mode: 'form_post' }));
    await visitor.enter(world.ada);
    if (!variant.script) await visitor.press('form button, form input[type=submit]');
    const answer = await world.callback.next('POST');
    assert.equal(answer.state, state);
    assert.equal(answer.iss, world.server.issuer);
    assert.equal((await world.provider.redeem(app, world.callback.uri, answer.code)).status, 200);
  });

  travel('a callback that sends on to a third origin is reached after sign-in and after consent', async (visitor) => {
    const { callback } = world;
    for (const options of [[], ['--skip-consent']]) {
      await visitor.context.clearCookies();
      const app = await newApp(`onward-${options.length}`, options, callback.onwardUri);
      await visitor.open(await world.provider.authorizeUrl(app, callback.onwardUri));
      await visitor.passTo(callback.thirdOrigin, world.ada);
      assert.equal(visitor.page.url(), `${callback.thirdOrigin}/landed`);
    }
  });

  travel('a bad redirect URI or client gets a page here and never a redirect', async (visitor) => {
    const app = await newApp('bad');
    const stranger = 'https://elsewhere.example/callback';
    const requests = [
      [app, stranger], [app, `${world.callback.uri}/more`], [{ id: 'no-such-client' }, world.callback.uri],
    ];
    for (const [client, redirectUri] of requests) {
      const response = await visitor.open(await world.provider.authorizeUrl(client, redirectUri));
      assert.equal(response.status(), 400);
      assert.equal(new URL(visitor.page.url()).origin, world.server.issuer);
      assert.match(await visitor.page.locator('#error-page').getAttribute('data-error'), /^(invalid|unauthorized)_[a-z_]+$/);
      assert.equal(await visitor.page.locator(`a[href^="${new URL(redirectUri).origin}"]`).count(), 0, 'no link there either');
    }
    assert.deepEqual(world.callback.arrivals, []);
  });

  function newApp(name, options = [], redirectUri = world.callback.uri) {
    const scope = 'openid profile email';
    return world.server.createClient(`${name}-${variant.name}`, { redirectUris: [redirectUri], scope, options });
  }
});

/** Sends a person to the authorization endpoint and on to the callback; answers the pages on the way. */
async function authorize(visitor, app, more = {}, { person = world.ada, choices } = {}) {
  await visitor.open(await world.provider.authorizeUrl(app, world.callback.uri, more));
  return visitor.passTo(world.callback.origin, person, choices);
}

async function idToken(app) {
  const { code } = await world.callback.next();
  const { body } = await world.provider.redeem(app, world.callback.uri, code);
  return decode(body.id_token).claims;
}
