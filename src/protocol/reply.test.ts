import { describe, expect, expectTypeOf, it } from 'vitest';
import type { CommandSpec } from './builders.ts';
import { contract } from './contract/index.ts';
import { failure } from './errors.ts';
import type { CommandType, Frame } from './frames.ts';
import { failedReply, okReply } from './reply.ts';
import { checkPush, checkReply } from './validate.ts';

const why = failure('agent_not_found', 'There is no such agent.');
const runtime = { agent_id: 'agent-1', conversation_id: 'conv-1' };

describe('[ERR-1] one answer', () => {
  const commands: [string, CommandSpec][] = Object.entries(contract.commands);

  it.each(commands)('%s: a failure is its own reply, or an error frame where it has none', (type, spec) => {
    const frame = failedReply(type, 'r-1', why);
    if (spec.reply?.flag) {
      expect(frame).toMatchObject({ ...spec.reply.neutral, type: spec.reply.type, request_id: 'r-1' });
      expect(frame).toMatchObject({ [spec.reply.flag]: false, error: why.message, error_code: why.code });
      expect(checkReply(type as CommandType, frame).ok).toBe(true);
    } else {
      expect(frame).toEqual({ type: 'error', message: why.message, code: why.code, request_id: 'r-1' });
      expect(checkPush(frame).ok).toBe(true);
    }
  });

  it('answers an unknown type, and no type at all, with an error frame', () => {
    expect(failedReply('constructor', 'r-1', why)).toMatchObject({ type: 'error', request_id: 'r-1' });
    expect(failedReply(undefined, undefined, why)).toEqual({
      type: 'error',
      message: why.message,
      code: why.code,
    });
  });

  it('echoes what the asker knows, but lets nothing pass for success', () => {
    const frame = failedReply('abort_message', 'r-1', why, { runtime, success: true });
    expect(frame).toMatchObject({ runtime, aborted: false, success: false });
  });

  it('tells success in the flag of the reply', () => {
    expect(okReply('input', 'r-1', { runtime, disposition: 'queued' })).toEqual({
      type: 'input_accepted',
      request_id: 'r-1',
      runtime,
      disposition: 'queued',
      accepted: true,
    });
    expect(okReply('ping', undefined, { timestamp: 5 })).toEqual({ type: 'pong', timestamp: 5 });
    expectTypeOf(okReply('sync', 'r', {})).toEqualTypeOf<Frame>();
  });

  it('has none for a command without a reply', () => {
    expect(okReply('change_device_state', 'r-1', {})).toBeNull();
  });
});
