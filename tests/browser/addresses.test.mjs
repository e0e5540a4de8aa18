// Mail addresses and the phone number of an account.
import assert from 'node:assert/strict';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { assertFlash, assertRefused, assertSignedOut, enterCode, newPassword, pressInRow, signIn } from './people.mjs';

const confirm = /^Confirm your new email address/;

const world = journeys(undefined, () => ({ env: { PORTCULLIS_SMS__TRANSPORT: 'file' } }));

withAndWithoutScript((variant) => {
  const travel = (title, steps) => journey(world, variant, title, steps);
  const page = () => `${world.server.issuer}/account/addresses`;

  async function arrive(visitor, name) {
    const ada = await world.server.createUser(`${name}-${variant.name}`);
    await signIn(visitor, world.server.issuer, ada);
    await visitor.open(page());
    return { ...ada, second: `second-${ada.email}` };
  }

  travel('a second address: added, proven by code, made primary; the old one undoes it', async (visitor, another) => {
    const ada = await arrive(visitor, 'moves');
    await addAddress(visitor, 'not an address');
    await assertRefused(visitor, /./);
    await addAddress(visitor, ada.email);
    await assertRefused(visitor, /You have this address already/);
    await visitor.open(page());
    await visitor.fill({ email: ada.second });
    await visitor.pressAndWander('#add-email');
    assert.equal(visitor.path(), '/account/addresses/verify');
    const verify = visitor.page.url();

    const { code } = await world.server.letters.next(ada.second, confirm);
    await enterCode(visitor, code === '000000' ? '000001' : '000000');
    await assertRefused(visitor, /code is not right/);
    await visitor.open(verify);
    await enterCode(visitor, code);
    await assertFlash(visitor, /verified/);
    await pressInRow(visitor, ada.second, 'Make primary');
    await assertFlash(visitor, /primary address now/);
    assert.match(await row(visitor, ada.second).innerText(), /Primary/);

    const notice = await world.server.letters.next(ada.email, /^Your email address was changed/);
    const owner = await another();
    await owner.open(notice.link('/account/undo-email/link'));
    assert.match(await owner.text(), new RegExp(ada.email));
    await owner.pressAndWander('#undo-email');
    assert.equal(owner.path(), '/password/reset/sent');
    await assertSignedOut(visitor, world.server.issuer);
    await visitor.enter(ada);
    assert.match(await visitor.text(), /not right/, 'who changed the address knew the password');
    await owner.open((await world.server.letters.next(ada.email, /^Choose a new password/)).link('/password/reset/link'));
    await owner.fill({ 'new-password': newPassword });
    await owner.press('#password-submit');
    await visitor.enter({ ...ada, password: newPassword });
    await visitor.open(page());
    assert.match(await row(visitor, ada.email).innerText(), /Primary/);
    assert.equal(await row(visitor, ada.second).count(), 0);
    assert.equal((await owner.open(notice.link('/account/undo-email/link'))).status(), 410);
  });

  travel('a second address is proven by its link, and removed', async (visitor) => {
    const ada = await arrive(visitor, 'link');
    await addAddress(visitor, ada.second);
    await visitor.open((await world.server.letters.next(ada.second, confirm)).link('/verify-email/link'));
    await visitor.press('#verify-submit');
    await assertFlash(visitor, /verified/);
    assert.match(await row(visitor, ada.second).innerText(), /Verified/);
    await pressInRow(visitor, ada.second, 'Remove');
    await assertFlash(visitor, /removed/);
    await world.server.letters.next(ada.second, /^An email address was removed/);
  });

  travel('an address of somebody else tells its owner, not who asks', async (visitor) => {
    const grace = await world.server.createUser(`grace-${variant.name}`);
    const ada = await arrive(visitor, 'others');
    await addAddress(visitor, grace.email);
    assert.equal(visitor.path(), '/account/addresses/verify');
    await world.server.letters.next(grace.email, /^You already have an account/);
    world.server.letters.assertCount(grace.email, confirm, 0);
    assert.ok(ada);
  });

  travel('pressing twice adds an address once', async (visitor) => {
    const ada = await arrive(visitor, 'twice');
    await visitor.fill({ email: ada.second });
    await visitor.pressTwice('#add-email');
    const letter = await world.server.letters.next(ada.second, confirm);
    await visitor.open(page());
    assert.equal(await row(visitor, ada.second).count(), 1);
    await pressInRow(visitor, ada.second, 'Verify');
    await enterCode(visitor, letter.code);
    await assertFlash(visitor, /verified/);
    world.server.letters.assertCount(ada.second, confirm, 1);
  });

  travel('a phone number: added, proven by a text message, removed', async (visitor) => {
    await arrive(visitor, 'phone');
    const number = variant.script ? '+442079460001' : '+442079460002';
    await visitor.fill({ phone: 'call me' });
    await visitor.press('#add-phone');
    await assertRefused(visitor, /./);
    await visitor.open(page());
    await visitor.fill({ phone: number });
    await visitor.pressAndWander('#add-phone');
    assert.match(await visitor.text(), /We sent a code in a text message/);
    const { code } = await world.server.texts.next(number);
    await enterCode(visitor, code === '000000' ? '000001' : '000000');
    await assertRefused(visitor, /code is not right/);
    await enterCode(visitor, code);
    await assertFlash(visitor, /phone number is verified/);
    await visitor.press('#remove-phone');
    await assertFlash(visitor, /removed/);
    assert.ok(await visitor.shows('add-phone'));
  });
});

const row = (visitor, text) => visitor.page.locator('.items > li').filter({ has: visitor.page.getByText(text, { exact: true }) });

async function addAddress(visitor, address) {
  await visitor.page.locator('#email').evaluate((field) => field.setAttribute('type', 'text'));
  await visitor.fill({ email: address });
  await visitor.press('#add-email');
}
