import { describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { owner } from '../../protocol/privileges.ts';
import { MemoryInbox } from '../../testing/memory-inbox.ts';
import type { Fate } from '../store/inbox.ts';
import { answerAway, type Known, type Verdict } from './away.ts';
import type { Parking } from './parking.ts';
import { say, scope } from './test-frames.ts';

const now = 1_000_000;
const pending = { request_id: 'perm-1', request: { input: {} }, input_hash: 'h-1' };
const status = (pending_control_requests: unknown): Frame => ({
  type: 'update_device_status',
  device_status: { pending_control_requests },
});
const loop: Frame = {
  type: 'update_loop_status',
  loop_status: { status: 'PROCESSING_API_RESPONSE', active_run_ids: ['run-1', 'run-2'] },
};
const queueOf = (length: number): Frame => ({
  type: 'update_queue',
  queue: Array.from({ length }, (_, n) => ({ id: `q-${n}`, client_message_id: `d-${n}` })),
});
const stamped = (frame: object): Frame =>
  ({ ...frame, request_id: 'session:r', auth: owner('broker') }) as unknown as Frame;
const message = stamped(say('m-1'));
const decide = (more: object) =>
  stamped({
    type: 'input',
    runtime: scope,
    payload: { kind: 'approval_response', request_id: 'perm-1', decision: { behavior: 'allow' }, ...more },
  });
const abort = (more: object) => stamped({ type: 'abort_message', runtime: scope, ...more });

type Before = {
  readonly latest?: readonly Frame[];
  readonly parked?: readonly Parking[];
  readonly fate?: Fate;
};

function knowing({ latest = [], parked = [], fate }: Before): Known {
  const inbox = new MemoryInbox();
  for (const entry of parked) inbox.put(entry);
  let minted = 0;
  return {
    view: () => ({
      scope,
      latest,
      head: null,
      parked: inbox.of(scope),
      presence: { online: false, since: 0, lastSeen: null, connectionId: null, connectionName: null },
      now,
      mint: () => `minted-${++minted}`,
    }),
    message: (_, key) => inbox.find(scope, key) ?? fate ?? null,
    passed: () => null,
    asking: () => [],
  };
}
const parkedBy = (frame: Frame, before: Before = {}): Parking => {
  const verdict = answerAway(frame, knowing(before));
  if (verdict.do !== 'park') throw new Error(`not parked: ${JSON.stringify(verdict.frames)}`);
  return verdict.entry;
};
const fate = (state: Fate['state'], code: string | null): Fate => ({
  inputId: 'i',
  hash: parkedBy(message).hash,
  state,
  code,
  at: 5,
});
const week = 7 * 24 * 60 * 60 * 1000;

describe('while its device is away, a command is parked:', () => {
  it.each<[string, Frame, Before, object]>([
    ['a message', message, {}, { kind: 'message', key: 'm-1', expiresAt: now + week, at: now }],
    ['a message with an otid alone', withOtid('o-1'), {}, { key: 'o-1' }],
    [
      '[IN-1] a message without an identity',
      stamped(say(null)),
      {},
      {
        key: 'cm-minted-1',
        frame: { payload: { messages: [{ client_message_id: 'cm-minted-1' }] } },
      },
    ],
    [
      '[APR-4] a decision about what was shown',
      decide({ input_hash: 'h-1' }),
      { latest: [status([pending])] },
      {
        kind: 'decision',
        key: 'perm-1',
        frame: { payload: { input_hash: 'h-1' } },
        expiresAt: now + week,
      },
    ],
    [
      '[ABT-4] an abort of a run',
      abort({ run_id: 'run-9' }),
      { latest: [loop] },
      {
        kind: 'abort',
        key: null,
        frame: { run_id: 'run-9' },
        expiresAt: now + 60_000,
      },
    ],
    [
      '[ABT-4] an abort of the run that was heard of',
      abort({}),
      { latest: [loop] },
      { frame: { run_id: 'run-1' } },
    ],
    ['[ABT-4] an abort of a moment', abort({ as_of: 7 }), { latest: [loop] }, { frame: { as_of: 7 } }],
    ['[ABT-4] an abort of now', abort({}), {}, { frame: { as_of: now } }],
    ['[ABT-4] an abort that names no run', abort({ run_id: null }), {}, { frame: { as_of: now } }],
  ])('%s', (_, frame, before, entry) => {
    const parked = parkedBy(frame, before);
    expect(parked).toMatchObject({ scope, ...entry });
    expect(parked.frame).toMatchObject({ auth: { principal: 'owner' } });
    expect(parked.frame).not.toHaveProperty('request_id');
  });
});

function withOtid(otid: string): Frame {
  const payload = { kind: 'create_message', messages: [{ type: 'x' }, { role: 'user', content: 'a', otid }] };
  return stamped({ type: 'input', runtime: scope, payload });
}

describe('while its device is away, a command is answered:', () => {
  const asked = { latest: [status([pending])] };
  const first = { ...asked, parked: [parkedBy(decide({ input_hash: 'h-1' }), asked)] };
  const same = { parked: [parkedBy(message)] };

  it.each<[string, Frame, Before, readonly object[]]>([
    [
      '[ERR-3] a question',
      stamped({ type: 'agent_list' }),
      {},
      [{ type: 'agent_list_response', error_code: 'device_offline' }],
    ],
    [
      '[ERR-3] a change',
      stamped({ type: 'resume_queue', runtime: scope }),
      {},
      [{ type: 'resume_queue_response', resumed: 0, error_code: 'device_offline' }],
    ],
    [
      '[ERR-3] a command without a reply',
      stamped({ type: 'change_device_state', runtime: scope, payload: {} }),
      {},
      [{ type: 'error', code: 'device_offline' }],
    ],
    [
      'a message of the wrong shape',
      stamped({ type: 'input', runtime: scope, payload: { kind: 'create_message', messages: 5 } }),
      {},
      [{ error_code: 'frame_invalid' }],
    ],
    [
      'a message without content',
      stamped({
        type: 'input',
        runtime: scope,
        payload: { kind: 'create_message', messages: [{ role: 'user' }] },
      }),
      {},
      [{ error_code: 'input_invalid' }],
    ],
    [
      '[QUE-1] one more than a queue holds',
      message,
      { latest: [queueOf(limits.queue)] },
      [{ error_code: 'queue_full' }],
    ],
    [
      '[IN-2] a message that waits',
      message,
      same,
      [
        { type: 'input_accepted', accepted: true },
        { type: 'input_receipt', state: 'parked', position: 1, request_id: 'session:r' },
        { type: 'stream_delta', delta: { message_type: 'status' }, request_id: 'session:r' },
      ],
    ],
    [
      '[IN-1] another message under its name',
      stamped(say('m-1', 'else')),
      same,
      [
        { type: 'input_receipt', state: 'rejected', code: 'idempotency_conflict', request_id: 'session:r' },
        { accepted: false, error_code: 'idempotency_conflict' },
      ],
    ],
    [
      '[IN-3] a message that failed',
      message,
      { fate: fate('failed', 'parking_expired') },
      [{ accepted: true }, { state: 'failed', code: 'parking_expired', at: 5 }, { type: 'stream_delta' }],
    ],
    [
      '[IN-3] a message that was refused',
      message,
      { fate: fate('rejected', 'conversation_deleted') },
      [{ state: 'rejected' }, { accepted: false, error_code: 'conversation_deleted' }],
    ],
    ['[APR-4] a decision that names nothing', decide({}), asked, [{ error_code: 'approval_hash_required' }]],
    [
      '[APR-4] a decision about something else',
      decide({ input_hash: 'h-2' }),
      asked,
      [{ error_code: 'approval_hash_mismatch' }],
    ],
    [
      'a decision that nobody waits for',
      decide({ input_hash: 'h-1' }),
      {},
      [{ error_code: 'approval_not_pending' }],
    ],
    [
      'a decision for a device that shows no hashes',
      decide({ input_hash: 'h-1' }),
      { latest: [status([{ ...pending, input_hash: undefined }])] },
      [{ error_code: 'device_offline' }],
    ],
    ['[APR-3] the same decision again', decide({ input_hash: 'h-1' }), first, [{ accepted: true }]],
    [
      '[APR-3] another decision',
      decide({ input_hash: 'h-1', decision: { behavior: 'deny', message: 'no' } }),
      first,
      [{ error_code: 'approval_not_pending' }],
    ],
    [
      'the receipt of what waits',
      stamped({ type: 'input_receipt_get', runtime: scope, client_message_id: 'm-1' }),
      same,
      [{ success: true, receipt: { state: 'parked', authority: 'broker' } }],
    ],
    [
      'the receipt of what is not known',
      stamped({ type: 'input_receipt_get', runtime: scope, client_message_id: 'm-1' }),
      {},
      [{ success: false, error_code: 'device_offline' }],
    ],
  ])('%s', (_, frame, before, frames) => {
    const verdict: Verdict = answerAway(frame, knowing(before));
    expect(verdict).toMatchObject({ do: 'answer', frames });
    if (verdict.do === 'answer') expect(verdict.frames).toHaveLength(frames.length);
  });
});
