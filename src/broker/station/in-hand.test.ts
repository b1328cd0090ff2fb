import { describe, expect, it } from 'vitest';
import type { Frame } from '../../protocol/frames.ts';
import { InHand } from './in-hand.ts';

const ask = (type: string, request_id: string): Frame => ({ type, request_id });
const left = (inHand: InHand, now = 0) =>
  inHand.take(now).map(({ frame }) => `${frame.type} ${frame.request_id}`);

describe('[ERR-3] what a device has in hand', () => {
  it('is what has no answer, oldest first, and is taken once', () => {
    const inHand = new InHand();
    for (const frame of [ask('input', 'a'), ask('agent_list', 'b'), ask('input', 'c')]) inHand.add(frame, 0);
    inHand.settle(ask('agent_list_response', 'b'));
    expect(inHand.size).toBe(2);
    expect(left(inHand)).toEqual(['input a', 'input c']);
    expect(left(inHand)).toEqual([]);
  });

  it.each<[string, Frame, readonly string[]]>([
    ['another reply', ask('sync_response', 's!'), ['input s!', 'input s!']],
    ['an event under its id', ask('stream_delta', 's!'), ['input s!', 'input s!']],
    ['an error', ask('error', 's!'), ['input s!']],
    ['its reply', ask('input_accepted', 's!'), ['input s!']],
    ['a reply under another id', ask('input_accepted', 't!'), ['input s!', 'input s!']],
  ])('after %s', (_, answer, rest) => {
    const inHand = new InHand();
    for (let n = 0; n < 2; n++) inHand.add(ask('input', 's!'), 0);
    inHand.settle(answer);
    expect(left(inHand)).toEqual(rest);
  });

  it('[LINK-3] is weighed, so that a device that answers nothing cannot be given without end', () => {
    const inHand = new InHand();
    inHand.add({ ...ask('input', 'a'), payload: 'x'.repeat(1_000) }, 0);
    inHand.add(ask('input', 'b'), 0);
    expect(inHand.bytes).toBeGreaterThan(1_000);
    inHand.settle(ask('input_accepted', 'a'));
    expect(inHand.bytes).toBeLessThan(100);
    inHand.take(0);
    expect(inHand.bytes).toBe(0);
  });

  it('is nothing that has no reply, and nothing past its deadline', () => {
    const inHand = new InHand();
    inHand.add(ask('change_device_state', 'a'), 0);
    inHand.add(ask('input', 'b'), 0);
    inHand.add(ask('input', 'c'), 20_000);
    expect(left(inHand, 30_000)).toEqual(['input c']);
  });
});
