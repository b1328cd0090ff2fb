import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../link/virtual-clock.ts';
import { fields, list } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { stockDevice025 } from './letta-025.ts';

const runtime = { agent_id: 'agent-1', conversation_id: 'default' };
const input = { command: 'rm -rf /' };
const request = { subtype: 'can_use_tool', tool_name: 'Bash', tool_call_id: 'c', input };

function stand() {
  const clock = virtualClock();
  const told: Frame[] = [];
  const context = {
    connectionId: 'conn-1',
    clock,
    hear: ({ frame }: { frame: Frame }) => void told.push(frame),
  };
  const dialect = stockDevice025(context);
  let seq = 0;
  let asked = 0;
  return {
    clock,
    dialect,
    told,
    /** A command; returns what the device gets of it. */
    ask(type: string, more: object = {}): readonly Frame[] {
      return dialect.toDevice({ type, runtime, request_id: `r-${++asked}`, ...more });
    },
    /** An event of the device; returns what this side makes of it, besides what was told meanwhile. */
    says(type: string, body: object): readonly Frame[] {
      const frame = { type, runtime, event_seq: ++seq, ...body };
      const heard = dialect.fromDevice(frame, JSON.stringify(frame)).map((one) => one.frame);
      told.push(...heard);
      return heard;
    },
    loop(status: string, runs: string[] = []) {
      return this.says('update_loop_status', { loop_status: { status, active_run_ids: runs } });
    },
    device(is_processing: boolean, pending: string[] = []) {
      const pending_control_requests = pending.map((request_id) => ({ request_id, request }));
      return this.says('update_device_status', {
        device_status: { is_processing, pending_control_requests },
      });
    },
    queue(...ids: string[]) {
      const item = (id: string) => ({
        id: `q-${id}`,
        client_message_id: id,
        kind: 'message',
        source: 'user',
      });
      return this.says('update_queue', { queue: ids.map(item) });
    },
    delta(body: object) {
      return this.says('stream_delta', { delta: body });
    },
    replies: (type: string) => told.filter((frame) => frame.type === type),
    /** A turn under way, in its run. */
    busy() {
      this.loop('SENDING_API_REQUEST');
      this.device(true);
      this.loop('PROCESSING_API_RESPONSE', ['run-1']);
      return this;
    },
    rests() {
      this.loop('WAITING_ON_INPUT');
      this.device(false);
      return this;
    },
  };
}

const message = (client_message_id?: string) => ({
  payload: { kind: 'create_message', messages: [{ role: 'user', content: 'x', client_message_id }] },
});
const decision = (more: object = {}) => ({
  payload: { kind: 'approval_response', request_id: 'perm-1', decision: { behavior: 'allow' }, ...more },
});

describe('[IN-5] an input to 0.25', () => {
  it('is accepted at the first sign of it: work that begins', () => {
    const one = stand().rests();
    expect(one.ask('input', message('cm-1'))).toHaveLength(1);
    expect(one.replies('input_accepted')).toEqual([]);
    expect(one.loop('SENDING_API_REQUEST')[1]).toEqual({
      type: 'input_accepted',
      request_id: 'r-1',
      runtime,
      accepted: true,
      disposition: 'started',
    });
  });

  it('is accepted at the first sign of it: its place in the queue', () => {
    const one = stand().busy();
    one.ask('input', message('cm-1'));
    one.ask('input', message());
    one.loop('EXECUTING_CLIENT_SIDE_TOOL', ['run-1']);
    expect(one.replies('input_accepted')).toEqual([]);
    one.queue('other', 'cm-1');
    expect(one.replies('input_accepted').map(({ request_id }) => request_id)).toEqual(['r-2', 'r-1']);
    expect(one.replies('input_accepted')[0]).toMatchObject({ accepted: true, disposition: 'queued' });
  });

  it('is sent without what is not for it', () => {
    const [sent] = stand().ask('input', { ...message('cm-1'), auth: { principal: 'p' }, inbox: 4 });
    expect(sent).toEqual({ type: 'input', runtime, request_id: 'r-1', ...message('cm-1') });
  });
});

describe('a decision for 0.25', () => {
  it('[APR-3] is accepted when the request is gone, the first one alone', () => {
    const one = stand().busy();
    one.device(true, ['perm-1']);
    expect(one.ask('input', decision())).toHaveLength(1);
    expect(one.ask('input', decision())).toEqual([]);
    one.device(true);
    expect(one.replies('input_accepted')).toMatchObject([
      { request_id: 'r-2', accepted: false, error_code: 'approval_not_pending' },
      { request_id: 'r-1', accepted: true },
    ]);
  });

  it('[APR-2] holds for the input that was shown', () => {
    const one = stand().busy();
    const hash = one.device(true, ['perm-1'])[1]?.input_hash;
    expect(one.ask('input', decision({ input_hash: 'f'.repeat(64) }))).toEqual([]);
    expect(one.told.at(-1)).toMatchObject({ accepted: false, error_code: 'approval_hash_mismatch' });
    expect(one.ask('input', decision({ input_hash: hash }))).toMatchObject([decision()]);
  });
});

describe('requests of 0.25', () => {
  it('are told once, with a hash, and once more to whoever syncs', () => {
    const one = stand().busy();
    const [status, asked, ...rest] = one.device(true, ['perm-1']);
    expect(rest).toEqual([]);
    expect(asked).toMatchObject({ type: 'control_request', request_id: 'perm-1', request, event_seq: 5 });
    expect(status).toMatchObject({
      device_status: { pending_control_requests: [{ input_hash: asked?.input_hash }] },
    });
    expect(one.device(true, ['perm-1'])).toHaveLength(1);
    one.ask('sync');
    one.device(true, ['perm-1']);
    one.loop('WAITING_ON_APPROVAL');
    one.queue();
    expect(one.says('update_subagent_state', { subagents: [] })).toMatchObject([
      { type: 'update_subagent_state', event_seq: 10 },
      { type: 'control_request', request_id: 'perm-1', snapshot: true, event_seq: 10 },
      { type: 'sync_response', request_id: 'r-1', success: true },
    ]);
    one.ask('approvals_list', { runtime: undefined });
    expect(one.told.at(-1)).toMatchObject({ approvals: [{ request_id: 'perm-1', runtime }], success: true });
  });
});

describe('[SYNC-1] a sync of 0.25', () => {
  it('is answered behind its own replay, also when another one is under way', () => {
    const one = stand();
    one.ask('sync', { log_id: 'x', after_event_seq: 3 });
    one.says('update_subagent_state', { subagents: [] });
    one.device(false);
    one.loop('WAITING_ON_INPUT');
    one.ask('sync');
    one.queue();
    one.says('update_subagent_state', { subagents: [] });
    expect(one.replies('sync_response').map(({ request_id }) => request_id)).toEqual(['r-1']);
    for (const again of [() => one.device(false), () => one.loop('WAITING_ON_INPUT'), () => one.queue()])
      again();
    one.says('update_subagent_state', { subagents: [] });
    expect(one.replies('sync_response').map(({ request_id }) => request_id)).toEqual(['r-1', 'r-2']);
  });
});

describe('an abort of 0.25', () => {
  it('[ABT-1] is answered when the turn stops', () => {
    const one = stand().busy();
    expect(one.ask('abort_message', { run_id: 'run-1' })).toHaveLength(1);
    one.loop('WAITING_ON_INPUT');
    expect(one.told.at(-1)).toEqual({
      type: 'abort_message_response',
      request_id: 'r-1',
      runtime,
      aborted: true,
      run_id: 'run-1',
      success: true,
    });
  });

  it.each<[string, 'busy' | 'rests', object]>([
    ['of another run', 'busy', { run_id: 'run-0' }],
    ['of what was there before this turn', 'busy', { as_of: 0 }],
    ['of nothing', 'rests', {}],
  ])('[ABT-4] %s does not reach the device', (_, state, body) => {
    const one = stand()[state]();
    expect(one.ask('abort_message', body)).toEqual([]);
    expect(one.told.at(-1)).toMatchObject({ type: 'abort_message_response', aborted: false, success: true });
  });

  it('[ERR-1] whose effect does not show is answered after a while', async () => {
    const one = stand();
    expect(one.ask('abort_message')).toHaveLength(1);
    await one.clock.advance(5_000);
    expect(one.replies('abort_message_response')).toMatchObject([{ aborted: false, success: true }]);
  });
});

describe('[ERR-1] what 0.25 would pass over in silence', () => {
  it.each<[string, string, object, string]>([
    ['does not know', 'resume_queue', {}, 'unsupported'],
    ['finds wrong', 'input', { payload: { kind: 'create_message' } }, 'frame_invalid'],
    ['has no modes for', 'change_device_state', { payload: { mode: 'strict' } }, 'mode_unknown'],
    ['has no conversations for', 'sync', { runtime: { ...runtime, agent_id: null } }, 'unsupported'],
  ])('what it %s is answered at once: %s', (_, type, body, code) => {
    const one = stand();
    expect(one.ask(type, body)).toEqual([]);
    const [answer] = one.told;
    expect(answer).toMatchObject({ request_id: 'r-1' });
    expect(answer?.error_code ?? answer?.code).toBe(code);
  });
});

describe('a turn of 0.25 ends once, behind all that explains its end', () => {
  const stop = (stop_reason: string) => ({ message_type: 'stop_reason', stop_reason, run_id: 'run-1' });
  const failed = { message_type: 'loop_error', message: 'No.', stop_reason: 'error', is_terminal: true };
  const ends = (one: ReturnType<typeof stand>) =>
    one.told.map(({ type }) => type).filter((type) => type !== 'update_loop_status');

  it.each<[string, object[], object[], object]>([
    ['its text', [stop('end_turn')], [], { stop_reason: 'end_turn', run_id: 'run-1' }],
    ['a failure', [stop('error')], [failed], { stop_reason: 'error', error: 'No.' }],
    ['an abort', [], [{ message_type: 'status', message: 'Interrupted' }], { stop_reason: 'cancelled' }],
    ['an abort in a tool', [stop('requires_approval')], [], { stop_reason: 'cancelled' }],
  ])('with %s', async (_, before, behind, end) => {
    const one = stand().busy();
    for (const body of before) one.delta(body);
    one.rests();
    for (const body of behind) one.delta(body);
    expect(one.replies('turn_finished')).toEqual([]);
    const [finished, status] = one.device(false);
    expect(finished).toMatchObject({
      type: 'turn_finished',
      turn_id: expect.stringMatching(/^batch-/),
      ...end,
    });
    expect(status).toMatchObject({
      type: 'update_device_status',
      event_seq: Number(finished?.event_seq) + 1,
    });
    await one.clock.advance(1_000);
    expect(ends(one).filter((type) => type === 'turn_finished')).toHaveLength(1);
  });

  it('also when nothing else follows', async () => {
    const one = stand().busy().rests();
    await one.clock.advance(500);
    expect(one.told.at(-1)).toMatchObject({ type: 'turn_finished', stop_reason: 'cancelled' });
  });
});

describe('a conversation that 0.25 leaves stuck', () => {
  const lost = { type: 'stream_delta', delta: { message_type: 'loop_error', is_terminal: true } };

  it('says so, and names what is waited for', async () => {
    const one = stand();
    one.device(true);
    one.loop('WAITING_ON_INPUT');
    await one.clock.advance(5_000);
    const waiting_for = { kind: 'device', detail: expect.stringContaining('0.25') };
    const status = { type: 'update_loop_status', loop_status: { status: 'WAITING_ON_INPUT', waiting_for } };
    const end = { type: 'turn_finished', stop_reason: 'error', error_code: 'device_lost' };
    expect(one.told.slice(2)).toMatchObject([end, lost, status]);
    expect(one.loop('WAITING_ON_INPUT')).toMatchObject([status]);
    one.rests();
    expect(one.loop('WAITING_ON_INPUT')[0]).not.toMatchObject(status);
  });

  it('says so also of what waits in its queue', async () => {
    const one = stand().rests();
    one.queue('cm-1');
    await one.clock.advance(4_999);
    expect(one.told).not.toContainEqual(expect.objectContaining({ type: 'stream_delta' }));
    await one.clock.advance(1);
    const [error, status] = one.told.slice(-2);
    expect(error).toMatchObject(lost);
    expect(status).toMatchObject({ loop_status: { waiting_for: { kind: 'device' } } });
    expect(one.replies('turn_finished')).toHaveLength(0);
  });

  it('ends its turn once', async () => {
    const one = stand();
    one.device(true);
    one.loop('WAITING_ON_INPUT');
    await one.clock.advance(5_000);
    one.device(true);
    one.rests();
    await one.clock.advance(5_000);
    expect(one.replies('turn_finished')).toHaveLength(1);
  });

  it('is none where the turn ends after all', async () => {
    const one = stand();
    one.device(true);
    one.loop('WAITING_ON_INPUT');
    await one.clock.advance(100);
    one.rests();
    await one.clock.advance(10_000);
    expect(one.told).not.toContainEqual(expect.objectContaining(lost));
  });
});

it('[SEQ-5] begins a log with every link, and another one when the numbers fall', () => {
  const [one, two] = [stand(), stand()];
  const names = new Set([one.rests(), two.rests()].flatMap(({ told }) => told.map(({ log_id }) => log_id)));
  expect(names.size).toBe(2);
  const frame = { type: 'update_queue', runtime, queue: [], event_seq: 1 };
  const [again] = one.dialect.fromDevice(frame, JSON.stringify(frame));
  expect(again?.frame.event_seq).toBe(1);
  expect(names.has(again?.frame.log_id)).toBe(false);
});

describe('[LINK-3] a device that names conversations without end', () => {
  it('is followed in so many of them, each in a log without holes', () => {
    const one = stand();
    const heads = new Map<unknown, number>();
    for (let n = 0; n < 10_500; n++) {
      const at = { ...runtime, conversation_id: `conv-${n}` };
      one.says('update_loop_status', { runtime: at, loop_status: { status: 'WAITING_ON_INPUT' } });
      one.says('update_device_status', { runtime: at, device_status: { is_processing: true } });
      one.says('update_device_status', { runtime: at, device_status: { is_processing: false } });
      one.says('update_queue', { runtime: at, queue: [{ id: 'q', kind: 'message' }] });
    }
    for (const { log_id, event_seq, runtime: at } of one.told) {
      const log = `${log_id} ${JSON.stringify(at)}`;
      expect(event_seq).toBe((heads.get(log) ?? 0) + 1);
      heads.set(log, Number(event_seq));
    }
    expect(new Set(one.told.map(({ log_id }) => log_id)).size).toBe(2);
    // For each conversation that is followed the end of its turn, and that it looks stuck.
    expect(one.clock.pending).toBeLessThanOrEqual(2 * 10_000);
    one.dialect.close();
    expect(one.clock.pending).toBe(0);
  });

  it('is remembered no more of what waits there than has room', () => {
    const one = stand();
    const command = 'x'.repeat(1024 * 1024);
    const waiting = (request_id: string) => ({
      device_status: {
        is_processing: true,
        pending_control_requests: [{ request_id, request: { ...request, input: { command } } }],
      },
    });
    for (let n = 0; n < 20; n++) {
      one.says('update_device_status', {
        runtime: { ...runtime, conversation_id: `conv-${n}` },
        ...waiting(`perm-${n}`),
      });
      one.told.splice(0);
    }
    one.ask('approvals_list', { runtime: undefined });
    const asked = list(one.told[0]?.approvals).map((each) => fields(each).request_id);
    expect(asked).toEqual(Array.from({ length: 7 }, (_, n) => `perm-${13 + n}`));
  });
});

it('leaves no timer behind', () => {
  const one = stand().busy().rests();
  one.device(true);
  one.loop('WAITING_ON_INPUT');
  one.ask('abort_message');
  // The end of the turn, the stuck conversation, the abort.
  expect(one.clock.pending).toBe(3);
  one.dialect.close();
  expect(one.clock.pending).toBe(0);
});
