// The four applications: how each is started. All have the same pages and the same environment.
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, newLogFile, relyingParties, repository, startProgram } from './processes.mjs';

const rustBinary = process.env.OPENIDCONNECT_RS_BIN ?? join(repository, 'target/debug/examples/openidconnect-rs');
const python = join(process.env.PORTCULLIS_RP_VENV ?? join(build, 'relying_parties/venv'), 'bin/python');
const apache = process.env.APACHE2 ?? '/usr/sbin/apache2';
const apacheModules = process.env.APACHE2_MODULES ?? '/usr/lib/apache2/modules';

export const openidClient = application('openid-client', process.execPath, [join(relyingParties, 'openid-client/app.mjs')]);

export const authlib = application('authlib', python, ['-u', join(relyingParties, 'authlib/app.py')]);

export const openidconnectRs = application('openidconnect-rs', rustBinary, []);

/** Apache keeps its error codes to itself (page and hook speak in general words), its log has them. */
export const modAuthOpenidc = {
  name: 'mod_auth_openidc',
  codesInLogOnly: true,
  async start(settings) {
    const runtime = apacheRuntime();
    const errorLog = newLogFile('mod_auth_openidc-errors');
    const env = {
      ...environment(settings),
      RUNTIME: runtime,
      ERROR_LOG: errorLog,
      MODULES: apacheModules,
      PASSPHRASE: randomBytes(24).toString('base64url'),
    };
    const args = [
      '-D', 'FOREGROUND', ...(process.getuid() === 0 ? ['-D', 'AsRoot'] : []),
      '-f', join(relyingParties, 'apache/httpd.conf'),
    ];
    const remove = () => rmSync(runtime, { recursive: true, force: true });
    try {
      const program = await startProgram('mod_auth_openidc', apache, args, { env, readyUrl: `${home(settings.port)}/` });
      return { ...running(settings, program, remove), log: () => readFileSync(errorLog, 'utf8') };
    } catch (error) {
      remove();
      throw error;
    }
  },
};

/** A ServerRoot whose pages Apache's unprivileged children can read. */
function apacheRuntime() {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-apache-'));
  const pages = join(folder, 'pages');
  cpSync(join(relyingParties, 'apache/pages'), pages, { recursive: true });
  for (const open of [folder, pages]) chmodSync(open, 0o755);
  for (const page of readdirSync(pages)) chmodSync(join(pages, page), 0o644);
  return folder;
}

function application(name, command, args) {
  return {
    name,
    async start(settings) {
      const program = await startProgram(name, command, args, {
        env: environment(settings), readyUrl: `${home(settings.port)}/`,
      });
      return running(settings, program);
    },
  };
}

/** The address an application will have. On another site than the server's `localhost`, as in life. */
export const home = (port) => `http://127.0.0.1:${port}`;

const environment = ({ issuer, client, port }) => ({
  ...process.env, ISSUER: issuer, CLIENT_ID: client.id, CLIENT_SECRET: client.secret, PORT: String(port),
});

function running({ port }, program, cleanUp = () => {}) {
  return {
    home: home(port),
    log: () => program.output(),
    async stop() {
      await program.stop();
      cleanUp();
    },
  };
}
