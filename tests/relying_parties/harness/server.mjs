// A real Portcullis on a private data directory, and its command line.
import { execFile, spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lettersIn, textsIn } from './mailbox.mjs';
import { startSmtpSink } from './smtp_sink.mjs';
import { freePort, repository, startProgram } from './processes.mjs';

const binary = process.env.PORTCULLIS_BIN ?? join(repository, 'target/debug/portcullis');

/** Long, and on no list of well-known passwords. */
export const password = 'lantern-orchard-velvet-51';

/** Everything an ordinary application asks for. */
export const scopes = 'openid profile email offline_access groups';

/** `env` and `toml` (a configuration file's text) say what differs from the defaults. */
export async function startServer({ env: wanted = {}, toml } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-proof-'));
  chmodSync(folder, 0o755); // Postgres runs as another user and has to get through.
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  // Letters leave by SMTP, as in production, unless a test has a way of its own.
  const sink = 'PORTCULLIS_MAIL__TRANSPORT' in wanted ? undefined : await startSmtpSink();
  const env = {
    ...foreignEnvironment(),
    PORTCULLIS_SERVER__LISTEN: `127.0.0.1:${port}`,
    PORTCULLIS_SERVER__PUBLIC_URL: issuer,
    PORTCULLIS_DATA__DIR: join(folder, 'data'),
    ...(await metricsElsewhere()),
    ...(sink && by(sink)),
    ...wanted,
  };
  const config = toml === undefined ? [] : ['--config', join(folder, 'portcullis.toml')];
  if (toml !== undefined) writeFileSync(join(folder, 'portcullis.toml'), toml);
  try {
    const program = await startProgram('portcullis', binary, [...config, 'serve'], { env, readyUrl: `${issuer}/readyz` });
    return new Server({ folder, issuer, env, config, program, sink });
  } catch (error) {
    remove(folder);
    await sink?.stop();
    throw error;
  }
}

const by = (sink) => ({
  PORTCULLIS_MAIL__TRANSPORT: 'smtp',
  PORTCULLIS_MAIL__SMTP__HOST: '127.0.0.1',
  PORTCULLIS_MAIL__SMTP__PORT: String(sink.port),
  PORTCULLIS_MAIL__SMTP__SECURITY: 'none',
});

class Server {
  constructor(parts) {
    Object.assign(this, parts);
    const data = this.env.PORTCULLIS_DATA__DIR;
    this.letters = this.sink?.mailbox ?? lettersIn(data);
    this.texts = textsIn(data);
  }

  /** What `serve` has printed so far. */
  output() {
    return this.program.output();
  }

  async stop() {
    const { code, signal } = await this.program.stop();
    remove(this.folder);
    await this.sink?.stop();
    assert.equal(code, 0, `serve ends with 0 on SIGTERM (signal ${signal}, log ${this.program.logFile})`);
  }

  /** Runs `portcullis …` beside the server; answers its JSON. */
  async json(args, input = '') {
    return JSON.parse(await this.command([...args, '--json'], input));
  }

  /** Runs `portcullis …` beside the server; answers what it prints. */
  command(args, input = '') {
    return new Promise((resolve, reject) => {
      const child = spawn(binary, [...this.config, ...args], { env: this.env });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
      child.once('error', reject);
      child.once('close', (code) => (code === 0 ? resolve(out) : reject(
        new Error(`portcullis ${args.join(' ')} ended with ${code}:\n${err}${out}`))));
      child.stdin.on('error', () => {}); // a command that does not read it
      child.stdin.end(input);
    });
  }

  /** Runs a statement in the private Postgres, for what no command does. */
  sql(statement) {
    const socket = readFileSync(join(this.env.PORTCULLIS_DATA__DIR, 'postgres/postmaster.pid'), 'utf8').split('\n')[4];
    return promisify(execFile)('psql', ['-h', socket, '-U', 'portcullis', '-d', 'portcullis', '--quiet', '-c', statement]);
  }

  async createUser(username, options = []) {
    const email = `${username}@example.test`;
    await this.json([
      'user', 'create', '--username', username, '--email', email, '--email-verified', '--password-stdin', ...options,
    ], `${password}\n`);
    return { username, email, password };
  }

  /** A confidential client with all that a web application needs; answers `{ id, secret }`. */
  async createClient(id, { redirectUris, postLogoutRedirectUris = [], scope = scopes, options = [] }) {
    const { client_id, client_secret } = await this.json([
      'client', 'create', '--id', id, '--name', `The ${id} application`, '--type', 'confidential',
      ...redirectUris.flatMap((uri) => ['--redirect-uri', uri]),
      ...postLogoutRedirectUris.flatMap((uri) => ['--post-logout-redirect-uri', uri]),
      '--grant-type', 'authorization_code', '--grant-type', 'refresh_token', '--scope', scope, ...options,
    ]);
    return { id: client_id, secret: client_secret };
  }
}

const remove = (folder) => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

/** Ours without what would configure the server behind our back. */
function foreignEnvironment() {
  const ours = (name) => name.startsWith('PORTCULLIS_') || ['PORT', 'DATABASE_URL'].includes(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours(name)));
}

/** Servers run side by side here, so none may take the metrics listener's default port (once there is one). */
async function metricsElsewhere() {
  const defaults = join(repository, 'config/default.toml');
  const known = existsSync(defaults) && /^\[metrics\]/m.test(readFileSync(defaults, 'utf8'));
  return known ? { PORTCULLIS_METRICS__LISTEN: `127.0.0.1:${await freePort()}` } : {};
}
