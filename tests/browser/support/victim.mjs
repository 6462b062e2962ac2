// A client that takes locks and is then killed by the test.

import { Client } from './client.mjs';

const client = await Client.as({ ws: process.argv[2] }, 'Victim');
for (const key of ['victim/1', 'victim/2', 'victim/3']) await client.request('acquire', { keys: [key] });
process.send(3);
