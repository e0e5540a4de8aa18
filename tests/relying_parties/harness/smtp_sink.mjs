// A mail server that takes everything and delivers nothing (RFC 5321, as little of it as a client needs).
import { createServer } from 'node:net';
import { readLetter } from './letters.mjs';
import { Mailbox } from './mailbox.mjs';

/** Listens on a free port of this machine; `mailbox` holds what came, `envelopes` who it was for. */
export async function startSmtpSink() {
  const envelopes = [];
  const server = createServer((socket) => converse(socket, (envelope) => envelopes.push(envelope)));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: server.address().port,
    envelopes,
    mailbox: new Mailbox(() => envelopes.map(({ data }) => readLetter(data))),
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}

function converse(socket, deliver) {
  const say = (line) => socket.write(`${line}\r\n`);
  let envelope = { to: [] };
  let data;
  let unread = '';

  const answers = {
    EHLO: () => say('250-sink\r\n250 8BITMIME'),
    HELO: () => say('250 sink'),
    MAIL: (line) => { envelope = { from: addressIn(line), to: [] }; say('250 OK'); },
    RCPT: (line) => { envelope.to.push(addressIn(line)); say('250 OK'); },
    DATA: () => { data = []; say('354 End with a dot'); },
    RSET: () => { envelope = { to: [] }; say('250 OK'); },
    NOOP: () => say('250 OK'),
    QUIT: () => socket.end('221 Bye\r\n'),
  };

  function take(line) {
    if (data === undefined) return (answers[line.slice(0, 4).toUpperCase()] ?? (() => say('502 Not here')))(line);
    if (line !== '.') return data.push(line.replace(/^\.\./, '.')); // Transparency: section 4.5.2.
    deliver({ ...envelope, data: data.join('\n') });
    data = undefined;
    return say('250 Taken');
  }

  socket.setEncoding('utf8').on('error', () => {}).on('data', (text) => {
    const lines = (unread + text).split('\r\n');
    unread = lines.pop();
    lines.forEach(take);
  });
  say('220 sink');
}

const addressIn = (line) => /<([^>]*)>/.exec(line)?.[1];
