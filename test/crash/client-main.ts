// A client that puts messages into an outbox on disk and sees to them until their device has them; killed, it goes on with what is there.
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../src/client/connect.ts';
import { dial } from '../../src/link/node/websocket.ts';
import { fileOutbox } from '../../src/sdk/file-outbox.ts';
import { hastyClock } from '../../src/testing/chaos-clock.ts';
import type { Message, Server } from './farhand.ts';

type Plan = Server & { readonly outbox: string; readonly messages: readonly Message[] };

// The client's own timers keep no process alive.
const alive = setInterval(() => undefined, 1_000);
const { url, token, outbox: folder, messages }: Plan = JSON.parse(process.argv[2] ?? '');
const outbox = fileOutbox(folder);
const left = new Set((await outbox.all()).map(({ client_message_id }) => client_message_id));
const client = connect({ url, token, outbox, openSocket: dial, clock: hastyClock(8), random: () => 0 });
// What an earlier process left in the outbox needs nobody to send it again.
const fresh = messages.filter(({ key }) => !left.has(key));
await Promise.all(fresh.map(({ scope, text, key }) => client.send(scope, text, { client_message_id: key })));
while ((await outbox.all()).length > 0) await pause(20);
client.close();
clearInterval(alive);
console.log(JSON.stringify({ event: 'delivered' }));
