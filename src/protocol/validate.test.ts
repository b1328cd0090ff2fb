import { describe, expect, it } from 'vitest';
import { checkCommand, checkEvent, checkPush, checkReply } from './validate.ts';

const runtime = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const input = (payload: unknown) => ({ type: 'input', runtime, payload });
const message = (fields: object) => input({ kind: 'create_message', messages: [fields] });

describe('checkCommand', () => {
  it('[CONTRACT-3] hands back the very frame, with the fields it does not know', () => {
    const frame = { ...message({ role: 'user', content: 'hi', extra: 1 }), later: { deep: [true] } };
    const checked = checkCommand(frame);
    expect(checked).toEqual({ ok: true, type: 'input', frame });
    expect(checked.ok && checked.frame).toBe(frame);
  });

  it.each([
    ['a list', [], 'frame_not_object', /one JSON object/],
    ['null', null, 'frame_not_object', /one JSON object/],
    ['text', 'ping', 'frame_not_object', /one JSON object/],
    ['no type', { no: 'type' }, 'frame_no_type', /`type`/],
    ['a number for a type', { type: 42 }, 'frame_no_type', /`type`/],
    ['a slip of the pen', { type: 'abort_mesage' }, 'frame_unknown_type', /Did you mean "abort_message"\?/],
    ['swapped letters', { type: 'snyc' }, 'frame_unknown_type', /Did you mean "sync"\?/],
    [
      'a strange type',
      { type: 'brew_coffee' },
      'frame_unknown_type',
      /^"brew_coffee" is no command\. PROTOCOL/,
    ],
    ['a long strange type', { type: 'x'.repeat(9999) }, 'frame_unknown_type', /^"x{59}…" is no command/],
    ['a name that objects have', { type: '__proto__' }, 'frame_unknown_type', /is no command/],
    ['an event', { type: 'turn_finished' }, 'frame_unknown_type', /no command but an event/],
    ['a reply', { type: 'pong' }, 'frame_unknown_type', /no command but a reply/],
    [
      'what cannot be measured',
      { type: 'agent_retrieve', request_id: 'r', agent_id: { length: { valueOf: 1, toString: 1 } } },
      'frame_invalid',
      /an object in the place of a text/,
    ],
    ['a missing scope', { type: 'sync' }, 'frame_invalid', /: runtime is missing; it must be an object\./],
    [
      'a text for a scope',
      { type: 'sync', runtime: 'x' },
      'frame_invalid',
      /runtime must be an object, not "x"/,
    ],
    ['an unknown kind', input({ kind: 'x' }), 'frame_invalid', /payload\.kind must be "create_message" or/],
    [
      'wrong content',
      message({ content: 5 }),
      'frame_invalid',
      /messages\[0\]\.content must be a string or a list, not 5/,
    ],
    [
      'a wrong part',
      message({ content: [5] }),
      'frame_invalid',
      /messages\[0\]\.content\[0\] must be an object, not 5/,
    ],
    [
      'an approval as a message',
      message({ type: 'approval' }),
      'frame_invalid',
      /payload\.kind "approval_response"/,
    ],
    [
      'an empty scope id',
      { type: 'sync', runtime: { ...runtime, conversation_id: '' } },
      'frame_invalid',
      /conversation_id/,
    ],
    [
      'a scope id that is a path',
      { type: 'sync', runtime: { ...runtime, agent_id: '..' } },
      'frame_invalid',
      /agent_id/,
    ],
    [
      'a cursor before the first',
      { type: 'sync', runtime, after_event_seq: -1 },
      'frame_invalid',
      /must be at least 0, not -1/,
    ],
    [
      'a broken cursor',
      { type: 'sync', runtime, after_event_seq: 0.5 },
      'frame_invalid',
      /a whole number, not 0\.5/,
    ],
    [
      'an empty request id',
      { ...message({}), request_id: '' },
      'frame_invalid',
      /request_id must not be empty\./,
    ],
    [
      'a long scope id',
      { type: 'sync', runtime: { ...runtime, conversation_id: 'c'.repeat(129) } },
      'id_too_long',
      /at most 128 characters, not 129/,
    ],
    [
      'a long message id',
      message({ content: 'x', client_message_id: 'c'.repeat(257) }),
      'id_too_long',
      /client_message_id must have at most 256/,
    ],
  ])('refuses %s', (_, frame, code, text) => {
    const checked = checkCommand(frame);
    expect(checked).toMatchObject({ ok: false, failure: { code } });
    expect(!checked.ok && checked.failure.message).toMatch(text);
  });

  it('tells what an answer needs, as far as it is there', () => {
    expect(checkCommand({ type: 'nonsense', request_id: 'r-1' })).toMatchObject({
      type: 'nonsense',
      request_id: 'r-1',
    });
    expect(checkCommand({ type: 'sync', request_id: 'r'.repeat(257), runtime })).not.toHaveProperty(
      'request_id',
    );
    expect(checkCommand({ request_id: 7 })).not.toHaveProperty('request_id');
  });

  it('takes an approval that denies by an error, and none that does not decide', () => {
    const answer = { kind: 'approval_response', request_id: 'perm-1' };
    expect(checkCommand(input({ ...answer, error: 'no screen' })).ok).toBe(true);
    expect(checkCommand(input({ ...answer, decision: { behavior: 'allow' } })).ok).toBe(true);
    expect(checkCommand(input(answer))).toMatchObject({
      failure: { message: expect.stringContaining('payload must have a decision') },
    });
  });

  it('takes any conversation without an agent, and the oldest clients', () => {
    expect(checkCommand({ type: 'sync', runtime: { agent_id: null, conversation_id: 'conv-1' } }).ok).toBe(
      true,
    );
    const payload = {
      kind: 'create_message',
      messages: [{ role: 'user', content: 'hi' }],
      supports_control_response: true,
    };
    expect(checkCommand(input(payload)).ok).toBe(true);
    const git_op = { kind: 'checkout', branch: 'feature' };
    expect(checkCommand({ type: 'change_device_state', runtime, payload: { git_op } }).ok).toBe(true);
  });
});

describe('checkReply', () => {
  it('looks at the payload of a success only', () => {
    const reply = { type: 'agent_retrieve_response', request_id: 'r', agent: null };
    expect(checkReply('agent_retrieve', { ...reply, success: false }).ok).toBe(true);
    expect(checkReply('agent_retrieve', { ...reply, success: true })).toMatchObject({
      failure: {
        code: 'frame_invalid',
        message: expect.stringContaining('agent must be an object, not null'),
      },
    });
  });

  it('refuses the reply of another command, and one that does not say how it went', () => {
    expect(checkReply('sync', { type: 'input_accepted', accepted: true })).toMatchObject({
      failure: {
        code: 'frame_unknown_type',
        message: expect.stringContaining('answered by "sync_response"'),
      },
    });
    expect(checkReply('change_device_state', { type: 'x' })).toMatchObject({
      failure: { message: expect.stringContaining('no reply') },
    });
    expect(checkReply('input', { type: 'input_accepted', runtime })).toMatchObject({
      failure: { message: expect.stringContaining('accepted must be true or false') },
    });
  });

  it('takes a pong as it comes', () => {
    expect(checkReply('ping', { type: 'pong' }).ok).toBe(true);
    expect(checkReply('ping', { type: 'pong', timestamp: 'now' }).ok).toBe(false);
  });
});

describe('checkEvent and checkPush', () => {
  const delta = (fields: object) => ({ type: 'stream_delta', runtime, event_seq: 1, delta: fields });

  it('[CONTRACT-3] lets kinds of delta pass that nobody listed', () => {
    expect(checkEvent(delta({ message_type: 'hologram', beams: 3 })).ok).toBe(true);
    expect(checkEvent(delta({ message_type: 'constructor' })).ok).toBe(true);
  });

  it('names the place inside of a known delta', () => {
    expect(checkEvent(delta({ message_type: 'assistant_message' }))).toMatchObject({
      failure: {
        message: expect.stringContaining('delta.content is missing; it must be a string or a list'),
      },
    });
  });

  it('looks at the envelope', () => {
    const event = { ...delta({ message_type: 'x' }), event_seq: 1.5 };
    expect(checkEvent(event)).toMatchObject({ failure: { message: expect.stringContaining('event_seq') } });
  });

  it('knows one from the other', () => {
    const receipt = { type: 'input_receipt' };
    expect(checkEvent(receipt)).toMatchObject({ failure: { code: 'frame_unknown_type' } });
    expect(checkPush(receipt)).toMatchObject({ failure: { code: 'frame_invalid' } });
    expect(checkPush({ type: 'error', message: 'no' }).ok).toBe(true);
  });
});
