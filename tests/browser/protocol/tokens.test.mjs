// A server that asks who one is.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { Client, within } from '../support/client.mjs';
import { startServer } from '../support/server.mjs';

