import { describe, expect, it } from 'vitest';
import { type At, madeOf } from './wire-test-client.ts';
import type { WireName } from './wires.ts';

const streamed = (at: At, ...events: (object | string)[]) => madeOf('text/event-stream', events, at);

describe.each<WireName>(['openai-compatible', 'openai-responses', 'anthropic', 'google'])('%s', (wire) => {
  it('may lead to a web page', async () => {
    expect(await madeOf('text/html', ['<html>Welcome</html>'], { wire })).toMatchObject([
      { code: 'model_reply_invalid', message: expect.stringContaining('it came as text/html') },
    ]);
  });

  it('may lead to another API, and says which one was expected', async () => {
    const [part] = await streamed({ wire }, { hello: 'world' });
    expect(part).toMatchObject({ code: 'model_reply_invalid', retryable: true });
    expect(part).toMatchObject({
      message: expect.stringMatching(/check that SERVER_URL points to (an|the|Op|An)/),
    });
  });

  it('may begin with something that is no JSON', async () => {
    const [part] = await streamed({ wire }, 'data: {"a\n\n');
    expect(part).toMatchObject({
      code: 'model_reply_invalid',
      message: expect.stringMatching(/is not JSON|beginning cannot be understood/),
    });
  });
});

describe('anthropic', () => {
  const at: At = { wire: 'anthropic', modelId: 'claude-sonnet-4-5' };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const start = { type: 'message_start', message: { id: 'm', model: 'c', usage } };
  const block = (index: number, content_block: object, ...deltas: object[]) => [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
  const end = (stop_reason: string | null) => [
    { type: 'message_delta', delta: { stop_reason }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ];

  it('keeps thoughts that it hides altogether', async () => {
    const hidden = block(0, { type: 'redacted_thinking', data: 'sealed' });
    const said = block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'Hi.' });
    expect(await streamed(at, start, ...hidden, ...said, ...end('end_turn'))).toMatchObject([
      { kind: 'kept', of: 'reasoning', data: { anthropic: { redactedData: 'sealed' } } },
      { kind: 'text', text: 'Hi.' },
      { kind: 'finish', reason: 'end_turn' },
    ]);
  });

  it.each([
    ['pause_turn', 'end_turn'],
    ['stop_sequence', 'end_turn'],
    ['model_context_window_exceeded', 'max_tokens_exceeded'],
    ['something_new', 'end_turn'],
  ])('ends with %s', async (raw, reason) => {
    expect((await streamed(at, start, ...end(raw))).at(-1)).toMatchObject({ kind: 'finish', reason });
  });

  it('gives no call of an answer that it broke off for safety', async () => {
    const tool = { type: 'tool_use', id: 'a', name: 'Bash', input: {} };
    const call = block(0, tool, { type: 'input_json_delta', partial_json: '{}' });
    const parts = await streamed(at, start, ...call, ...end('refusal'));
    expect(parts.map(({ kind }) => kind)).toEqual(['notice', 'finish']);
  });
});

describe('openai-responses', () => {
  const at: At = { wire: 'openai-responses', modelId: 'gpt-5.2', facts: { reasoning: true } };
  const response = { id: 'r', created_at: 1, model: 'm', usage: { input_tokens: 1, output_tokens: 1 } };

  it('keeps the parts of a summary together, and the encrypted thoughts with the last', async () => {
    const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: null };
    const part = (summary_index: number, delta: string) => [
      { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', summary_index },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', summary_index, delta },
      { type: 'response.reasoning_summary_part.done', item_id: 'rs_1', summary_index },
    ];
    const parts = await streamed(
      at,
      { type: 'response.created', response },
      { type: 'response.output_item.added', output_index: 0, item },
      ...part(0, 'One.'),
      ...part(1, 'Two.'),
      { type: 'response.output_item.done', output_index: 0, item: { ...item, encrypted_content: 'sealed' } },
      { type: 'response.completed', response },
    );
    expect(parts).toMatchObject([
      { kind: 'reasoning', text: 'One.' },
      { kind: 'kept', of: 'reasoning', data: { openai: { itemId: 'rs_1' } } },
      { kind: 'reasoning', text: 'Two.' },
      { kind: 'kept', data: { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'sealed' } } },
      { kind: 'finish', reason: 'end_turn' },
    ]);
  });

  it.each([
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'busy' }, 'model_unavailable'],
    [{ type: 'error', error: { code: 'context_length_exceeded', message: 'long' } }, 'context_overflow'],
    [
      { type: 'response.failed', response: { ...response, error: { code: 'server_error', message: 'x' } } },
      'model_unavailable',
    ],
  ])('may fail with %j', async (event, code) => {
    const parts = await streamed(at, { type: 'response.created', response }, event);
    expect(parts).toMatchObject([{ kind: 'failed', code }]);
  });
});

describe('google', () => {
  const at: At = { wire: 'google', modelId: 'gemini-2.5-pro' };
  const ending = (finishReason: string) => ({ candidates: [{ finishReason, content: { parts: [] } }] });

  it.each(['SAFETY', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII', 'RECITATION', 'OTHER'])(
    'may end for a reason of its own: %s',
    async (reason) => {
      expect(await streamed(at, ending(reason))).toMatchObject([
        { kind: 'notice', text: expect.stringContaining(`(${reason})`) },
        { kind: 'finish', reason: 'refused' },
      ]);
    },
  );

  it('may not take a prompt at all', async () => {
    const blocked = {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 3 },
    };
    expect(await streamed(at, blocked)).toMatchObject([
      { kind: 'notice', text: expect.stringContaining('PROHIBITED_CONTENT') },
      { kind: 'finish', reason: 'refused' },
    ]);
  });

  it.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL'])(
    'may write a call that is none: %s',
    async (reason) => {
      expect(await streamed(at, ending(reason))).toMatchObject([
        { kind: 'failed', code: 'model_reply_invalid', retryable: true },
      ]);
    },
  );

  it('keeps the signature of a text that comes after it', async () => {
    const parts = (...all: object[]) => ({ candidates: [{ content: { parts: all } }] });
    const text = [parts({ text: 'Hi' }), parts({ text: '', thoughtSignature: 'sealed' }), ending('STOP')];
    expect(await streamed(at, ...text)).toMatchObject([
      { kind: 'text', text: 'Hi' },
      { kind: 'kept', of: 'text', data: { google: { thoughtSignature: 'sealed' } } },
      { kind: 'finish', reason: 'end_turn' },
    ]);
  });
});
