// Every page of the console, as each kind of person finds it: superuser, staff with some rights, manager of a group, plain user, nobody.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { scopes } from '../relying_parties/harness/server.mjs';
import { eventually } from '../relying_parties/harness/processes.mjs';
import { journey, journeys } from './journeys.mjs';

/** The console's pages by its table of routes. */
const table = readFileSync(new URL('../../src/routes.rs', import.meta.url), 'utf8').split('\nconsole! {\n')[1].split('\n}\n')[0];
const routes = [...table.matchAll(/"([^"]+)" +=> (?:staff|look|look_at_all)\(/g)].map(([, path]) => path).filter(isPage).sort();

const world = journeys(furnish);
const redirectUri = 'https://app.example.test/cb';

/** One of everything that has a page. */
async function furnish(started) {
  const { server } = started;
  started.root = await server.createUser('root', ['--superuser']);
  started.ada = await server.createUser('ada', ['--staff']);
  started.mia = await server.createUser('mia');
  started.bob = await server.createUser('bob');
  for (const right of ['view_user', 'view_group', 'view_client']) {
    await server.json(['permission', 'grant', `portcullis.${right}`, '--user', 'ada']);
  }
  for (const group of ['team', 'others']) await server.json(['group', 'create', group]);
  await server.json(['group', 'add-manager', 'team', 'mia']);
  await server.json(['permission', 'create-model', 'blog.article']);
  await server.json(['invitation', 'create', '--email', 'guest@example.test']);
  await server.json(['key', 'rotate', '--force']);
  started.wiki = await server.createClient('wiki', { redirectUris: [redirectUri] });
}

/** A page, whichever thing it is about. */
function kindOf(path) {
  return path
    .replace(/\?.*/, '')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '{id}')
    .replace(/^(\/admin\/clients\/)wiki/, '$1{id}')
    .replace(/^(\/admin\/permissions\/)\w+\.\w+/, '$1{name}')
    .replace(/^(\/admin\/keys\/)[\w-]{30,}/, '$1{kid}')
    .replace(/^(\/admin\/mail\/letters\/)[a-z_]+/, '$1{letter}');
}

/** Not a file. */
function isPage(path) {
  return !/\.(csv|jsonl?)$|\/html$/.test(kindOf(path));
}

/** Every page that links lead to, one of each kind. */
async function everyPage(visitor, issuer, starts) {
  const [queue, known] = [[...starts], new Map()];
  while (queue.length > 0) {
    const path = queue.shift();
    if (!isPage(path) || known.has(kindOf(path))) continue;
    known.set(kindOf(path), path);
    const response = await visitor.open(`${issuer}${path}`);
    assert.equal(response.status(), 200, path);
    const all = (selector, read) => visitor.page.locator(selector).evaluateAll(read);
    queue.push(...await all('a[href^="/admin"]', (links) => links.map(({ pathname, search }) => pathname + search)));
    queue.push(...await all('button[formaction]', (buttons) => buttons.map((one) => one.getAttribute('formaction'))));
  }
  return known;
}

journey(world, { script: true, timeout: 300_000 }, 'each finds what they may see, and is told why not of the rest', async (visitor, another) => {
  const { server, root, ada, mia, bob, wiki } = world;
  const { issuer } = server;
  const group = (await server.json(['group', 'show', 'team'])).id;

  await visitor.open(`${issuer}/admin`);
  await visitor.enter(root);
  const lost = await another();
  await lost.open(await provider(issuer).authorizeUrl(wiki, `${redirectUri}/`, { scope: scopes }));
  await eventually('a trace', async () => {
    await visitor.open(`${issuer}/admin/traces`);
    return await visitor.page.locator('table a').count() || undefined;
  });
  await visitor.open(`${issuer}/admin/users/import`);
  const file = { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('username\nzoe\n') };
  await visitor.page.locator('#file').setInputFiles(file);
  await visitor.press('#import-submit');
  const pages = await everyPage(visitor, issuer, ['/admin', new URL(visitor.page.url()).pathname]);
  assert.deepEqual([...pages.keys()].sort(), routes, 'links lead to every page of the table of routes');
  for (const [kind, path] of pages) {
    const response = await visitor.page.goto(`${issuer}${path}`);
    assert.deepEqual([response.status(), await visitor.page.locator('h1').count()], [200, 1], kind);
  }

  // What is to be seen with some rights, by the beginning of the path; and what of it takes another right.
  const seen = /^\/admin(\/(users|groups|clients|apis)(\/|$)|$)/;
  const changes = /\/(add|edit|new|test|import|password|bulk\/.*)$/;
  const staff = await another();
  await staff.open(`${issuer}/admin`);
  await staff.enter(ada);
  for (const [kind, path] of pages) {
    const response = await staff.page.goto(`${issuer}${path}`);
    const may = seen.test(kindOf(path)) && !changes.test(kindOf(path));
    assert.equal(response.status(), may ? 200 : 403, kind);
    if (!may) assert.match(await staff.text(), /which you do not have|takes a superuser/, kind);
  }

  const manager = await another();
  await manager.open(`${issuer}/admin`);
  await manager.enter(mia);
  for (const [kind, path] of [...pages, ['their group', `/admin/groups/${group}`]]) {
    const response = await manager.page.goto(`${issuer}${path}`);
    const theirs = ['/admin', '/admin/groups'].includes(kind) || path === `/admin/groups/${group}`;
    const refused = kind === '/admin/groups/{id}' ? 404 : 403;
    assert.equal(response.status(), theirs ? 200 : refused, `${kind} ${path}`);
  }

  const plain = await another();
  await plain.open(`${issuer}/account`);
  await plain.enter(bob);
  for (const [kind, path] of pages) {
    const response = await plain.page.goto(`${issuer}${path}`);
    assert.equal(response.status(), 403, kind);
    assert.match(await plain.text(), /These pages are for the people who run this place/, kind);
  }

  const nobody = await another();
  for (const [kind, path] of pages) {
    await nobody.page.goto(`${issuer}${path}`);
    const { pathname, searchParams } = new URL(nobody.page.url());
    assert.deepEqual([pathname, searchParams.get('next')], ['/login', path], kind);
  }
});
