import { describe, expect, it } from 'vitest';
import type { Frame } from '../protocol/frames.ts';
import type { Principal } from '../protocol/privileges.ts';
import { owner } from '../protocol/privileges.ts';
import { commandTypes } from '../protocol/routing.ts';
import { hubStand, type Peer } from '../testing/hub-stand.ts';
import { narrowed, staysWithin } from './reach.ts';

const mine = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const theirs = { agent_id: 'agent-2', conversation_id: 'conv-2' };
const nobodys = { agent_id: null, conversation_id: 'conv-3' };
const reach = { agents: ['agent-1'] };
const text = (content: string) => ({
  type: 'stream_delta',
  delta: { message_type: 'assistant_message', id: 'm', content },
});
const farhand = { query: new URLSearchParams({ farhand: '1' }) };
const contents = (peer: Peer) =>
  peer.frames().flatMap(({ delta }) => (delta ? [(delta as { content: string }).content] : []));

describe('[SEC-12] a client that reaches one agent', () => {
  it.each<[boolean, Frame]>([
    [true, { type: 'input', runtime: mine }],
    [false, { type: 'input', runtime: theirs }],
    [false, { type: 'sync', runtime: nobodys }],
    [true, { type: 'change_device_state', runtime: mine, payload: { conversation_id: 'conv-9' } }],
    [false, { type: 'change_device_state', runtime: mine, payload: { agent_id: 'agent-2' } }],
    [false, { type: 'change_device_state', runtime: mine, payload: { agent_id: null } }],
    [false, { type: 'change_device_state', runtime: theirs, payload: { agent_id: 'agent-1' } }],
    [true, { type: 'agent_retrieve', agent_id: 'agent-1' }],
    [false, { type: 'agent_retrieve', agent_id: 'agent-2' }],
    [false, { type: 'agent_delete' }],
    [false, { type: 'agent_create', body: {} }],
    [true, { type: 'conversation_create', body: { agent_id: 'agent-1' } }],
    [false, { type: 'conversation_create', body: {} }],
    [true, { type: 'conversation_list' }],
    [false, { type: 'conversation_list', query: { agent_id: 'agent-2' } }],
    [true, { type: 'conversation_retrieve', conversation_id: 'conv-1' }],
    [false, { type: 'conversation_retrieve', conversation_id: 'default' }],
    [
      true,
      { type: 'conversation_messages_list', conversation_id: 'default', query: { agent_id: 'agent-1' } },
    ],
    [true, { type: 'runtime_start', agent_id: 'agent-1' }],
    [false, { type: 'runtime_start', agent_id: 'agent-1', create_agent: { body: {} } }],
    [false, { type: 'runtime_external_tools_update', updates: [{ runtimes: [mine, theirs] }] }],
    [true, { type: 'agent_list' }],
    [true, { type: 'list_models' }],
    [false, { type: 'get_cwd_map' }],
    [false, { type: 'get_cwd_map', agent_id: 'agent-1' }],
    [false, { type: 'checkout_branch', branch: 'main', agent_id: 'agent-1' }],
  ])('may: %s %j', (may, frame) => {
    const scope = frame.runtime === undefined ? null : (frame.runtime as typeof mine);
    expect(staysWithin(reach, frame, scope)).toBe(may);
    expect(staysWithin({ agents: null }, frame, scope)).toBe(true);
    expect(staysWithin(undefined, frame, scope)).toBe(true);
  });

  it('may give no command that nobody has looked at', () => {
    const unlisted = commandTypes.filter((type) => staysWithin(reach, { type, body: {}, query: {} }, null));
    expect(unlisted.sort()).toEqual([
      'agent_list',
      'app_server_info',
      'approvals_list',
      'conversation_list',
      'conversation_messages_list',
      'conversation_retrieve',
      'external_tool_call_response',
      'list_models',
      'runtime_external_tools_update',
    ]);
  });

  it.each<[Frame, Frame | null]>([
    [
      { type: 'agent_list_response', agents: [{ id: 'agent-2' }, { id: 'agent-1' }] },
      { type: 'agent_list_response', agents: [{ id: 'agent-1' }] },
    ],
    [
      { type: 'conversation_list_response', conversations: [{ id: 'a', agent_id: 'agent-2' }, { id: 'b' }] },
      { type: 'conversation_list_response', conversations: [] },
    ],
    [
      { type: 'approvals_list_response', approvals: [{ runtime: mine }, { runtime: theirs }, 7] },
      { type: 'approvals_list_response', approvals: [{ runtime: mine }] },
    ],
    [{ type: 'conversation_retrieve_response', conversation: { agent_id: 'agent-2' } }, null],
    [
      {
        type: 'conversation_messages_list_response',
        messages: [{ agent_id: 'agent-1' }, { agent_id: 'agent-2' }],
      },
      null,
    ],
    [{ type: 'runtime_start_response', runtime: theirs }, null],
    [
      { type: 'conversation_retrieve_response', conversation: null },
      { type: 'conversation_retrieve_response', conversation: null },
    ],
  ])('is told of %j: %j', (frame, told) => {
    expect(narrowed(reach, frame)).toEqual(told);
    expect(narrowed({ agents: null }, frame)).toBe(frame);
  });

  it('is refused the others and hears nothing of them, whatever it asks and whatever the device says', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({ ...farhand, reach, hears: 'all' });
    const bystander = peer({ ...farhand, hears: 'all' });
    client.send({ type: 'sync', request_id: 'a', runtime: theirs });
    client.send({ type: 'agent_list', request_id: 'b' });
    client.send({ type: 'conversation_retrieve', request_id: 'c', conversation_id: 'conv-2' });
    device.handlers.set('conversation_retrieve', ({ request_id }) => {
      const conversation = { id: 'conv-2', agent_id: 'agent-2' };
      device.send({ type: 'conversation_retrieve_response', request_id, success: true, conversation });
      device.send({ ...text('said to the asker'), request_id, runtime: theirs });
      device.send({
        type: 'update_queue',
        request_id,
        runtime: theirs,
        snapshot: true,
        event_seq: 0,
        queue: [],
      });
    });
    flush();
    for (const scope of [mine, theirs, nobodys]) {
      device.emit(scope, text(scope.conversation_id));
      device.receipt(scope, 'cm-1', 'accepted');
      device.send({ type: 'update_loop_status', runtime: scope, snapshot: true, event_seq: 1 });
    }
    flush();
    expect(client.frames().slice(0, 3)).toMatchObject([
      { request_id: 'a', success: false, error_code: 'forbidden' },
      { request_id: 'b', success: true, agents: [] },
      { request_id: 'c', success: false, error_code: 'forbidden', conversation: null },
    ]);
    expect(client.frames().slice(3)).toMatchObject([
      { type: 'stream_delta', runtime: mine },
      { type: 'input_receipt', runtime: mine },
      { type: 'update_loop_status', runtime: mine },
    ]);
    expect(bystander.texts).toHaveLength(9);
    expect(device.heard.map(({ type }) => type)).toEqual(['agent_list', 'conversation_retrieve']);
  });
});

describe('[SEC-12] a client without a privilege', () => {
  const reader: Principal = { principal: 'ann', privileges: ['observe'], origin: 'broker' };

  it('is refused here already, since not every device asks', () => {
    const { device, flush, peer } = hubStand();
    const client = peer({ ...farhand, principal: reader });
    client.send({ type: 'abort_message', request_id: 'a', runtime: mine });
    client.send({ type: 'change_device_state', runtime: mine, payload: { mode: 'standard' } });
    client.send({ type: 'agent_delete', request_id: 'c', agent_id: 'agent-1' });
    client.send({ type: 'ping' });
    flush();
    expect(client.frames()).toMatchObject([
      { type: 'abort_message_response', request_id: 'a', error_code: 'forbidden' },
      { type: 'error', code: 'forbidden' },
      { type: 'agent_delete_response', error_code: 'forbidden' },
      { type: 'pong' },
    ]);
    expect(device.heard).toEqual([]);
  });
});

describe('the filter of an address', () => {
  const heardBy = (client: Parameters<ReturnType<typeof hubStand>['peer']>[0]) => {
    const { device, hub, flush, peer } = hubStand();
    const one = peer({ ...farhand, ...client });
    for (const scope of [mine, theirs, nobodys, { ...theirs, conversation_id: 'conv-1' }])
      device.emit(scope, text(`${scope.agent_id}/${scope.conversation_id}`));
    flush();
    return { one, device, hub, flush };
  };

  it.each([
    ['followed', []],
    [{ agentId: 'agent-1', conversationId: 'conv-1' }, ['agent-1/conv-1']],
    [{ agentId: 'agent-2' }, ['agent-2/conv-2', 'agent-2/conv-1']],
    [{ conversationId: 'conv-1' }, ['agent-1/conv-1', 'agent-2/conv-1']],
    [{ agentId: 'agent-1', conversationId: '../x' }, []],
  ] as const)('%j is heard from the first moment', (hears, heard) => {
    expect(contents(heardBy({ hears }).one)).toEqual(heard);
  });

  it('is widened by a command that names another scope, within reach', () => {
    const { one, device, flush } = heardBy({
      hears: { agentId: 'agent-2', conversationId: 'conv-2' },
      reach: { agents: ['agent-1', 'agent-2'] },
      principal: owner('broker'),
    });
    one.send({ type: 'resume_queue', runtime: mine });
    one.send({ type: 'resume_queue', runtime: nobodys });
    flush();
    for (const scope of [mine, theirs, nobodys]) device.emit(scope, text('more'));
    flush();
    expect(contents(one)).toEqual(['agent-2/conv-2', 'more', 'more']);
    expect(one.frames()[1]).toMatchObject({ type: 'error', code: 'forbidden' });
  });

  it('leads nowhere beyond reach', () => {
    for (const hears of [
      'all',
      { agentId: 'agent-2' },
      { agentId: 'agent-2', conversationId: 'conv-2' },
    ] as const)
      expect([hears, contents(heardBy({ hears, reach }).one)]).toEqual([
        hears,
        hears === 'all' ? ['agent-1/conv-1'] : [],
      ]);
  });

  it('tells the hub which conversations are followed', () => {
    const { one, hub, flush } = heardBy({ hears: { agentId: 'agent-1', conversationId: 'conv-1' } });
    expect([...hub.followed()]).toEqual([mine]);
    one.send({ type: 'resume_queue', runtime: theirs });
    flush();
    expect([...hub.followed()]).toEqual([mine, theirs]);
    expect(hub.sessions).toBe(1);
    one.pair.cut();
    flush();
    expect([...hub.followed()]).toEqual([]);
    expect(hub.sessions).toBe(0);
  });
});
