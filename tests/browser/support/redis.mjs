// A Redis of a test's own, on a socket in a folder that goes with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const startsWithin = 15000;

export async function startRedis() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'colock-redis-'));
  const socket = path.join(folder, 'socket');
  const options = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no'];
  const child = spawn(process.env.COLOCK_REDIS_SERVER, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  ended.catch(() => {});
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  };
  let said = '';
  try {
    await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`redis-server does not start: ${said}`)), startsWithin);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
      child.stdout.on('data', (data) => {
        said += data;
        if (!/ready to accept connections/.test(said)) return;
        clearTimeout(late);
        resolve();
      });
    });
  } catch (error) {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
    throw error;
  }
  return { url: `redis+unix://${socket}`, stop };
}
