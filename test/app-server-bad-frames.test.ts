import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Frame } from '../src/protocol/frames.ts';
import { type AppServerStand, appServerStand } from './support/app-server-stand.ts';
import { misshapen, unreadable } from './support/bad-frames.ts';
import type { Peer } from './support/peer.ts';

// Whatever a client of the app-server sends, it gets one clear answer, can go on, and another client notices nothing.

let stand: AppServerStand;
let peer: Peer;
let bystander: Peer;
let runtime: unknown;
const begin = (client: Peer, agent_id: unknown): Promise<Frame> =>
  client.ask({ type: 'runtime_start', agent_id, conversation_id: 'default' });
beforeAll(async () => {
  stand = await appServerStand();
  peer = await stand.client();
  bystander = await stand.client();
  const { agents } = await peer.ask({ type: 'agent_list' });
  const [agent] = agents as [{ id: string }];
  runtime = (await begin(peer, agent.id)).runtime;
  await begin(bystander, agent.id);
  await peer.ask({ type: 'conversation_create', body: { id: 'conv-calm' } });
  await settled();
});
afterAll(() => stand.close());

/** What came unasked until the device had answered once more. */
async function settled(): Promise<string[]> {
  const from = bystander.frames.length;
  await bystander.ask({ type: 'app_server_info' });
  return bystander.frames.slice(from).map(({ type }) => type);
}

async function livesOn(): Promise<void> {
  expect(await peer.ask({ type: 'app_server_info' })).toMatchObject({ success: true });
  expect(await settled()).toEqual(['app_server_info_response']);
  expect(stand.troubles).toEqual([]);
}

describe('[ERR-1] through an app-server', () => {
  it.each(unreadable)('%s is answered with an error frame', async (_what, frame, code, words) => {
    const from = peer.frames.length;
    peer.send(frame);
    const answer = { type: 'error', code, message: expect.stringContaining(words) };
    expect(await peer.until(() => true, from)).toMatchObject(answer);
    await livesOn();
  });

  it.each([
    // A stock client has no receipts.
    ...misshapen.filter(([type]) => type !== 'input_receipt_get'),
    ['runtime_start', { agent_id: 7 }, 'agent_id', 'frame_invalid'],
    ['runtime_start', { external_tools: [{ tools: [{}] }] }, 'external_tools', 'frame_invalid'],
    ['runtime_start', { external_tools: Array(100_000).fill(1) }, 'external_tools', 'frame_invalid'],
    ['runtime_start', { create_agent: { body: 7 } }, 'create_agent', 'frame_invalid'],
    ['runtime_start', { skill_sources: ['nowhere'] }, 'skill_sources', 'frame_invalid'],
    ['runtime_external_tools_update', { updates: {} }, 'updates', 'frame_invalid'],
    [
      'runtime_external_tools_update',
      { updates: [{ runtimes: [{}], external_tools: [] }] },
      'runtimes',
      'frame_invalid',
    ],
  ] as const)('%s %j is answered with the reason', async (type, fields, words, error_code) => {
    const answer = await peer.ask({ type, runtime, ...fields });
    expect(answer).toMatchObject({ error_code, error: expect.stringContaining(words) });
    expect(answer.success ?? answer.accepted).toBe(false);
    await livesOn();
  });

  it.each([
    ['a result of the wrong kind', { result: 7 }, 'frame_invalid'],
    ['no result', {}, 'frame_invalid'],
    ['a result that nobody asked for', { error: 'x' }, 'not_found'],
  ])('external_tool_call_response with %s is answered with an error frame', async (_what, fields, code) => {
    const from = peer.frames.length;
    peer.send({ type: 'external_tool_call_response', request_id: 'external-tool-1', ...fields });
    expect(await peer.until(() => true, from)).toMatchObject({
      type: 'error',
      code,
      request_id: 'external-tool-1',
    });
    await livesOn();
  });
});
