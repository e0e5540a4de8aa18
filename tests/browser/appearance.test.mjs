// Every page in light, dark and on a phone, kept as build/screenshots; none needs sideways scrolling at 320 px.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { desktop, newVisitor, picture } from '../relying_parties/harness/browser.mjs';
import { build, eventually } from '../relying_parties/harness/processes.mjs';
import { password, scopes } from '../relying_parties/harness/server.mjs';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journeys } from './journeys.mjs';

const screenshots = join(build, 'screenshots');
const looks = {
  light: { colorScheme: 'light', viewport: desktop },
  dark: { colorScheme: 'dark', viewport: desktop },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
};
const narrow = { width: 320, height: 640 };

const world = journeys(async (started) => {
  started.callback = await startCallback();
  await started.server.json(['group', 'create', 'staff']);
  started.setupLink = (await started.server.json(['setup-link'])).url;
  rmSync(screenshots, { recursive: true, force: true });
  mkdirSync(screenshots, { recursive: true });
});
after(() => world.callback?.stop());

// Before any other: the setup page is there only while nobody is.
test('setup', inEveryLook(async (visitor, take) => {
  await visitor.open(world.setupLink);
  assert.ok(await visitor.shows('setup-submit'), await visitor.text());
  await take('setup');
}));

for (const look of Object.keys(looks)) {
  test(`from sign-in to signed out, ${look}`, inLook(look, async (visitor, take) => {
    const { server, callback } = world;
    const ada = await server.createUser(`ada-${look}`, ['--given-name', 'Ada']);
    const app = await server.createClient(`notes-${look}`, { redirectUris: [callback.uri] });
    const authorizeUrl = (redirectUri) => provider(server.issuer).authorizeUrl(app, redirectUri, { scope: scopes });

    await visitor.open(`${server.issuer}/no-such-page`);
    await take('not-found');
    await visitor.open(await authorizeUrl('https://elsewhere.example/'));
    await take('error');
    await visitor.open(await authorizeUrl(callback.uri));
    await take('sign-in');
    await visitor.enter({ ...ada, password: `not-${password}` });
    await take('sign-in-refused');
    await visitor.enter(ada);
    assert.equal(await visitor.whereAmI(callback.origin), 'consent');
    await take('consent');
    await visitor.press('#consent-allow');
    assert.equal(await visitor.whereAmI(callback.origin), 'arrived');
    const staffOnly = ['--restrict-to-group', 'staff'];
    const ledger = await server.createClient(`ledger-${look}`, { redirectUris: [callback.uri], options: staffOnly });
    await visitor.open(await provider(server.issuer).authorizeUrl(ledger, callback.uri, { scope: scopes }));
    assert.match(await visitor.text(), /You may not use The ledger-/);
    await take('no-access');
    await visitor.open(`${await authorizeUrl(callback.uri)}&prompt=select_account`);
    await take('choose-account');
    await visitor.open(`${server.issuer}/account`);
    await take('account');
    for (const page of await accountPages(visitor)) {
      await visitor.open(page);
      await take(`account-${new URL(page).pathname.split('/').slice(2).join('-')}`);
    }
    await visitor.open(`${server.issuer}/logout`);
    await take('logout');
    await visitor.press('#logout-confirm');
    await take('logged-out');
  }));
}

// The console, as somebody sees it who may see all of it.
for (const look of Object.keys(looks)) {
  test(`the console, ${look}`, inLook(look, async (visitor, take) => {
    const { server } = world;
    const root = await server.createUser(`root-${look}`, ['--superuser', '--given-name', 'Grace', '--family-name', 'Hopper']);
    const someone = await server.createUser(`someone-${look}`, ['--group', 'staff']);
    await visitor.open(`${server.issuer}/admin`);
    await visitor.enter(root);
    assert.equal(new URL(visitor.page.url()).pathname, '/admin');
    await take('admin-dashboard');
    await visitor.open(`${server.issuer}/admin/users`);
    await take('admin-users');
    await visitor.open(`${server.issuer}/admin/users?q=nobody-at-all`);
    await take('admin-users-empty');
    await visitor.open(`${server.issuer}/admin/users?q=${someone.username}`);
    await visitor.press(`a[href^="/admin/users/"]:has-text("${someone.username}")`);
    await take('admin-user');
    await visitor.press('#disable-user');
    assert.match(await visitor.text(), /The account is disabled/);
    await take('admin-user-disabled');
    await visitor.open(`${server.issuer}/admin/audit?about=${someone.username}`);
    await take('admin-audit');
    await visitor.open(`${server.issuer}/admin/groups`);
    await take('admin-groups');
    await visitor.press('a[href^="/admin/groups/"]:has-text("staff")');
    await take('admin-group');
    await server.json(['permission', 'create-model', `blog${look}.article`]);
    for (const [name, path] of [
      ['user-add', 'users/add'], ['permissions', 'permissions?q=blog'], ['permission', `permissions/blog${look}.view_article`],
      ['clients', 'clients'], ['gallery', 'clients/new'], ['client-add', 'clients/add?template=grafana'],
      ['client', `clients/notes-${look}`], ['client-edit', `clients/notes-${look}/edit`], ['invitations', 'invitations'],
      ['keys', 'keys'], ['mail', 'mail'], ['letter', 'mail/letters/invitation'], ['settings', 'settings'], ['traces', 'traces'],
      ['apis', 'apis'], ['user-import', 'users/import'], ['bundle', 'settings/import'], ['client-test', `clients/notes-${look}/test`],
    ]) {
      await visitor.open(`${server.issuer}/admin/${path}`);
      await take(`admin-${name}`);
    }
    await visitor.open(`${server.issuer}/admin/clients/add?template=grafana`);
    await visitor.fill({ client_id: `grafana-${look}`, url: 'https://grafana.example.test' });
    await visitor.press('#add-client-submit');
    await take('admin-client-made');
    await visitor.open(`${server.issuer}/admin/clients/notes-${look}/test`);
    await visitor.press('#test-submit');
    await take('admin-client-tested');
    await visitor.open(`${server.issuer}/admin/users/import`);
    const rows = ['username,email,groups', `new-${look},new-${look}@example.test,staff`, `${someone.username},,`, 'x,no-address,nowhere'];
    await visitor.page.locator('#file').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
    await visitor.press('#import-submit');
    await eventually('the trial of an import', async () => await visitor.shows('start') || undefined);
    await take('admin-import');
    await visitor.open(`${server.issuer}/admin/users`);
    for (const box of await visitor.page.locator('input[name=u]').all()) await box.check();
    await visitor.press('button:has-text("Add to a group")');
    await take('admin-bulk');
    await visitor.fill({ group: 'staff' });
    await visitor.press('#bulk-submit');
    await take('admin-bulk-done');
    await visitor.open(`${server.issuer}/admin/settings/import`);
    const bundle = {
      bundle: 1,
      issuer: 'https://id.example.test',
      groups: [{ name: 'staff', permissions: [`blog${look}.view_article`] }, { name: `new-${look}` }],
      settings: [{ key: 'tokens.access_ttl_secs', value: '60', source: 'built in' }],
    };
    const file = { name: 'house.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(bundle)) };
    await visitor.page.locator('#file').setInputFiles(file);
    await visitor.press('#preview');
    await take('admin-bundle-shown');
    await visitor.open(`${server.issuer}/api/docs`);
    await take('api-docs');
  }));
}

/** The account's other pages, as its own navigation names them. */
async function accountPages(visitor) {
  const links = await visitor.page.locator('a[href^="/account/"]').evaluateAll((all) => all.map(({ href }) => href.split(/[?#]/)[0]));
  return [...new Set(links)];
}

function inEveryLook(visit) {
  return async () => {
    for (const look of Object.keys(looks)) await inLook(look, visit)();
  };
}

function inLook(look, visit) {
  return async () => {
    const visitor = await newVisitor(world.browser, looks[look]);
    await visit(visitor, (name) => take(visitor, name, look));
    await visitor.leave();
  };
}

async function take({ page }, name, look) {
  await picture(page, { path: join(screenshots, `${name}-${look}.png`), fullPage: true });
  await page.setViewportSize(narrow);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= narrow.width, `${name} is ${width} px wide on a screen of ${narrow.width}`);
  await page.setViewportSize(looks[look].viewport);
}
