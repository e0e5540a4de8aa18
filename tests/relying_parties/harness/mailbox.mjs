// Where people read what a server sent them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readLetter } from './letters.mjs';
import { eventually } from './processes.mjs';

/** Letters the server wrote into its data directory (mail.transport = "file"). */
export const lettersIn = (data) => new Mailbox(() => filesIn(join(data, 'mail'), '.eml').map(readLetter));

/** Text messages the server wrote (sms.transport = "file"). */
export const textsIn = (data) => new Mailbox(() => filesIn(join(data, 'sms'), '.txt').map(readText));

/** Oldest first: names begin with the time. */
function filesIn(folder, ending) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(ending) && !name.startsWith('.')).sort();
  return names.map((name) => readFileSync(join(folder, name), 'utf8'));
}

function readText(raw) {
  const [, to, text] = /^To: (\S+)\n\n([^]*)$/.exec(raw);
  return { to, subject: '', text, code: /\b\d{6,8}\b/.exec(text)?.[0] };
}

export class Mailbox {
  taken = new Map();

  /** `read` answers everything that has come so far, oldest first. */
  constructor(read) {
    this.read = read;
  }

  /** The next one to `to`, about `subject`; each is handed out once. */
  next(to, subject = /(?:)/) {
    const whose = `${to} ${subject}`;
    return eventually(`a letter to ${to} about ${subject}; there are ${this.summary()}`, () => {
      const taken = this.taken.get(whose) ?? 0;
      const letter = this.all(to, subject)[taken];
      if (letter) this.taken.set(whose, taken + 1);
      return letter;
    }, 5_000);
  }

  all(to, subject = /(?:)/) {
    return this.read().filter((letter) => letter.to === to && subject.test(letter.subject));
  }

  /** Nothing more came: asked after something later has been seen to come. */
  assertCount(to, subject, count) {
    assert.equal(this.all(to, subject).length, count, `letters to ${to} about ${subject}: ${this.summary()}`);
  }

  summary() {
    return this.read().map(({ to, subject }) => `${to}: ${subject}`).join('; ') || 'none';
  }
}
