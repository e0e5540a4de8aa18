// Programs the proof starts: each on a free port, its output kept under build/, ended by its own id.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));
export const relyingParties = fileURLToPath(new URL('../', import.meta.url));
export const build = join(repository, 'build');

const STOP_TIMEOUT_MS = 20_000;
const logs = join(build, 'proof-logs');
let started = 0;

/** A fresh file for what a program has to say. */
export function newLogFile(name) {
  mkdirSync(logs, { recursive: true });
  const file = join(logs, `${basename(process.argv[1] ?? 'proof', '.mjs')}-${++started}-${name}.log`);
  rmSync(file, { force: true });
  return file;
}

/** A port nobody listens on at this moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Asks until `question` answers something truthy. */
export async function eventually(what, question, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs;
  let trouble;
  for (;;) {
    try {
      const answer = await question();
      if (answer) return answer;
      trouble = undefined;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      trouble = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: trouble });
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Asking again cannot help. */
export class Hopeless extends Error {}

/** Starts a program and waits until `readyUrl` answers 2xx. */
export async function startProgram(name, command, args, { env, readyUrl, timeoutMs = 60_000 }) {
  const program = launch(name, command, args, env);
  try {
    await eventually(`${name} answers at ${readyUrl}`, async () => {
      if (program.ended()) throw new Hopeless(`${name} (${command}) ended before it was ready, ${JSON.stringify(program.ended())}:\n${program.output().slice(-4000)}`);
      return (await fetch(readyUrl, { redirect: 'manual' })).ok;
    }, timeoutMs);
  } catch (error) {
    await program.stop().catch(() => {});
    throw error;
  }
  return program;
}

function launch(name, command, args, env) {
  const file = newLogFile(name);
  const log = createWriteStream(file);
  let output = '';
  let end;

  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve((end = { code: null, signal: error.code })));
    child.once('exit', (code, signal) => resolve((end = { code, signal })));
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      log.write(text);
    });
  }
  const orphan = () => end ?? child.kill('SIGTERM');
  process.once('exit', orphan);

  return {
    name,
    logFile: file,
    output: () => output,
    ended: () => end,
    /** Asks it to end, by its own id, and answers how it ended. */
    async stop() {
      if (!end) child.kill('SIGTERM');
      let timer;
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${name} ignores SIGTERM (log: ${file})`)), STOP_TIMEOUT_MS);
      });
      try {
        return await Promise.race([ended, late]);
      } finally {
        clearTimeout(timer);
        process.removeListener('exit', orphan);
        log.end();
      }
    },
  };
}
