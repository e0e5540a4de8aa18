// Letters as they are on the wire: MIME parts, quoted-printable, words in headers.

/** Reads one letter: `to`, `from`, `subject`, `text`, `html`, and what people look for in it: `link(path)` and `code`. */
export function readLetter(raw) {
  const { headers, parts } = readPart(raw.replaceAll('\r\n', '\n'));
  const body = (type) => parts.find((part) => part.type === type)?.body ?? '';
  const text = body('text/plain');
  return {
    headers,
    to: headers.get('to'),
    from: headers.get('from'),
    subject: decodeWords(headers.get('subject') ?? ''),
    text,
    html: body('text/html'),
    code: /^ {4}(\d{6,8})$/m.exec(text)?.[1],
    link: (path) => linksOf(text).find((url) => new URL(url).pathname === path),
  };
}

const linksOf = (text) => text.match(/https?:\/\/\S+/g) ?? [];

/** One part with all the parts inside it. */
function readPart(raw) {
  const end = raw.indexOf('\n\n');
  const headers = readHeaders(raw.slice(0, end));
  const content = raw.slice(end + 2);
  const [type, ...parameters] = (headers.get('content-type') ?? 'text/plain').split(/;\s*/);
  const boundary = parameters.map((parameter) => /^boundary="?([^"]+)"?$/i.exec(parameter)?.[1]).find(Boolean);
  if (!boundary) return { headers, parts: [{ type: type.trim().toLowerCase(), body: decodeBody(content, headers) }] };
  const inner = content.split(`--${boundary}`).slice(1, -1).map((part) => readPart(part.replace(/^\n/, '')));
  return { headers, parts: inner.flatMap(({ parts }) => parts) };
}

function readHeaders(raw) {
  const lines = raw.replaceAll(/\n[ \t]+/g, ' ').split('\n');
  return new Map(lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
}

/** RFC 2045 section 6. */
function decodeBody(content, headers) {
  const encoding = (headers.get('content-transfer-encoding') ?? '7bit').toLowerCase();
  if (encoding === 'base64') return Buffer.from(content, 'base64').toString('utf8');
  return encoding === 'quoted-printable' ? unquote(content.replaceAll(/=[ \t]*\n/g, '')) : content;
}

function unquote(text) {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** RFC 2047. */
function decodeWords(text) {
  return text.replaceAll(/\?=\s+=\?/g, '?==?').replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding, word) => (
    encoding.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString('utf8') : unquote(word.replaceAll('_', ' '))
  ));
}
