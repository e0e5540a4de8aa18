// What people do on our pages in more than one story.
import assert from 'node:assert/strict';
import { password } from '../relying_parties/harness/server.mjs';

/** What a password is changed to. */
export const newPassword = 'copper-meadow-thunder-73';

/** Somebody without an account. */
export const stranger = (username) => ({ username, email: `${username}@example.test`, password });

/** Signs in at the account's own pages. */
export async function signIn(visitor, issuer, person) {
  await visitor.open(`${issuer}/account`);
  await visitor.enter(person);
  assert.equal(visitor.path(), '/account', await visitor.text());
}

/** Fills the registration page shown; `submit` says how its button is pressed. */
export async function register(visitor, { username, email, password: secret }, submit = 'press') {
  const address = visitor.page.locator('#email');
  if (await address.isEditable()) await address.fill(email);
  await visitor.fill({ username, 'new-password': secret });
  return visitor[submit]('#register-submit');
}

export async function enterCode(visitor, code, submit = 'press') {
  await visitor.fill({ code });
  return visitor[submit]('#verify-submit');
}

/** The page keeps somebody, and says why. */
export async function assertRefused(visitor, message) {
  assert.match(await visitor.page.locator('#error-summary').innerText(), message);
  assert.match(await visitor.page.title(), /^Error: /);
}

export async function assertFlash(visitor, message) {
  assert.match(await visitor.page.locator('#flash').innerText(), message);
}

/** Asks for a page that only people who are signed in see. */
export async function assertSignedOut(visitor, issuer) {
  await visitor.open(`${issuer}/account`);
  assert.equal(visitor.path(), '/login', await visitor.text());
}

/** Presses the button of the first row that says `text`. */
export async function pressInRow(visitor, text, label) {
  const row = visitor.page.locator('.items > li', { hasText: text });
  await row.getByRole('button', { name: label }).first().evaluate((button) => button.setAttribute('data-chosen', ''));
  await visitor.press('[data-chosen]');
}
