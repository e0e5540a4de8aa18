// The profile: standard claims, the operator's own fields, the picture.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertFlash, assertRefused, signIn } from './people.mjs';
import { isUpright, png, svg, turnedJpeg } from './pictures.mjs';

const toml = `
[[profile.fields]]
name = "desk"
label = "Desk"
type = "number"
scope = "profile"

[[profile.fields]]
name = "shirt"
label = "T-shirt size"
type = "choice"
choices = ["S", "M", "L"]
required = true

[[profile.fields]]
name = "newsletter"
label = "Send me the newsletter"
type = "boolean"

[[profile.fields]]
name = "started"
label = "First day"
type = "date"

[[profile.fields]]
name = "badge"
label = "Badge number"
type = "text"
editable_by = "staff"
`;

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  started.app = await started.server.createClient('notes', { redirectUris: [started.callback.uri], options: ['--skip-consent'] });
  started.darkroom = await started.browser.newPage();
  started.jpeg = await turnedJpeg(started.darkroom);
}, () => ({ toml }));
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const page = () => `${world.server.issuer}/account/profile`;

  async function arrive(visitor, name) {
    const ada = await world.server.createUser(`${name}-${variant.name}`);
    await signIn(visitor, world.server.issuer, ada);
    await visitor.open(page());
    return ada;
  }

  travel('what is saved is shown again, and told to applications', async (visitor) => {
    const ada = await arrive(visitor, 'saves');
    await visitor.fill({ given_name: 'Ada', family_name: 'Lovelace', birthdate: '1815-12-10', website: 'https://ada.example', desk: '42' });
    await visitor.page.locator('#shirt').selectOption('M');
    await visitor.page.locator('#newsletter').check();
    await visitor.pressAndWander('#save-profile');
    await assertFlash(visitor, /profile is saved/);
    for (const [id, value] of Object.entries({ given_name: 'Ada', birthdate: '1815-12-10', desk: '42', shirt: 'M' })) {
      assert.equal(await visitor.page.locator(`#${id}`).inputValue(), value, id);
    }
    assert.ok(await visitor.page.locator('#newsletter').isChecked());
    assert.ok(!(await visitor.page.locator('#badge').isEditable()), 'operators only');

    const claims = await userinfo(visitor);
    assert.equal(claims.preferred_username, ada.username);
    assert.equal(claims.name, 'Ada Lovelace');
    assert.equal(claims.birthdate, '1815-12-10');
    assert.equal(claims.desk, 42);
  });

  travel('what is wrong is said at its field, and nothing is lost', async (visitor) => {
    await arrive(visitor, 'wrong');
    await visitor.page.locator('#shirt').selectOption('L');
    await visitor.fill({ given_name: 'Ada', birthdate: 'yesterday', zoneinfo: 'Middle-earth/Shire' });
    await visitor.press('#save-profile');
    await assertRefused(visitor, /./);
    assert.equal(await visitor.page.locator('#birthdate').getAttribute('aria-invalid'), 'true');
    assert.equal(await visitor.page.locator('#given_name').inputValue(), 'Ada');
    assert.equal(await visitor.page.locator('#shirt').inputValue(), 'L');
  });

  travel('a picture: PNG and turned JPEG are shown upright and bare, SVG is refused', async (visitor) => {
    const ada = await arrive(visitor, 'picture');
    for (const [name, mimeType, buffer] of [['a.png', 'image/png', png()], ['b.jpg', 'image/jpeg', world.jpeg]]) {
      await visitor.open(page());
      await upload(visitor, { name, mimeType, buffer }, 'pressAndWander');
      await assertFlash(visitor, /picture is changed/);
      const stored = await pictureBytes(await visitor.page.locator('main img.avatar').getAttribute('src'));
      assert.ok(await isUpright(world.darkroom, stored), `${name} is upright`);
      assert.equal(stored.indexOf('Exif'), -1, 'nothing of the camera is kept');
    }
    assert.match((await userinfo(visitor)).picture, /\/pictures\//);

    await visitor.open(page());
    await upload(visitor, { name: 'c.svg', mimeType: 'image/svg+xml', buffer: svg() });
    await assertRefused(visitor, /not a picture we can read/);
    await upload(visitor, { name: 'd.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') });
    await assertRefused(visitor, /not a picture we can read/);
    assert.match(await visitor.text(), new RegExp(ada.username));
    await visitor.press('#picture-remove');
    await assertFlash(visitor, /./);
    assert.equal(await visitor.page.locator('main img.avatar').count(), 0);
  });
});

async function upload(visitor, file, press = 'press') {
  await visitor.page.locator('#picture').setInputFiles(file);
  await visitor[press]('#picture-submit');
}

async function pictureBytes(source) {
  const response = await fetch(new URL(source, world.server.issuer));
  assert.equal(response.headers.get('content-type'), 'image/jpeg');
  return Buffer.from(await response.arrayBuffer());
}

async function userinfo(visitor) {
  await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri, { scope: 'openid profile' }));
  const { code } = await world.callback.next();
  const { body } = await world.provider.redeem(world.app, world.callback.uri, code);
  return (await world.provider.userinfo(body.access_token)).body;
}
