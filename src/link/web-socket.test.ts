import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isDialFailure } from './dial-failure.ts';
import { acceptUpgrades } from './node/upgrade.ts';
import type { Pipe } from './pipe.ts';
import { record } from './recorder.ts';
import { virtualClock } from './virtual-clock.ts';
import { webSocketPipe } from './web-socket.ts';

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a page's WebSocket", () => {
  it('that nobody answers says where it went, and nothing of what it carried', async () => {
    const server = createServer();
    server.on('upgrade', (_request, socket) =>
      socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
    );
    const host = await listening(server);
    expect(await webSocketPipe(`ws://${host}/status/ws?ticket=secret`)).toEqual({
      kind: 'error',
      message: `cannot connect to ws://${host}/status/ws`,
    });
    expect(await webSocketPipe('nonsense')).toMatchObject({ kind: 'error', message: /not a URL/ });
  });

  it('that is never answered is given up', async () => {
    const server = createServer();
    const asked = once(server, 'upgrade');
    const host = await listening(server);
    const clock = virtualClock();
    const dialled = webSocketPipe(`ws://${host}/`, { clock });
    const [, socket] = await asked;
    await clock.advance(15_000);
    expect(await dialled).toEqual({
      kind: 'timeout',
      message: `ws://${host}/ did not answer within 15 s`,
    });
    socket.destroy();
  });

  it('cuts a long reason without cutting a character', async () => {
    const server = createServer();
    const upgrade = acceptUpgrades();
    const accepted = new Promise<Pipe>((resolve) => {
      server.once('upgrade', (request, socket, head) => upgrade(request, socket, head, resolve));
    });
    const near = await webSocketPipe(`ws://${await listening(server)}`);
    if (isDialFailure(near)) throw new Error(near.message);
    const far = record(await accepted);
    near.close(4000, 'é'.repeat(100));
    expect(await far.closed).toEqual({ code: 4000, reason: 'é'.repeat(61) });
  });
});
