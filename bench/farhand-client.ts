import { randomUUID } from 'node:crypto';
import { type CallResult, type Client, connect, createClient } from '../src/client/index.ts';
import { type DialFailure, isDialFailure } from '../src/link/dial-failure.ts';
import { dialLocal } from '../src/link/node/local-socket.ts';
import { frameLine } from '../src/link/node/ndjson.ts';
import { dial } from '../src/link/node/websocket.ts';
import type { Pipe } from '../src/link/pipe.ts';
import { withListen } from '../src/link/with-listen.ts';
import type { Frame } from '../src/protocol/frames.ts';
import { awaited } from './harness.ts';

/** What a turn looks like from a client. Milliseconds since the input was sent. */
export type Turn = {
  readonly firstMs: number;
  /** The last text of the answer. */
  readonly lastMs: number;
  /** The turn is over. */
  readonly endMs: number;
  /** Of the answer. */
  readonly characters: number;
  /** Everything that came over the wire meanwhile. */
  readonly bytes: number;
};

export type Conversation = {
  /** Says something and hears the turn to its end; `onText` gets the answer as it comes. */
  turn(text: string, onText?: (text: string) => void): Promise<Turn>;
};

/** A client of one home. */
export type FarhandClient = {
  /** A new conversation of the default agent, followed from its beginning. */
  conversation(): Promise<Conversation>;
  call: Client['call'];
  close(): void;
};

/** A client of an owner's private socket. */
export const farhandClient = (socketPath: string): Promise<FarhandClient> =>
  talking((counted, onTrouble) =>
    createClient({ open: async () => counted(await dialLocal(socketPath)), onTrouble }),
  );

/** A client of a broker, `http://…`, or of an app-server, `ws://…`. */
export const farClient = (url: string, token: string | null): Promise<FarhandClient> =>
  talking((counted, onTrouble) =>
    connect({
      url,
      token,
      openSocket: async (place, { headers }) => counted(await dial(place, { headers })),
      onTrouble,
    }),
  );

type Dialled = Pipe | DialFailure;

async function talking(
  start: (
    counted: (dialled: Dialled) => Dialled,
    onTrouble: (failure: { readonly message: string }) => void,
  ) => Client,
): Promise<FarhandClient> {
  let received = 0;
  const client = start(
    (dialled) => (isDialFailure(dialled) ? dialled : counting(dialled, (bytes) => (received += bytes))),
    ({ message }) => process.stderr.write(`the client: ${message}\n`),
  );
  const { agents } = valueIn(await client.call('agent_list', {}));
  const agent_id = agents[0]?.id ?? null;

  async function conversation(): Promise<Conversation> {
    const scope = { agent_id, conversation_id: `conv-${randomUUID()}` };
    let hear: (frame: Frame) => void = () => undefined;
    await new Promise<void>((synced, failed) =>
      client.follow(scope, {
        event: (frame) => hear(frame),
        synced: () => synced(),
        failed: ({ message }) => failed(new Error(message)),
      }),
    );
    return {
      turn: (text, onText) =>
        awaited('A turn', (done, failed) => {
          const before = received;
          const start = performance.now();
          const since = () => performance.now() - start;
          let [firstMs, lastMs, characters] = [Number.NaN, Number.NaN, 0];
          hear = (frame) => {
            const said = saidIn(frame);
            if (said !== null) {
              lastMs = since();
              characters += said.length;
              if (Number.isNaN(firstMs)) firstMs = lastMs;
              onText?.(said);
            }
            if (frame.type !== 'turn_finished') return;
            if (frame.stop_reason !== 'end_turn')
              failed(new Error(`The turn ended with ${frame.stop_reason}.`));
            done({ firstMs, lastMs, endMs: since(), characters, bytes: received - before });
          };
          void client.send(scope, text).then((sent) => {
            if (!sent.ok) failed(new Error(sent.failure.message));
          });
        }),
    };
  }
  return { conversation, call: client.call, close: () => client.close() };
}

/** The answer's text in a frame of either kind of device. */
export function saidIn(frame: Readonly<Record<string, unknown>>): string | null {
  if (frame.type !== 'stream_delta') return null;
  const { message_type, content } = frame.delta as {
    readonly message_type?: unknown;
    readonly content?: unknown;
  };
  return message_type === 'assistant_message' && typeof content === 'string' ? content : null;
}

const counting = (pipe: Pipe, count: (bytes: number) => void): Pipe =>
  withListen(pipe, (listener) =>
    pipe.listen({
      closed: (why) => listener.closed(why),
      drained: () => listener.drained?.(),
      message(text) {
        count(Buffer.byteLength(frameLine(text)));
        listener.message(text);
      },
    }),
  );

function valueIn<T extends Parameters<Client['call']>[0]>(result: CallResult<T>) {
  if (result.ok) return result.value;
  throw new Error(result.failure.message);
}
