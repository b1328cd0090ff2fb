import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../src/protocol/frames.ts';
import { startModelServer } from '../src/testing/model-server.ts';
import { type HomeStand, homeStand, message, receipt } from './support/home-stand.ts';
import { calls, failing, large, lyingScripts, odd, passing, words } from './support/lying-model.ts';
import type { Peer } from './support/peer.ts';
import { stockClient } from './support/stock-client.ts';

// A model endpoint that is down, slow or lying costs its own turn at most, and the turn says why with a code. All of them at once, each
// in a conversation of its own, while another client looks on.

type Scope = { readonly agent_id: string; readonly conversation_id: string };
type Ended = { readonly runtime: Scope; readonly id: string; readonly end: Frame };

let home: HomeStand;
let bystander: Peer;
let peer: Peer;
let heard = 0;
const turns = new Map<string, Promise<Ended>>();

beforeAll(async () => {
  home = await homeStand({ scripts: lyingScripts });
  bystander = await home.terminal();
  peer = await home.terminal();
  await home.turn(bystander, 'conv-calm');
  heard = bystander.frames.length;
  for (const script of Object.keys(lyingScripts)) {
    const begun = turn(home.scope(`conv-${script}`), `Go. #script=${script}`);
    begun.catch(() => 'told by the test that waits for it');
    turns.set(script, begun);
  }
});
afterAll(() => home.close());

async function turn(runtime: Scope, text: string): Promise<Ended> {
  const id = `cm ${runtime.conversation_id} ${text}`;
  const from = peer.frames.length;
  expect(await peer.ask(message(runtime, text, id))).toMatchObject({ accepted: true });
  const isEnd = (frame: Frame) => frame.type === 'turn_finished' && isIn(frame, runtime);
  return { runtime, id, end: await peer.until(isEnd, from) };
}

async function ended(script: string): Promise<Ended> {
  const begun = turns.get(script);
  if (!begun) throw new Error(`There is no script ${script}.`);
  return begun;
}

const isIn = ({ runtime }: Frame, { conversation_id }: Scope) =>
  (runtime as Partial<Scope> | undefined)?.conversation_id === conversation_id;
const deltas = (runtime: Scope, type: string) =>
  peer.frames
    .filter((frame) => isIn(frame, runtime))
    .map(({ delta }) => (delta ?? {}) as Record<string, unknown>)
    .filter(({ message_type }) => message_type === type);

async function spoken({ conversation_id, agent_id }: Scope): Promise<unknown[]> {
  const list = { type: 'conversation_messages_list', conversation_id, query: { agent_id } };
  const messages = (await peer.ask(list)).messages as Record<string, unknown>[];
  return messages.flatMap((one) => (one.message_type === 'assistant_message' ? [one.content] : [])).reverse();
}

async function allow(runtime: Scope): Promise<void> {
  const asked = await peer.until((frame) => frame.type === 'control_request' && isIn(frame, runtime));
  const decision = { behavior: 'allow' };
  const payload = { kind: 'approval_response', request_id: asked.request_id, decision };
  expect(await peer.ask({ type: 'input', runtime, payload })).toMatchObject({ accepted: true });
}

const goesOn = async (runtime: Scope) =>
  expect((await turn(runtime, 'Again. #script=short')).end).toMatchObject({ stop_reason: 'end_turn' });
const short = 'That is all there is.';

describe.concurrent('an endpoint that', { timeout: 30_000 }, () => {
  it('is down is asked again when it is up', async () => {
    const before = await startModelServer();
    await before.close();
    const env = { FARHAND_MODEL: 'lmstudio/local', LMSTUDIO_BASE_URL: before.url };
    const client = await stockClient({ scripts: {}, mode: 'standard', env });
    const error = expect.stringMatching(/nothing listens there \(ECONNREFUSED\).*LMSTUDIO_BASE_URL/);
    expect(await client.turn('Hello?')).toMatchObject({ error_code: 'model_unavailable', error });
    const after = await startModelServer({ port: Number(new URL(before.url).port) });
    expect(await client.turn('Now? #script=short')).toMatchObject({ stop_reason: 'end_turn' });
    await client.close();
    await after.close();
  });

  it('sends nothing for too long is given up, and asked again', async () => {
    const client = await stockClient({ scripts: lyingScripts, mode: 'standard', wire: { stallMs: 150 } });
    const error = expect.stringMatching(/sent nothing for .* was given up/);
    expect(await client.turn('Go. #script=silent')).toMatchObject({ error_code: 'model_unavailable', error });
    for (const n of [1, 2, 3]) expect(await client.models.onEnd(n)).toMatchObject({ aborted: true });
    expect(await client.turn('Now? #script=short')).toMatchObject({ stop_reason: 'end_turn' });
    await client.close();
  });

  it.each(failing)('%s ends the turn', async (_what, script, _reply, code) => {
    const { runtime, id, end } = await ended(script);
    expect(end).toMatchObject({ error_code: code, error: expect.stringMatching(/^The endpoint .+\.$/) });
    await peer.until((frame) => receipt(id, 'failed')(frame) && frame.code === code);
    expect(deltas(runtime, 'retry')).toHaveLength(code === 'model_refused' ? 0 : 2);
    await goesOn(runtime);
    expect(deltas(runtime, 'loop_error')).toMatchObject([{ code, is_terminal: true, message: end.error }]);
    expect(await spoken(runtime), 'void text is never said again').toEqual([short]);
    expect(existsSync(join(home.cwd, 'cut.txt'))).toBe(false);
  });

  it.each(passing)('%s twice is asked a third time', async (_what, script) => {
    const { runtime, end } = await ended(script);
    expect(end).toMatchObject({ stop_reason: 'end_turn' });
    expect(deltas(runtime, 'retry').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(await spoken(runtime)).toEqual([words]);
  });

  it.each(calls)('calls for %s is told so, and goes on', async (_what, script, _reply, told) => {
    const { runtime, end } = await ended(script);
    expect(end).toMatchObject({ stop_reason: 'end_turn' });
    expect(deltas(runtime, 'tool_return_message')).toMatchObject([
      { status: 'error', tool_return: expect.stringMatching(told) },
    ]);
    expect(deltas(runtime, 'client_tool_start')).toEqual([]);
    expect(existsSync(join(home.cwd, 'broken.txt'))).toBe(false);
    await goesOn(runtime);
  });

  it.each(odd)('says %s in a call is borne', async (_what, script, _reply, told) => {
    const { runtime, end } = await ended(script);
    expect(end).toMatchObject({ stop_reason: 'end_turn' });
    expect(deltas(runtime, 'tool_return_message')).toMatchObject([
      { tool_return: expect.stringMatching(told) },
    ]);
  });

  it('is slow is waited for', async () => {
    const { runtime, end } = await ended('slow');
    expect(end).toMatchObject({ stop_reason: 'end_turn' });
    expect(await spoken(runtime)).toEqual([words]);
  });

  it('sends 200 KB of arguments in tiny pieces has them carried out to the letter', async () => {
    await allow(home.scope('conv-pieces'));
    expect((await ended('pieces')).end).toMatchObject({ stop_reason: 'end_turn' });
    expect(readFileSync(join(home.cwd, 'large.txt'), 'utf8')).toBe(large);
  });

  it('gives its call an endless id can still have it allowed', async () => {
    await allow(home.scope('conv-long-id'));
    expect((await ended('long-id')).end).toMatchObject({ stop_reason: 'end_turn' });
    expect(existsSync(join(home.cwd, 'id.txt'))).toBe(true);
  });

  it('falls silent can be left, and the next one is asked', async () => {
    const runtime = home.scope('conv-silent');
    await peer.until((frame) => frame.type === 'stream_delta' && isIn(frame, runtime));
    expect(await peer.ask({ type: 'abort_message', runtime })).toMatchObject({ aborted: true });
    expect((await ended('silent')).end).toMatchObject({ stop_reason: 'cancelled' });
    await goesOn(runtime);
  });
});

it('what the endpoint did harmed nobody else', async () => {
  await Promise.all(turns.values());
  expect(bystander.frames.slice(heard)).toEqual([]);
  await home.turn(bystander, 'conv-calm');
  expect(home.troubles).toEqual([]);
  expect(home.models.refusals).toEqual([]);
});
