// The console as each kind of person meets it: superuser, staff with one right, manager of a group, plain user, nobody.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { scopes } from '../relying_parties/harness/server.mjs';
import { picture } from '../relying_parties/harness/browser.mjs';
import { eventually } from '../relying_parties/harness/processes.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';

const world = journeys();
const redirectUri = 'https://app.example.test/cb';

/** Labels of the menu that is shown. */
const menu = (visitor) => visitor.page.locator('nav.nav-side a').evaluateAll((all) => all.map((link) => link.textContent.trim()));
const path = (visitor) => new URL(visitor.page.url()).pathname;

withAndWithoutScript(({ script, name }) => {
  journey(world, { script }, 'a superuser walks through every page and does a day of work', async (visitor, another) => {
    const { server } = world;
    const root = await server.createUser(`root-${name}`, ['--superuser']);
    const admin = `${server.issuer}/admin`;
    await visitor.open(admin);
    await visitor.enter(root);
    assert.equal(path(visitor), '/admin');
    const links = await visitor.page.locator('nav.nav-side a').evaluateAll((all) => all.map(({ href }) => href));
    assert.equal(links.length, 12);
    for (const link of links) {
      await visitor.open(link);
      assert.equal(await visitor.page.locator('h1').count(), 1, link);
      assert.equal(await visitor.page.locator('nav.nav-side a[aria-current=page]').count(), 1, link);
    }

    await visitor.open(`${admin}/users`);
    await visitor.press('#add-user');
    await visitor.fill({ username: `new-${name}`, email: `new-${name}@example.test` });
    await visitor.page.locator('#send_link').check();
    await visitor.press('#add-user-submit');
    assert.match(await visitor.text(), /The account is made/);
    const account = visitor.page.url().split('?')[0];
    await visitor.press('#edit-user');
    await visitor.fill({ given_name: 'Nora' });
    await visitor.press('#save-user');
    assert.match(await visitor.text(), /The account is changed[^]*given_name/);
    await visitor.press('#recover-user');
    assert.match(await visitor.text(), /shown this once/);
    await visitor.press('#recovery-done');
    await visitor.press('#set-password');
    await visitor.fill({ 'new-password': 'short' });
    await visitor.press('#password-submit');
    assert.match(await visitor.text(), /There is a problem/);

    await visitor.open(`${admin}/groups`);
    await visitor.fill({ name: `editors-${name}` });
    await visitor.press('#create-group');
    await visitor.fill({ username: `new-${name}` });
    await visitor.press('#add-member');
    assert.match(await visitor.text(), /They are a member now/);

    await visitor.open(`${admin}/permissions`);
    await visitor.fill({ 'new-model': `blog${name}.article` });
    await visitor.press('#add-model-submit');
    await visitor.open(`${admin}/permissions/blog${name}.view_article`);
    await visitor.page.locator('#kind').selectOption('group');
    await visitor.fill({ holder: `editors-${name}` });
    await visitor.press('#grant-submit');
    await visitor.fill({ user: `new-${name}` });
    await visitor.press('#ask-submit');
    assert.match(await visitor.text(), new RegExp(`new-${name} may\\.[^]*via group editors-${name}`));

    await visitor.open(`${admin}/clients/new?q=grafana`);
    await visitor.press('a[href$="template=grafana"]');
    await visitor.fill({ client_id: `grafana-${name}`, url: 'https://grafana.example.test' });
    await visitor.press('#add-client-submit');
    const secret = await visitor.page.locator('#client-secret').textContent();
    assert.match(await visitor.text(), new RegExp(`client_secret = ${secret}`));
    await visitor.press('#client-done');
    await visitor.press('#edit-client');
    await visitor.fill({ redirect_uris: `${redirectUri}\n` });
    await visitor.press('#save-client');
    assert.match(await visitor.text(), /The app is changed/);
    await visitor.press('#rotate-secret');
    assert.notEqual(await visitor.page.locator('#client-secret').textContent(), secret);
    await visitor.press('#secret-done');
    assert.match(await visitor.text(), /The secret before serves too/);
    await visitor.press('#end-former-secret');
    assert.match(await visitor.text(), /The old secret serves no more/);
    const logo = await picture(visitor.page, { clip: { x: 0, y: 0, width: 300, height: 200 } });
    await visitor.page.locator('#logo').setInputFiles({ name: 'grafana.png', mimeType: 'image/png', buffer: logo });
    await visitor.press('#logo-submit');
    assert.match(await visitor.text(), /The picture is changed/);
    await visitor.inspect();

    const stranger = await another();
    const client = { id: `grafana-${name}` };
    await stranger.open(await provider(server.issuer).authorizeUrl(client, redirectUri, { scope: scopes }));
    const shown = await stranger.page.locator('.app-head img').evaluate((image) => image.naturalWidth);
    assert.equal(shown, 256, 'the picture stands on the sign-in page');
    await stranger.inspect();
    await stranger.open(await provider(server.issuer).authorizeUrl(client, `${redirectUri}/`, { scope: scopes }));
    const request = await stranger.page.locator('meta[name=request-id]').getAttribute('content');
    await eventually('the trace of the refused request', async () => {
      await visitor.open(`${admin}/traces?request=${request}`);
      return await visitor.page.locator('table a').count() || undefined;
    });
    await visitor.press('table a');
    assert.match(await visitor.text(), /Did the app mean/);
    await visitor.fill({ host: 'elsewhere.example.test' });
    await visitor.press('#add-redirect-uri');
    assert.match(await visitor.text(), /nothing was added/);

    await visitor.open(`${admin}/invitations`);
    await visitor.fill({ email: `guest-${name}@example.test` });
    await visitor.press('#invite-submit');
    await visitor.press('#invitation-done');
    await visitor.press(`tr:has-text("guest-${name}@") button:has-text("Withdraw")`);
    assert.match(await visitor.text(), /serves no more/);

    await visitor.open(`${admin}/keys`);
    if (!await visitor.page.locator('a:has-text("Retire now")').count()) {
      await visitor.page.locator('#force').check();
      await visitor.press('#rotate-submit');
    }
    const retiring = await visitor.page.locator('a:has-text("Retire now")').count();
    await visitor.page.locator('a:has-text("Retire now")').first().click();
    assert.match(await visitor.text(), /This cannot be taken back/);
    await visitor.inspect();
    await visitor.press('#retire-submit');
    assert.equal(await visitor.page.locator('a:has-text("Retire now")').count(), retiring - 1);

    await visitor.open(`${admin}/mail`);
    await visitor.fill({ to: `ops-${name}@example.test` });
    await visitor.press('#test-submit');
    assert.match(await visitor.text(), /A test letter is on its way/);
    await visitor.open(`${admin}/mail/letters/new_device?lang=de`);

    await visitor.open(account);
    await visitor.fill({ 'delete-username': `new-${name}` });
    await visitor.press('#delete-user');
    assert.match(await visitor.text(), /The account is deleted/);
  });

  journey(world, { script }, 'a superuser brings people in, does one thing with many, and tries an app', async (visitor) => {
    const { server } = world;
    const chief = await server.createUser(`chief-${name}`, ['--superuser']);
    await server.json(['group', 'create', `crew-${name}`]);
    await server.createClient(`tried-${name}`, { redirectUris: [redirectUri] });
    const admin = `${server.issuer}/admin`;
    await visitor.open(admin);
    await visitor.enter(chief);
    await visitor.open(`${admin}/users`);
    await visitor.press('#import-users');
    await visitor.page.locator('#file').setInputFiles({
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`username,given_name,groups\nzoe-${name},Zoe,crew-${name}\nyan-${name},Yan,\nchief-${name},Somebody,\n`),
    });
    await visitor.page.locator('#changes_known').check();
    await visitor.press('#import-submit');
    const settled = (text) => eventually(`an import that is ${text}`, async () =>
      (await visitor.page.locator('#state').textContent().catch(() => '')).includes(text) || undefined);
    await settled('Ready to import');
    assert.match(await visitor.text(), /in crew-/);
    assert.match(await visitor.text(), /This is your own account|own account/);
    await visitor.inspect();
    await visitor.press('#start');
    await settled('is done');
    await visitor.open(`${admin}/users?q=zoe-${name}`);
    await visitor.page.locator('input[name=u]').check();
    await visitor.press('button:has-text("Disable")');
    assert.match(await visitor.text(), /This is about one person/);
    await visitor.press('#bulk-submit');
    assert.match(await visitor.text(), /Done for one person/);
    await visitor.open(`${admin}/users`);
    await visitor.press('th a:has-text("User")');
    assert.equal(await visitor.page.locator('th[aria-sort=descending] a').textContent(), 'User');

    // A sign-in of one's own, run to its end and taken back.
    await visitor.open(`${admin}/clients/tried-${name}`);
    await visitor.press('#test-client');
    await visitor.press('#test-submit');
    assert.match(await visitor.text(), /The code is redeemed|the code is redeemed/);
    assert.equal(await visitor.page.locator('#id-token').count(), 1);

    // The configuration is taken away, and brought back when something is another.
    await visitor.open(`${admin}/settings`);
    const [download] = await Promise.all([visitor.page.waitForEvent('download'), visitor.page.locator('#export').click()]);
    assert.equal(download.suggestedFilename(), 'portcullis.json');
    const buffer = readFileSync(await download.path());
    await server.json(['client', 'update', `tried-${name}`, '--name', 'Another name']);
    await visitor.open(`${admin}/settings`);
    await visitor.press('#import');
    await visitor.page.locator('#file').setInputFiles({ name: 'portcullis.json', mimeType: 'application/json', buffer });
    await visitor.press('#preview');
    assert.match(await visitor.text(), /Another name/);
    await visitor.pressTwice('#apply');
    assert.match(await visitor.text(), /The configuration is imported/);
    assert.notEqual((await server.json(['client', 'show', `tried-${name}`])).name, 'Another name');

    await visitor.open(`${server.issuer}/api/docs`);
    await visitor.page.locator('.endpoint summary').first().click();
    assert.match(await visitor.text(), /portcullis\.view_user/);
  });

  journey(world, { script }, 'staff see what their rights let them, and are told what is missing', async (visitor) => {
    const { server } = world;
    const ada = await server.createUser(`ada-${name}`, ['--staff']);
    await server.json(['permission', 'grant', 'portcullis.view_user', '--user', ada.username]);
    await visitor.open(`${server.issuer}/admin`);
    await visitor.enter(ada);
    assert.deepEqual(await menu(visitor), ['Dashboard', 'Users']);
    await visitor.open(`${server.issuer}/admin/clients`);
    assert.match(await visitor.text(), /portcullis\.view_client, which you do not have/);
    await visitor.open(`${server.issuer}/admin/users?q=${ada.username}`);
    await visitor.press(`a[href^="/admin/users/"]:has-text("${ada.username}")`);
    assert.equal(await visitor.page.locator('#danger, #edit-user, #reset-user').count(), 0);
  });

  journey(world, { script }, 'a manager says who is in their group', async (visitor) => {
    const { server } = world;
    const mia = await server.createUser(`mia-${name}`);
    const bob = await server.createUser(`bob-${name}`);
    await server.json(['group', 'create', `team-${name}`]);
    await server.json(['group', 'add-manager', `team-${name}`, mia.username]);
    await visitor.open(`${server.issuer}/admin`);
    await visitor.enter(mia);
    assert.equal(path(visitor), '/admin/groups');
    assert.deepEqual(await menu(visitor), ['Groups']);
    await visitor.press(`a:has-text("team-${name}")`);
    await visitor.fill({ username: bob.username });
    await visitor.press('#add-member');
    assert.match(await visitor.text(), /They are a member now/);
    assert.equal(await visitor.page.locator('#rename-group, #grant-submit, #appoint-manager, #delete-group').count(), 0);
    await visitor.press('button:has-text("Remove")');
    assert.match(await visitor.text(), /They are a member no more/);
  });

  journey(world, { script }, 'plain users are shown out, and nobody is asked to sign in', async (visitor) => {
    const { server } = world;
    await visitor.open(`${server.issuer}/admin/users`);
    assert.equal(path(visitor), '/login');
    await visitor.enter(await server.createUser(`plain-${name}`));
    assert.match(await visitor.text(), /These pages are for the people who run this place/);
  });
});
