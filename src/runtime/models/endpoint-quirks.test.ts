import { describe, expect, it } from 'vitest';
import { madeOf } from './wire-test-client.ts';

describe('an answer that only some endpoints give', () => {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta, finish_reason }],
  });
  const stream = (...events: (object | string)[]) => madeOf('text/event-stream', events);

  it('may have calls and yet finish with `stop`, and no usage', async () => {
    const call = { index: 0, id: 'a', function: { name: 'Bash', arguments: '{}' } };
    expect(await stream(chunk({ tool_calls: [call] }), chunk({}, 'stop'))).toEqual([
      { kind: 'call', id: 'a', name: 'Bash', args: '{}' },
      { kind: 'finish', reason: 'tool_calls', usage: null },
    ]);
  });

  it('may refuse in words, which is an answer', async () => {
    expect(await stream(chunk({ refusal: 'I will not.' }), chunk({}, 'stop'))).toEqual([
      { kind: 'text', text: 'I will not.' },
      { kind: 'finish', reason: 'refused', usage: null },
    ]);
  });

  it('may end cleanly and yet without a finish reason', async () => {
    expect(await stream(chunk({ content: 'half' }))).toMatchObject([
      { kind: 'text', text: 'half' },
      { kind: 'failed', code: 'model_reply_invalid', retryable: true },
    ]);
  });

  it('gives no call of an answer that ended without a finish reason', async () => {
    const call = { index: 0, id: 'a', function: { name: 'Bash', arguments: '{"command":"rm -r build"' } };
    const parts = await stream(chunk({ tool_calls: [call] }), 'data: [DONE]\n\n');
    expect(parts).toMatchObject([{ kind: 'failed', code: 'model_reply_invalid' }]);
  });

  it.each([
    ['an object', { error: { message: 'model crashed' } }],
    ['a string', { error: 'model crashed' }],
    [
      'an object beside choices',
      { ...chunk({ content: '' }), error: { message: 'model crashed', code: 500 } },
    ],
  ])('may report an error as %s', async (_name, event) => {
    expect(await stream(chunk({ content: 'half' }), event, 'data: [DONE]\n\n')).toMatchObject([
      { kind: 'text', text: 'half' },
      { kind: 'failed', code: 'model_unavailable', message: expect.stringContaining('model crashed') },
    ]);
  });

  it('may finish with an error', async () => {
    expect(await stream(chunk({ content: 'half' }), chunk({}, 'error'))).toMatchObject([
      { kind: 'text' },
      {
        kind: 'failed',
        code: 'model_unavailable',
        message: expect.stringContaining('finish reason "error"'),
      },
    ]);
  });

  it('may be JSON, but no chat completion', async () => {
    expect(await stream({ hello: 'world' })).toMatchObject([
      { kind: 'failed', code: 'model_reply_invalid', message: expect.stringContaining('no chat completion') },
    ]);
  });

  it('may be a web page', async () => {
    expect(await madeOf('text/html', ['<html>Welcome</html>'])).toMatchObject([
      {
        kind: 'failed',
        code: 'model_reply_invalid',
        message: expect.stringContaining('it came as text/html'),
      },
    ]);
  });

  it('may have a call without a name', async () => {
    const call = { index: 0, id: 'a', function: { arguments: '{}' } };
    expect(await stream(chunk({ tool_calls: [call] }), chunk({}, 'tool_calls'))).toMatchObject([
      { kind: 'failed', code: 'model_reply_invalid', retryable: true },
    ]);
  });
});
