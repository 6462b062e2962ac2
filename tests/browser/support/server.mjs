// Runs the service under test, as a process of its own on a free port.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { startRedis } from './redis.mjs';

const program = process.env.COLOCK_SERVICE;
const redisProgram = process.env.COLOCK_REDIS_SERVER; // then its locks live there
const startsWithin = 15000;
const stopsWithin = 15000;

/** Resolves when the server says where it listens. Options are those of its command line. */
export async function startServer(...options) {
  if (!program) throw new Error('COLOCK_SERVICE must name the program of the service');
  const redis = redisProgram ? await startRedis() : undefined;
  const provider = redis ? ['--provider', redis.url] : [];
  const child = spawn(program, ['--port', '0', ...provider, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const address = new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the server did not say where it listens: ${said}`)), startsWithin);
    const hear = (data) => {
      said += data;
      const found = /(https?):\/\/127\.0\.0\.1:(\d+)/.exec(said);
      if (!found) return;
      clearTimeout(limit);
      resolve({ scheme: found[1], port: Number(found[2]) });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the server ended with ${code ?? signal}: ${said}`)));
  });
  const ended = once(child, 'exit');
  ended.catch(() => {});
  let at;
  try {
    at = await address;
  } catch (error) {
    child.kill('SIGKILL');
    await redis?.stop();
    throw error;
  }
  return {
    port: at.port,
    url: `${at.scheme}://127.0.0.1:${at.port}/`,
    ws: `${at.scheme.replace('http', 'ws')}://127.0.0.1:${at.port}/ws`,
    said: () => said,
    /** Asks it to end; gives its exit code, or the signal that ended it. */
    async stop() {
      child.kill('SIGTERM'); // nothing happens if it has ended already
      const limit = setTimeout(() => child.kill('SIGKILL'), stopsWithin);
      const [code, signal] = await ended;
      clearTimeout(limit);
      await redis?.stop();
      return code ?? signal;
    },
  };
}

/**
 * A stretch of wire before servers, which a test can cut: an address that stays while the server behind it
 * is another.
 */
export async function startWire(server) {
  let port = server?.port;
  const ends = new Set();
  const wire = net.createServer((near) => {
    if (port === undefined) return near.destroy();
    const far = net.connect(port, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]]) {
      ends.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        ends.delete(one);
        other.destroy();
      });
    }
  });
  const cut = () => {
    port = undefined;
    for (const end of ends) end.destroy();
  };
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  return {
    url: `http://127.0.0.1:${wire.address().port}/`,
    cut,
    mend: (to) => {
      port = to.port;
    },
    stop() {
      cut();
      wire.close();
    },
  };
}

/** A file of owners and their tokens, gone after the test or suite. */
export async function tokenFile(t, ...ownersAndTokens) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'colock-tokens-'));
  t.after(() => rm(folder, { recursive: true }));
  const lines = [];
  for (let at = 0; at < ownersAndTokens.length; at += 2) lines.push(`${ownersAndTokens[at]} ${ownersAndTokens[at + 1]}\n`);
  const file = path.join(folder, 'tokens');
  await writeFile(file, lines.join(''), { mode: 0o600 });
  return file;
}
