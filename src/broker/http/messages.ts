import type { Hub } from '../../hub/hub.ts';
import { memoryPair } from '../../link/memory.ts';
import { parseTrusted } from '../../link/parse-trusted.ts';
import { text } from '../../protocol/dialects/loose.ts';
import { type Failure, failure, isErrorCode } from '../../protocol/errors.ts';
import type { Frame } from '../../protocol/frames.ts';
import { identifying, inputKey } from '../../protocol/input-identity.ts';
import { limits } from '../../protocol/limits.ts';
import { checkCommand } from '../../protocol/validate.ts';
import { isDenial } from '../access/access.ts';
import { clientFor, type HubClient } from '../access/principal.ts';
import type { Environment } from '../store/registry.ts';
import { type Body, readBody } from './body.ts';
import { type App, type Desk, refusal } from './desk.ts';
import { clientOf, notFound, reachable } from './environments.ts';

/** `POST /v1/environments/{x}/messages`: an input for whoever has no socket. It is answered when the input is safe. */
export function messageRoutes(app: App, desk: Desk): void {
  app.post('/v1/environments/:selector/messages', async (c) => {
    const token = clientOf(c, desk, 'send');
    if (isDenial(token)) return refusal(c, token);
    const environment = reachable(desk.registry, token, c.req.param('selector'));
    if (!environment) return refusal(c, notFound);
    const read = await readBody(c.req.raw, limits.frameFromClient);
    if (!read.ok) return refusal(c, read.failure);
    const input = inputOf(read.body, environment, desk.mint);
    if (!('type' in input)) return refusal(c, input);
    const sent = await send(desk.stations.of(environment).hub, clientFor(token, null), input);
    return 'code' in sent ? refusal(c, sent) : c.json(sent);
  });
}

type Input = {
  readonly type: 'input';
  readonly request_id: string;
  readonly runtime: unknown;
  readonly payload: { readonly messages: readonly Body[] };
};

const wantsAgent =
  'agentId is missing, and this device has not said which agent is its default. Name one: see farhand agents.';

/** The frame that the body means. What it says beside the messages and the conversation goes with it into the payload. */
function inputOf(body: Body, { metadata }: Environment, mint: () => string): Input | Failure {
  const { messages, agentId, conversationId, agent_id, conversation_id, otid, ...options } = body;
  const agent = agentId ?? agent_id ?? metadata.defaultAgentId;
  if (agent === undefined || agent === null) return failure('input_invalid', wantsAgent);
  if (!Array.isArray(messages) || messages.length === 0)
    return failure('input_invalid', 'messages must be a list of at least one message.');
  const runtime = { agent_id: agent, conversation_id: conversationId ?? conversation_id ?? 'default' };
  const payload = { ...options, kind: 'create_message', messages: identified(messages, otid, mint) };
  const frame: Input = { type: 'input', request_id: `rest-${mint()}`, runtime, payload };
  const checked = checkCommand(frame);
  return checked.ok ? frame : checked.failure;
}

/** So that the answer can name the input, and a caller that asks again with that id changes nothing (IN-1). */
function identified(given: readonly unknown[], otid: unknown, mint: () => string): readonly Body[] {
  const messages = given.map(fields);
  const first = identifying(messages);
  if (!first || inputKey(messages) !== null) return messages;
  const identity = otid == null ? { client_message_id: `cm-${mint()}` } : { otid };
  return messages.map((message) => (message === first ? { ...message, ...identity } : message));
}

type Sent = {
  readonly success: true;
  readonly message: string;
  readonly clientMessageId: unknown;
  /** Of the receipt, see `input_receipt`. */
  readonly state: string;
  readonly inputId?: string;
  readonly position?: number;
};

/** Says the input as a client of this very process, so that it goes the way of every other. */
function send(hub: Hub, client: HubClient, input: Input): Promise<Sent | Failure> {
  const [near, far] = memoryPair();
  const { promise, resolve } = Promise.withResolvers<Sent | Failure>();
  const { request_id, payload } = input;
  const identity = inputKey(payload.messages);
  const end = (result: Sent | Failure): void => {
    resolve(result);
    near.close();
  };
  let accepted: Frame | null = null;
  let receipt: Frame | null = null;
  near.listen({
    message(said) {
      const frame = parseTrusted(said);
      if (frame?.type === 'input_receipt' && frame.client_message_id === identity) receipt = frame;
      // What was told together with the answer has come before this pong.
      if (frame?.type === 'pong' && accepted) end(sent(identity, accepted, receipt));
      if (frame?.type !== 'error' && frame?.request_id !== request_id) return;
      if (frame.type !== 'input_accepted' || frame.accepted !== true) return end(refused(frame));
      accepted = frame;
      near.send('{"type":"ping","request_id":"rest-ping"}');
    },
    closed: ({ reason }) =>
      resolve(failure('broker_restarting', `The broker ended the session: ${reason}. Send the same again.`)),
  });
  hub.accept(far, client);
  near.send(JSON.stringify(input));
  return promise;
}

function sent(identity: unknown, accepted: Frame, receipt: Frame | null): Sent {
  const { state, input_id, position }: Body = receipt ?? {};
  const settled = text(state) ?? text(accepted.disposition) ?? 'accepted';
  return {
    success: true,
    message: sentences.get(settled) ?? 'The input was accepted.',
    clientMessageId: identity,
    state: settled,
    ...(typeof input_id === 'string' && { inputId: input_id }),
    ...(typeof position === 'number' && { position }),
  };
}

const sentences: ReadonlyMap<string, string> = new Map([
  ['parked', 'The device is away; the input waits here until it is back.'],
  ['queued', 'The input waits for its turn.'],
  ['started', 'The turn has begun.'],
]);

function refused({ error, message, error_code, code }: Frame): Failure {
  const told = text(error_code) ?? text(code) ?? '';
  const why = text(error) ?? text(message) ?? 'The device refused without a reason.';
  return failure(isErrorCode(told) ? told : 'internal', why);
}

const fields = (value: unknown): Body => (typeof value === 'object' && value !== null ? { ...value } : {});
