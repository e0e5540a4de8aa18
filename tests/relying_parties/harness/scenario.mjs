// What every relying party has to live through, one story told in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { home } from './applications.mjs';
import { newVisitor, openBrowser } from './browser.mjs';
import { eventually, freePort } from './processes.mjs';
import { provider, validate } from './protocol.mjs';
import { startServer } from './server.mjs';

/** Declares the test of one application. */
export function prove(application) {
  test(`${application.name} as a relying party`, { timeout: 180_000 }, async (t) => {
    const world = await arrange(t, application);
    const told = story(t, world.visitor);
    await told('a person signs in and the application knows who it is', () => signIn(world));
    await told('userinfo tells what the scopes allow', () => userinfo(world));
    await told('the key that signs next is published beforehand', () => nextKey(world), 'may fail');
    await told('keys rotate, tokens of the old key stay good', () => rotate(world));
    await told('refreshing twice gives new tokens, signed by the new key', () => refreshTwice(world));
    await told('a wrong secret is refused and costs nobody a token', () => wrongSecret(world));
    await told('the application with a wrong secret signs nobody in', () => wronglyConfigured(world, application));
    await told('replay of the first refresh token ends the whole family', () => replay(world, application));
    await told('signing in again takes no page', () => signInAgain(world));
    await told('an answer lost on the way costs nobody the session', () => lostAnswer(world), 'may fail');
    await told('logout ends the session at the server too', () => logout(world));
  });
}

/** Chapters in order: once one that others build on has failed, the rest is skipped. */
function story(t, visitor) {
  let broken = false;
  return (title, chapter, weight) => t.test(title, { skip: broken && 'an earlier step failed' }, async () => {
    try {
      await chapter();
    } catch (error) {
      broken = weight !== 'may fail';
      throw visitor.explain(error);
    }
  });
}

async function arrange(t, application) {
  const lastFirst = cleanUps(t);
  const server = await startServer();
  lastFirst(() => server.stop());
  const ada = await server.createUser('ada', ['--given-name', 'Ada']);
  const ports = [await freePort(), await freePort()];
  const client = await server.createClient(application.name, {
    redirectUris: ports.map((port) => `${home(port)}/callback`),
    postLogoutRedirectUris: ports.map((port) => `${home(port)}/signed-out`),
  });
  const app = await application.start({ issuer: server.issuer, client, port: ports[0] });
  lastFirst(() => app.stop());
  const browser = await openBrowser();
  lastFirst(() => browser.close());
  const visitor = await newVisitor(browser);
  lastFirst(() => visitor.leave());
  return { server, ada, client, app, browser, visitor, sparePort: ports[1], provider: provider(server.issuer) };
}

/** The server goes last, when nobody is connected any more; each clean-up happens whatever the others say. */
function cleanUps(t) {
  const steps = [];
  t.after(async () => {
    const troubles = [];
    for (const step of steps.reverse()) await step().catch((error) => troubles.push(error));
    if (troubles.length > 0) throw troubles[0];
  });
  return (step) => steps.push(step);
}

async function signIn(world) {
  const { visitor, app, ada, client, server } = world;
  const passed = await begin(visitor, app, ada);
  assert.deepEqual(passed, ['login', 'consent']);
  assert.equal(new URL(visitor.page.url()).pathname, '/me');

  const { claims, tokens } = await visitor.read(`${app.home}/me`);
  const checked = validate(tokens.id_token, await world.provider.keys());
  assert.equal(claims.iss, server.issuer);
  assert.equal(claims.sub, checked.claims.sub);
  assert.ok([claims.aud].flat().includes(client.id));
  assert.ok(claims.sub.length > 0 && claims.sub.length <= 255);
  assert.notEqual(claims.sub, ada.username);
  assert.ok(checked.claims.nonce, 'the nonce came back');
  assert.ok(checked.claims.exp > checked.claims.iat);
  assert.ok(tokens.refresh_token, 'offline_access was granted');
  Object.assign(world, { first: tokens, firstId: checked });
}

async function userinfo({ visitor, app, ada, firstId }) {
  const claims = await visitor.read(`${app.home}/userinfo`);
  assert.equal(claims.sub, firstId.claims.sub);
  assert.equal(claims.preferred_username, ada.username);
  assert.equal(claims.given_name, 'Ada');
  assert.equal(claims.email, ada.email);
  assert.equal(claims.email_verified, true);
  assert.ok(Array.isArray(claims.groups), 'groups is an array, also when empty');
}

async function nextKey({ provider }) {
  const keys = (await provider.keys()).filter(({ alg }) => alg === 'RS256');
  assert.ok(keys.length >= 2, `RS256 keys published: ${keys.length}`);
}

async function rotate({ server, provider, first, firstId }) {
  const before = kids(await provider.keys());
  await server.json(['key', 'rotate', '--force']);
  await eventually('the keys change', async () => kids(await provider.keys()) !== before, 5_000);
  const { header } = validate(first.id_token, await provider.keys());
  assert.equal(header.kid, firstId.header.kid);
  assert.equal((await provider.userinfo(first.access_token)).status, 200);
}

const kids = (keys) => keys.map(({ kid }) => kid).sort().join();

async function refreshTwice(world) {
  const { visitor, app, provider, first, firstId } = world;
  const { tokens: second } = await visitor.read(`${app.home}/refresh`);
  const { tokens: third } = await visitor.read(`${app.home}/refresh`);
  assert.equal(new Set([first, second, third].map((tokens) => tokens.refresh_token)).size, 3);
  assert.equal(new Set([first, second, third].map((tokens) => tokens.access_token)).size, 3);

  const { header, claims } = validate(third.id_token, await provider.keys());
  assert.notEqual(header.kid, firstId.header.kid, 'the new key signs');
  for (const name of ['iss', 'sub', 'auth_time']) assert.equal(claims[name], firstId.claims[name], name);
  assert.deepEqual(claims.aud, firstId.claims.aud);
  assert.equal((await visitor.read(`${app.home}/userinfo`)).sub, claims.sub);
  world.third = third;
}

async function wrongSecret({ provider, client, third }) {
  const impostor = { id: client.id, secret: 'not-the-secret' };
  const refused = await provider.refresh(impostor, third.refresh_token);
  assert.equal(refused.status, 401);
  assert.equal(refused.body.error, 'invalid_client');
  assert.match(refused.headers.get('www-authenticate'), /^Basic/);
  assert.equal((await provider.introspect(impostor, third.access_token)).status, 401);

  const { body } = await provider.introspect(client, third.access_token);
  assert.equal(body.active, true, 'the family lives on');
}

async function wronglyConfigured({ server, browser, ada, client, sparePort }, application) {
  const wrong = { id: client.id, secret: 'not-the-secret' };
  const app = await application.start({ issuer: server.issuer, client: wrong, port: sparePort });
  const visitor = await newVisitor(browser);
  try {
    await begin(visitor, app, ada);
    assert.equal(new URL(visitor.page.url()).pathname, '/callback', 'it stays at the callback');
    const shown = await visitor.text();
    assert.doesNotMatch(shown, /access_token/);
    assert.match(application.codesInLogOnly ? app.log() : shown, /invalid_client/);
  } finally {
    await visitor.leave();
    await app.stop();
  }
}

async function replay({ visitor, app, provider, client, first, third }, application) {
  const replayed = await provider.refresh(client, first.refresh_token);
  assert.equal(replayed.status, 400);
  assert.equal(replayed.body.error, 'invalid_grant');

  const { error } = await visitor.read(`${app.home}/refresh`);
  assert.equal(error, application.codesInLogOnly ? 'refresh_failed' : 'invalid_grant');
  const newest = await provider.refresh(client, third.refresh_token);
  assert.equal(newest.status, 400);
  assert.equal(newest.body.error, 'invalid_grant');

  const { status, body } = await provider.introspect(client, third.access_token);
  assert.equal(status, 200);
  assert.deepEqual(body, { active: false });
  const refused = await provider.userinfo(third.access_token);
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('www-authenticate'), /^Bearer.*invalid_token/);
}

async function signInAgain(world) {
  const { visitor, app, ada } = world;
  await visitor.context.clearCookies({ domain: new URL(app.home).hostname });
  assert.deepEqual(await begin(visitor, app, ada), []);
  const { tokens, claims } = await visitor.read(`${app.home}/me`);
  assert.equal(claims.sub, world.firstId.claims.sub);
  world.again = tokens;
}

/** Within ten seconds the same successor comes back (protocol.md, decisions). */
async function lostAnswer({ visitor, app, provider, client, again }) {
  const lost = await provider.refresh(client, again.refresh_token);
  assert.equal(lost.status, 200);
  const { tokens, error } = await visitor.read(`${app.home}/refresh`);
  assert.equal(error, undefined);
  assert.equal(tokens.refresh_token, lost.body.refresh_token);
}

async function logout({ visitor, app }) {
  await visitor.open(`${app.home}/logout`);
  await eventually(`back at the application instead of ${visitor.page.url()}`, () => visitor.shows('signed-out'));
  assert.equal(visitor.page.url(), `${app.home}/signed-out`);

  await visitor.open(app.home);
  await visitor.press('#sign-in');
  assert.equal(await visitor.whereAmI(app.home), 'login');
}

/** From the application's own page by its own link, as a person would. */
async function begin(visitor, app, person) {
  await visitor.open(app.home);
  await visitor.press('#sign-in');
  return visitor.passTo(app.home, person);
}
