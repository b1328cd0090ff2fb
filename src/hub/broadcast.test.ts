import { describe, expect, it } from 'vitest';
import type { Dialect } from '../protocol/dialects/dialect.ts';
import { stock } from '../protocol/dialects/stock.ts';
import { Broadcast } from './broadcast.ts';
import { Numbering } from './numbering.ts';

const frame = { type: 'stream_delta', delta: {} };
const scope = { agent_id: 'a', conversation_id: 'c' };
const to = { to: 'scope', key: 'a/c', scope, privilege: 'observe', eventSeq: 1 } as const;
const broadcast = () => new Broadcast(frame, JSON.stringify(frame), to, new Numbering(1_000));

describe('[SEQ-3] a frame for many', () => {
  it('is numbered once for all who are told it as it is', () => {
    const one = broadcast();
    expect(one.verbatim).toBe(one.verbatim);
    expect(one.forObservers).toBe(one);
    expect(one.inDialect(stock, null).parts).toEqual([one.verbatim]);
    expect(one.verbatim).toEqual({ seq: 1, text: '{"type":"stream_delta","delta":{},"seq":1}' });
  });

  it('is put into a dialect once for all whose state is the same', () => {
    const one = broadcast();
    expect(one.inDialect(stock, null)).toBe(one.inDialect(stock, null));
  });

  it('has increasing numbers wherever a dialect puts more', () => {
    const more: Dialect = {
      ...stock,
      start: () => 0,
      out: (state) => [state, [{ type: 'more' }, frame, { type: 'more' }]],
    };
    const one = broadcast();
    expect(one.verbatim.seq).toBe(1);
    expect(one.inDialect(more, 0).parts.map(({ seq }) => seq)).toEqual([2, 3, 4]);
  });
});
