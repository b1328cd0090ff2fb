import { describe, expect, it } from 'vitest';
import { failure } from '../errors.ts';
import type { Frame } from '../frames.ts';
import { failedReply, okReply } from '../reply.ts';
import { chooseDialect } from './choose.ts';
import type { Dialect } from './dialect.ts';
import { farhand } from './farhand.ts';
import { seed } from './seed.ts';
import { stock } from './stock.ts';

const runtime = { agent_id: 'agent-1', conversation_id: 'conv-1' };
const dialects: readonly Dialect[] = [seed, stock, farhand];
const out = (dialect: Dialect, frame: Frame, asked = true) =>
  dialect.out(dialect.start(), frame, { asked })[1];

const receipt: Frame = { type: 'input_receipt', runtime, state: 'queued' };
const aborted = okReply('abort_message', 'r-1', { runtime, aborted: true, run_id: 'run-1' });
const { request_id: _, ...abortedUnasked } = aborted;
const ack = { type: 'cancel_ack', accepted: true, run_id: 'run-1' };

describe.each(dialects)('$name', (dialect) => {
  it.each<[string, Frame]>([
    [
      'an event',
      { type: 'stream_delta', runtime, delta: { message_type: 'assistant_message', content: 'x' } },
    ],
    ['a reply', okReply('sync', 'r-1', { runtime })],
    ['a failed reply', failedReply('sync', 'r-1', failure('internal', 'why'))],
    ['what nobody knows', { type: 'hologram', beams: 3 }],
    ['an error', { type: 'error', message: 'why' }],
  ])('[CONTRACT-3] lets %s pass as the same object', (_, frame) => {
    expect(out(dialect, frame)).toHaveLength(1);
    expect(out(dialect, frame)[0]).toBe(frame);
    expect(dialect.in(dialect.start(), frame)[1][0]).toBe(frame);
  });

  it('keeps the success of what was not asked by name to itself', () => {
    const { request_id, ...unasked } = okReply('sync', 'r-1', { runtime });
    expect(out(dialect, unasked, false)).toEqual([]);
  });

  it('[ERR-1] never keeps a failure to itself', () => {
    const unasked = failedReply('input', undefined, failure('queue_full', 'Full.'));
    const error = { message: 'Full.', code: 'queue_full' };
    const told = dialect === seed ? { type: 'run_request_error', error } : { type: 'error', ...error };
    expect(out(dialect, unasked, false)).toEqual([told]);
  });

  it('answers every ping, which cannot ask by name', () => {
    const pong = okReply('ping', undefined, { timestamp: 1 });
    expect(out(dialect, pong, false)[0]).toBe(pong);
  });
});

describe('[CONTRACT-2] extensions', () => {
  it('greet back, also without a request_id', () => {
    const hello = okReply('client_hello', undefined, { version: '1', features: [] });
    expect(out(farhand, hello, false)[0]).toBe(hello);
  });

  it('go only to who said that it knows them', () => {
    expect(out(farhand, receipt)[0]).toBe(receipt);
    expect(out(stock, receipt)).toEqual([]);
    expect(out(seed, receipt)).toEqual([]);
  });

  it.each([seed, stock] as const)(
    'are refused to $name by name, so that its question has an answer',
    (dialect) => {
      const reply = okReply('approvals_list', 'r-1', { approvals: [] });
      expect(out(dialect, reply)).toEqual([
        {
          type: 'error',
          request_id: 'r-1',
          code: 'frame_unknown_type',
          message: expect.stringContaining('client_hello'),
        },
      ]);
      expect(out(farhand, reply)[0]).toBe(reply);
    },
  );
});

describe('[ABT-3] an abort', () => {
  it('is acknowledged to a seed client after its reply', () => {
    expect(out(seed, aborted)).toEqual([aborted, { ...ack, request_id: 'r-1' }]);
    expect(out(seed, aborted)[0]).toBe(aborted);
  });

  it('is acknowledged to a seed client that gave no request_id', () => {
    expect(out(seed, abortedUnasked as Frame, false)).toEqual([ack]);
  });

  it('that did nothing or failed is acknowledged as not accepted', () => {
    const idle = okReply('abort_message', 'r-1', { runtime, aborted: false });
    expect(out(seed, idle)[1]).toEqual({
      type: 'cancel_ack',
      request_id: 'r-1',
      accepted: false,
      run_id: null,
    });
    const failed = failedReply('abort_message', undefined, failure('lease_lost', 'Gone.'));
    expect(out(seed, failed, false)).toEqual([
      { type: 'cancel_ack', accepted: false, run_id: null, error: 'Gone.', error_code: 'lease_lost' },
    ]);
  });

  it('has no cancel_ack for stock', () => {
    expect(out(stock, aborted)).toEqual([aborted]);
    expect(out(stock, abortedUnasked as Frame, false)).toEqual([]);
    expect(out(stock, { ...ack })).toEqual([]);
  });
});

describe('chooseDialect', () => {
  const url = (query: string) => new URLSearchParams(query);

  it.each([
    ['nothing shown yet', {}, 'seed'],
    [
      'the stream of the first documents',
      { url: url('agentId=a&channel=stream'), firstCommand: 'sync' },
      'seed',
    ],
    ['a sign of life', { firstCommand: 'ping' }, 'seed'],
    ['an acknowledgement', { firstCommand: 'ack' }, 'seed'],
    ['a command older than the documents', { firstCommand: 'request_state' }, 'seed'],
    ['a command that came later', { firstCommand: 'agent_list' }, 'stock'],
    ['a command nobody knows', { firstCommand: 'runtime_start' }, 'stock'],
    ['a control socket', { url: url('channel=control'), firstCommand: 'sync' }, 'stock'],
    ['an app-server', { appServer: true, firstCommand: 'sync' }, 'stock'],
    ['the query', { url: url('farhand=1&channel=control') }, 'farhand'],
    ['the greeting', { appServer: true, firstCommand: 'client_hello' }, 'farhand'],
    ['another value of the query', { url: url('farhand=0') }, 'seed'],
  ])('by %s', (_, shown, name) => {
    expect(chooseDialect(shown).name).toBe(name);
  });
});
