import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Reply = unknown | ((res: ServerResponse) => void);

/** A provider that answers paths with JSON, or as a test says; anything else is 404. Closed when the test is over. */
export async function testProvider(routes: Readonly<Record<string, Reply>>, key?: string) {
  const requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer(({ url = '', headers }, res) => {
    requests.push({ url, headers });
    const given =
      headers.authorization?.replace('Bearer ', '') ?? headers['x-api-key'] ?? headers['x-goog-api-key'];
    const reply = routes[url.split('?')[0] ?? ''];
    if (key !== undefined && given !== key)
      // Some repeat the key that they refuse.
      res.writeHead(401).end(JSON.stringify({ error: { message: `Incorrect API key provided: ${given}` } }));
    else if (typeof reply === 'function') reply(res);
    else if (reply === undefined) res.writeHead(404).end('{}');
    else res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}
