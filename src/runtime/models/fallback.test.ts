import { describe, expect, it } from 'vitest';
import type { TranscriptItem } from '../../core/transcript.ts';
import type { Failed } from './failure.ts';
import { withFallbacks } from './fallback.ts';
import type { Model, ModelPart, ModelRequest } from './model.ts';
import { partsOf, request } from './wire-test-client.ts';

const failed = (code: Failed['code'], retryable = false): Failed => ({
  kind: 'failed',
  code,
  message: 'It sleeps.',
  retryable,
});
const text: ModelPart = { kind: 'text', text: 'Hi.' };
const finish: ModelPart = { kind: 'finish', reason: 'end_turn', usage: null };

/** Says `parts`, and remembers what it was asked. */
function scripted(handle: string, ...parts: ModelPart[]): Model & { readonly asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  async function* stream(of: ModelRequest) {
    asked.push(of);
    yield* parts;
  }
  return { handle, window: handle.length, stream, asked };
}

describe('a model with others behind it', () => {
  it('is the first one, as far as anybody sees', () => {
    const first = scripted('a/1');
    expect(withFallbacks([first])).toBe(first);
    expect(withFallbacks([first, scripted('b/22')])).toMatchObject({ handle: 'a/1', window: 3 });
  });

  it.each([
    ['model_unavailable', true],
    ['model_reply_invalid', true],
    ['model_unavailable', false],
    ['model_wire_unavailable', false],
    ['model_refused', false],
  ] as const)('leaves %s, retryable: %s, to the next one and says so', async (code, retryable) => {
    const models = withFallbacks([
      scripted('a/1', failed(code, retryable)),
      scripted('b/2', failed('model_unavailable', true)),
      scripted('c/3', text, finish),
    ]);
    expect(await partsOf(models, request('hi'))).toEqual([
      { kind: 'notice', text: 'a/1 does not answer (It sleeps.): asking b/2 instead.' },
      { kind: 'notice', text: 'b/2 does not answer (It sleeps.): asking c/3 instead.' },
      text,
      finish,
    ]);
  });

  it.each([
    ['context_overflow', [failed('context_overflow')]],
    ['a failure after its first words', [text, failed('model_unavailable', true)]],
    ['an answer', [text, finish]],
  ])('keeps %s to itself', async (_name, parts) => {
    const next = scripted('b/2', text, finish);
    expect(await partsOf(withFallbacks([scripted('a/1', ...parts), next]), request('hi'))).toEqual(parts);
    expect(next.asked).toEqual([]);
  });

  it('ends with what the last one failed with', async () => {
    const last = failed('model_refused');
    const models = withFallbacks([scripted('a/1', failed('model_unavailable', true)), scripted('b/2', last)]);
    expect((await partsOf(models, request('hi'))).at(-1)).toEqual(last);
  });

  it('asks nobody else when it is aborted', async () => {
    const caller = new AbortController();
    const first = scripted('a/1', failed('model_unavailable', true));
    const signal = caller.signal;
    const next = scripted('b/2', text, finish);
    const leaving: Model = {
      ...first,
      stream: (of) => {
        caller.abort();
        return first.stream(of);
      },
    };
    expect(await partsOf(withFallbacks([leaving, next]), request('hi', { signal }))).toEqual([]);
    expect(next.asked).toEqual([]);
  });

  it('gives everybody back only what is its own', async () => {
    const kept = (of: string): ModelPart => ({ kind: 'kept', of: 'reasoning', data: { google: { of } } });
    const call = (of: string): ModelPart => ({
      kind: 'call',
      id: of,
      name: 'Bash',
      args: '{}',
      kept: { google: { of } },
    });
    const sleepy = failed('model_unavailable', true);
    const answers = [kept('b'), call('b'), finish];
    const parts = await partsOf(
      withFallbacks([scripted('a/1', sleepy), scripted('b/2', ...answers)]),
      request('hi'),
    );
    const data = (kind: 'kept' | 'call') => {
      const part = parts.find((one) => one.kind === kind);
      return (part?.kind === 'kept' ? part.data : part?.kind === 'call' ? part.kept : undefined) ?? {};
    };
    const item = (id: string, kind: 'kept' | 'call'): TranscriptItem => ({
      kind: 'reasoning',
      id,
      at: 0,
      run: 'r',
      text: '',
      keepsake: { by: 'a/1', data: data(kind) },
    });
    const own = { ...item('own', 'kept'), keepsake: { by: 'a/1', data: { google: { of: 'a' } } } };
    const models = [scripted('a/1', sleepy), scripted('b/2', sleepy), scripted('c/3', finish)] as const;
    const transcript = [item('k', 'kept'), item('c', 'call'), own];
    await partsOf(withFallbacks([...models]), { ...request(''), transcript });
    const seen = models.map(({ asked }) =>
      asked[0]?.transcript.map((one) => ('keepsake' in one && one.keepsake) || null),
    );
    const ofB = { by: 'b/2', data: { google: { of: 'b' } } };
    expect(seen).toEqual([
      [null, null, own.keepsake],
      [ofB, ofB, own.keepsake],
      [null, null, own.keepsake],
    ]);
  });
});
