// Letters by SMTP instead of into files.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startSmtpSink } from '../relying_parties/harness/smtp_sink.mjs';
import { journey, journeys, withAndWithoutScript } from './journeys.mjs';
import { enterCode, register, stranger } from './people.mjs';

const world = journeys(undefined, async (starting) => {
  starting.sink = await startSmtpSink();
  return {
    env: {
      PORTCULLIS_MAIL__TRANSPORT: 'smtp',
      PORTCULLIS_MAIL__SMTP__HOST: '127.0.0.1',
      PORTCULLIS_MAIL__SMTP__PORT: String(starting.sink.port),
      PORTCULLIS_MAIL__SMTP__SECURITY: 'none',
      PORTCULLIS_MAIL__FROM: 'The gate <gate@example.test>',
    },
  };
});
after(() => world.sink?.stop());

withAndWithoutScript((variant) => {
  journey(world, variant, 'a letter arrives, and its code is good', async (visitor) => {
    const ada = stranger(`ada-${variant.name}`);
    await visitor.open(`${world.server.issuer}/register`);
    await register(visitor, ada);
    const letter = await world.sink.mailbox.next(ada.email);
    assert.match(letter.from, /gate@example\.test/);
    assert.match(letter.html, new RegExp(letter.code));
    const envelope = world.sink.envelopes.at(-1);
    assert.deepEqual([envelope.from, envelope.to], ['gate@example.test', [ada.email]]);
    await enterCode(visitor, letter.code);
    assert.equal(visitor.path(), '/account');
  });
});
