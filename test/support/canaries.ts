import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What must never be read; each is found wherever it gets to. */
export const secrets = {
  key: 'CANARY-of-the-ssh-key-4f1d',
  note: 'CANARY-of-a-note-at-home-9b22',
  token: 'CANARY-of-farhand-itself-c07e',
  environment: 'CANARY-of-the-environment-51aa',
};

/** A server that nobody has to do with: `visits` is who came all the same. */
export async function canaryServer(): Promise<{ readonly url: string; readonly visits: readonly string[] }> {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(`${request.method} ${request.url}`);
    response.end();
  });
  server.on('connection', () => visits.push('a connection'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, visits };
}
