import { describe, expect, it } from 'vitest';
import { failure } from '../errors.ts';
import type { Frame } from '../frames.ts';
import { errorFrame, failedReply, okReply } from '../reply.ts';
import { client, delta, deviceStatus, item, loop, queue, runtime, snapshot } from './seed-test-client.ts';

const complaint = { message_type: 'loop_error', message: 'No such folder.', is_terminal: false };

describe('commands of the first documents', () => {
  it.each<[string, object, object]>([
    ['change_cwd', { cwd: '/b' }, { type: 'change_device_state', payload: { cwd: '/b' } }],
    ['change_cwd', { payload: { cwd: '/b' } }, { type: 'change_device_state', payload: { cwd: '/b' } }],
    ['change_cwd', {}, { type: 'change_device_state', payload: { cwd: '' } }],
    ['change_mode', { mode: 'strict' }, { type: 'change_device_state', payload: { mode: 'strict' } }],
    ['request_state', {}, { type: 'sync', recover_approvals: true, force_device_status: true }],
    ['recover_pending_approvals', {}, { type: 'sync', recover_approvals: true }],
    ['cancel_run', { run_id: 'run-1' }, { type: 'abort_message', run_id: 'run-1' }],
  ])('[CONTRACT-2] %s %j is worked as %j', (type, body, today) => {
    const said = client().says({ type, runtime, request_id: 'r-1', ...body });
    expect(said).toEqual({ ...today, runtime, request_id: expect.stringContaining('r-1') });
  });

  it('leave a request_id alone that is none', () => {
    expect(client().says({ type: 'change_cwd', runtime, request_id: 7 })).toMatchObject({ request_id: 7 });
  });

  it.each([
    ['by name', { request_id: 'r-1' }],
    ['without a name', {}],
  ])('[ERR-1] asked %s are answered in their own words', (_, named) => {
    const ann = client();
    const sync = ann.says({ type: 'recover_pending_approvals', runtime, ...named });
    const reply = okReply('sync', sync.request_id as string, { runtime, head: 3 });
    expect(ann.told(reply)).toEqual([
      { type: 'recover_pending_approvals_ack', ...named, runtime, success: true },
    ]);
    const abort = ann.says({ type: 'cancel_run', runtime, ...named });
    const aborted = okReply('abort_message', abort.request_id as string, {
      runtime,
      aborted: true,
      run_id: 'x',
    });
    expect(ann.told(aborted)).toEqual([{ type: 'cancel_ack', ...named, accepted: true, run_id: 'x' }]);
    const gone = failure('device_offline', 'Away.');
    const again = ann.says({ type: 'recover_pending_approvals', runtime, ...named });
    expect(ann.told(failedReply('sync', again.request_id as string, gone))).toEqual([
      {
        type: 'recover_pending_approvals_ack',
        ...named,
        success: false,
        error: 'Away.',
        error_code: 'device_offline',
      },
    ]);
  });

  it('request_state gets in one frame what the sync told', () => {
    const ann = client();
    const sync = ann.says({ type: 'request_state', runtime, request_id: 'r-1' });
    const pending = [{ request_id: 'perm-1', request: {} }];
    const frames = [
      deviceStatus({ pending_control_requests: pending }, snapshot),
      loop('WAITING_ON_APPROVAL', ['run-1'], snapshot),
      queue([item(1)], [], snapshot),
    ];
    for (const frame of frames) expect(ann.told(frame)).toEqual([frame]);
    expect(ann.told(okReply('sync', sync.request_id as string, { runtime }))).toEqual([
      {
        type: 'state_response',
        request_id: 'r-1',
        runtime,
        success: true,
        device_status: frames[0]?.device_status,
        loop_status: frames[1]?.loop_status,
        queue: frames[2]?.queue,
        pending_control_requests: pending,
      },
    ]);
  });
});

describe('a change of the device state', () => {
  const ask = (payload: object, more: object = {}) => ({
    type: 'change_device_state',
    runtime,
    payload,
    ...more,
  });

  it('is acknowledged when the status shows it, mode and folder each once', () => {
    const ann = client();
    ann.told(deviceStatus({}));
    ann.says(ask({ mode: 'bypassPermissions', cwd: '/b' }));
    expect(ann.hears(loop('EXECUTING_COMMAND'))).toEqual([]);
    // As 0.25 tells it: the mode, then the folder.
    expect(ann.hears(deviceStatus({ current_permission_mode: 'unrestricted' }))).toEqual([
      { type: 'mode_changed', runtime, mode: 'unrestricted', success: true },
    ]);
    const both = { current_permission_mode: 'unrestricted', current_working_directory: '/b' };
    expect(ann.hears(deviceStatus(both))).toEqual([
      { type: 'cwd_changed', runtime, cwd: '/b', success: true },
    ]);
    expect(ann.hears(deviceStatus({}))).toEqual([]);
  });

  it('bears the request_id of who asked', () => {
    const ann = client();
    ann.says({ type: 'change_cwd', runtime, cwd: '../b', request_id: 'r-1' });
    ann.says(ask({ cwd: '/c' }, { request_id: 'r-2' }));
    expect(ann.hears(deviceStatus({ current_working_directory: '/b' }))).toMatchObject([
      { request_id: 'r-1' },
    ]);
    expect(ann.hears(deviceStatus({ current_working_directory: '/c' }))).toMatchObject([
      { request_id: 'r-2' },
    ]);
  });

  it('is not acknowledged by a snapshot, which may be older than it', () => {
    const ann = client();
    ann.says(ask({ mode: 'standard' }));
    expect(ann.hears(deviceStatus({}, snapshot))).toEqual([]);
    expect(ann.hears(deviceStatus({}))).toMatchObject([{ type: 'mode_changed' }]);
  });

  it('to what was there already is acknowledged when the command is over', () => {
    const ann = client();
    ann.told(deviceStatus({}));
    ann.says(ask({ cwd: '.' }));
    expect(ann.hears(deviceStatus({}))).toEqual([]);
    expect(ann.hears(loop('WAITING_ON_INPUT'))).toEqual([
      { type: 'cwd_changed', runtime, cwd: '/a', success: true },
    ]);
  });

  it('[ERR-1] that the device complains of is acknowledged as refused', () => {
    const ann = client();
    ann.told(deviceStatus({}));
    ann.says({ type: 'change_cwd', runtime, cwd: '/file', request_id: 'r-1' });
    const refused = { type: 'cwd_changed', request_id: 'r-1', runtime, cwd: '/a', success: false };
    expect(ann.hears(delta(complaint))).toEqual([{ ...refused, error: 'No such folder.' }]);
    expect(ann.hears(delta(complaint))).toEqual([]);
    ann.says({ type: 'change_cwd', runtime, cwd: '/gone', request_id: 'r-1' });
    expect(ann.hears(deviceStatus({ cwd_revision: 2 }))).toEqual([
      { ...refused, error: expect.stringContaining('/gone') },
    ]);
  });

  it.each([
    ['an old command', { type: 'change_mode', mode: 'strict', request_id: 'r-1' }, 'mode_changed'],
    ['an old command without a name', { type: 'change_cwd', cwd: '/b' }, 'cwd_changed'],
  ])('[ERR-1] refused as a whole fails %s once', (_, command, ack) => {
    const ann = client();
    const { request_id } = ann.says({ runtime, ...command });
    const named = 'request_id' in command ? { request_id: 'r-1' } : {};
    const away = errorFrame(request_id as string, failure('device_offline', 'Away.'));
    expect(ann.hears(away)).toEqual([
      {
        type: ack,
        ...named,
        [ack === 'cwd_changed' ? 'cwd' : 'mode']: null,
        success: false,
        error: 'Away.',
        error_code: 'device_offline',
      },
    ]);
    expect(ann.hears(deviceStatus({ current_permission_mode: 'strict' }))).toEqual([]);
  });

  it('[ERR-1] refused as a whole is an error under the name that the client gave', () => {
    const ann = client();
    const named = ann.says(ask({ mode: 'strict' }, { request_id: 'r-1' }));
    const unnamed = ann.says(ask({ mode: 'strict' }));
    const away = failure('device_offline', 'Away.');
    const error = { type: 'error', message: 'Away.', code: 'device_offline' };
    expect(ann.hears(errorFrame(named.request_id as string, away))).toEqual([
      { ...error, request_id: 'r-1' },
    ]);
    expect(ann.hears(errorFrame(unnamed.request_id as string, away))).toEqual([error]);
    expect(ann.hears(deviceStatus({ current_permission_mode: 'strict' }))).toEqual([]);
  });
});

describe('an input that fails', () => {
  const refused = failure('queue_full', 'Full.');
  const error = { message: 'Full.', code: 'queue_full' };

  it('[ERR-1] is told by run_request_error, behind the reply where there is one', () => {
    const reply = failedReply('input', 'r-1', refused, { runtime });
    expect(client().told(reply)).toEqual([
      reply,
      { type: 'run_request_error', request_id: 'r-1', runtime, error },
    ]);
    expect(client().told(failedReply('input', undefined, refused, { runtime }), false)).toEqual([
      { type: 'run_request_error', runtime, error },
    ]);
  });

  it('[ERR-3] is an error where the way there is the trouble', () => {
    const away = failedReply('input', undefined, failure('device_offline', 'Away.'));
    expect(client().told(away, false)).toEqual([{ type: 'error', message: 'Away.', code: 'device_offline' }]);
  });

  it('is told when its turn fails', () => {
    const failed = { message_type: 'loop_error', message: 'No.', is_terminal: true, run_id: 'run-1' };
    expect(client().hears(delta(failed))).toEqual([
      { type: 'run_request_error', runtime, run_id: 'run-1', error: { message: 'No.' } },
    ]);
  });
});

describe("a broker's news", () => {
  const receipt = (state: string, more: object = {}): Frame => ({
    type: 'input_receipt',
    runtime,
    client_message_id: 'cm-1',
    input_id: 'input-1',
    state,
    authority: 'broker',
    at: 5,
    ...more,
  });

  it.each([true, false])('tell whether the device is there: %s', (online) => {
    const presence = {
      type: 'device_presence',
      online,
      since: 7,
      last_seen: 6,
      connection_id: online ? 'conn-1' : null,
      connection_name: 'laptop',
    };
    expect(client().told(presence)).toMatchObject([
      { type: 'status', status: online ? 'online' : 'offline', timestamp: 7, last_heartbeat: 6 },
    ]);
  });

  it('[IN-4] tell that an input waits, which is no error', () => {
    expect(client().told(receipt('parked'))).toMatchObject([
      { type: 'status', status: 'parked', runtime, client_message_id: 'cm-1', timestamp: 5 },
    ]);
  });

  it.each([
    ['failed', 'parking_expired'],
    ['rejected', 'conversation_deleted'],
    ['indeterminate', 'device_lost'],
  ])('[IN-2] tell that an input which waited came to nothing: %s', (state, code) => {
    expect(client().told(receipt(state, { code }))).toMatchObject([
      { type: 'run_request_error', runtime, client_message_id: 'cm-1', error: { code } },
    ]);
  });

  it("leave the device's own receipts to its events", () => {
    expect(client().told(receipt('rejected', { authority: 'device' }))).toEqual([]);
    expect(client().told(receipt('handed_over'))).toEqual([]);
  });
});

it('branches are names to a seed client', () => {
  const branches = [{ name: 'main', is_current: true, is_remote: false }, 'old'];
  const reply = { type: 'search_branches_response', request_id: 'r-1', success: true, branches };
  expect(client().told(reply)).toMatchObject([{ branches: ['main', 'old'], request_id: 'r-1' }]);
});
