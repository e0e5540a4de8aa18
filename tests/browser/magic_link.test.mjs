// Signing in by a link in a mail, which may be opened in another browser.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { provider } from '../relying_parties/harness/protocol.mjs';
import { startCallback } from './callback.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertRefused } from './people.mjs';

const subject = /^Your link to sign in/;

const world = journeys(async (started) => {
  started.callback = await startCallback();
  started.provider = provider(started.server.issuer);
  const redirectUris = [started.callback.uri];
  started.app = await started.server.createClient('notes', { redirectUris, options: ['--allow-magic-link'] });
  started.strict = await started.server.createClient('strict', { redirectUris });
});
after(() => world.callback?.stop());

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const newPerson = (name) => world.server.createUser(`${name}-${variant.name}`);

  travel('confirmed on the phone, signed in on the desktop', async (visitor, another) => {
    const ada = await newPerson('both');
    await askForLink(visitor, ada.email, 'pressAndWander');
    const number = await visitor.page.locator('#compare-code').innerText();
    await visitor.press('#magic-finish');
    await assertRefused(visitor, /not confirmed yet/);

    const phone = await another();
    const link = (await world.server.letters.next(ada.email, subject)).link('/login/link/open');
    await phone.open(link);
    assert.doesNotMatch(phone.page.url(), /token/);
    assert.match(await phone.text(), new RegExp(`Sign in as ${ada.username}`));
    assert.equal(await phone.page.locator('#compare-code').innerText(), number);
    await phone.press('#magic-confirm');
    assert.match(await phone.text(), /Confirmed/);
    await phone.open(`${world.server.issuer}/account`);
    assert.equal(phone.path(), '/login', 'the phone is not signed in');

    await visitor.press('#magic-finish');
    await visitor.passTo(world.callback.origin, ada);
    assert.ok((await world.callback.next()).code);
    assert.equal((await phone.open(link)).status(), 410);
  });

  travel('in one browser', async (visitor) => {
    const ada = await newPerson('one');
    await askForLink(visitor, ada.username);
    await visitor.open((await world.server.letters.next(ada.email, subject)).link('/login/link/open'));
    await visitor.press('#magic-confirm');
    await visitor.open(`${world.server.issuer}/login/link/sent`);
    await visitor.press('#magic-finish');
    await visitor.passTo(world.callback.origin, ada);
    assert.ok((await world.callback.next()).code);
  });

  travel('"that wasn’t me" signs nobody in', async (visitor, another) => {
    const ada = await newPerson('denies');
    await askForLink(visitor, ada.email);
    const owner = await another();
    await owner.open((await world.server.letters.next(ada.email, subject)).link('/login/link/open'));
    await owner.press('#magic-deny');
    assert.match(await owner.text(), /Nobody was signed in/);
    await visitor.press('#magic-finish');
    await assertRefused(visitor, /not confirmed yet/);
  });

  travel('nobody learns who is there, and an app that does not allow it has no such link', async (visitor) => {
    await askForLink(visitor, 'nobody@example.test');
    assert.equal(visitor.path(), '/login/link/sent');
    await visitor.open(await world.provider.authorizeUrl(world.strict, world.callback.uri));
    assert.equal(await visitor.shows('magic-link'), false);
  });
});

async function askForLink(visitor, identifier, press = 'press') {
  await visitor.open(await world.provider.authorizeUrl(world.app, world.callback.uri));
  await visitor.press('#magic-link');
  await visitor.fill({ email: identifier });
  await visitor[press]('#magic-submit');
}
