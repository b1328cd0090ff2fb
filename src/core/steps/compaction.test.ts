import { describe, expect, it } from 'vitest';
import { callOf, Scene } from '../../testing/scene.ts';
import { apply } from '../apply.ts';
import { plan } from '../plan.ts';
import { initialState } from '../state.ts';
import { contextOf, emptyTranscript, tell } from '../transcript.ts';

const usage = (tokens: number) => ({
  prompt_tokens: tokens,
  completion_tokens: 0,
  total_tokens: tokens,
});
const answer = (tokens: number, window: number | null = 1_000) =>
  ({ kind: 'finished', calls: [], usage: usage(tokens), truncated: false, window }) as const;
const overflow = {
  kind: 'failed',
  code: 'context_overflow',
  message: 'Too long.',
  retryable: false,
} as const;
const down = { kind: 'failed', code: 'model_unavailable', message: 'Down.', retryable: true } as const;

const effects = (scene: Scene) => [...plan(scene.state).effects.keys()];
const compaction = (scene: Scene) => scene.state.compaction?.id ?? 'none';
const summarised = (scene: Scene, summary = 'So far.') =>
  scene.hear({
    kind: 'compaction',
    id: compaction(scene),
    report: { kind: 'finished', summary, usage: null },
  });
const refused = (scene: Scene, report: typeof overflow | typeof down) =>
  scene.hear({ kind: 'compaction', id: compaction(scene), report });
/** What the model reads, by kind and text. */
const read = (scene: Scene) => {
  const transcript = emptyTranscript();
  for (const fact of scene.facts) tell(transcript, fact);
  return contextOf(transcript.items).map((item) =>
    item.kind === 'user'
      ? `user ${item.content}`
      : item.kind === 'call'
        ? 'call'
        : `${item.kind} ${item.text}`,
  );
};

/** A conversation of one turn whose model has room for `tokens` more of 1,000. */
function scene(tokens: number, window: number | null = 1_000): Scene {
  const made = new Scene('unrestricted');
  made.input('first');
  made.text('hello');
  made.model(answer(tokens, window));
  return made;
}

describe('[CMP-3] before the next request', () => {
  it.each([
    [849, 1_000, false],
    [850, 1_000, true],
    [5_000_000, null, false],
  ])('with %i of %s tokens used: %s', (tokens, window, isDue) => {
    const one = scene(tokens, window);
    one.input('second');
    expect(one.state.compaction !== null).toBe(isDue);
    expect(effects(one)).toEqual([expect.stringMatching(isDue ? /^compact:/ : /^model:/)]);
  });

  it('a summary is made first, and the turn goes on with it', () => {
    const one = scene(900);
    one.input('second');
    const { says } = summarised(one);
    expect(says).toContainEqual(
      expect.objectContaining({
        body: { delta: expect.objectContaining({ message_type: 'summary_message', summary: 'So far.' }) },
      }),
    );
    expect(effects(one)).toEqual([expect.stringMatching(/^model:/)]);
    expect(read(one)).toEqual(['summary So far.', 'user second']);
    one.model(answer(900));
    expect(one.fates('second')).toEqual(['accepted', 'started', 'done']);
  });

  it('is made between two requests of one turn, too, and what waited joins after it', () => {
    const one = new Scene('unrestricted');
    one.input('first');
    one.model({ ...answer(900), calls: [callOf('c1', 'Read')] });
    one.prepared('c1');
    one.input('more');
    one.done('c1', 'found');
    expect(effects(one)).toEqual([expect.stringMatching(/^compact:/)]);
    summarised(one);
    expect(read(one)).toEqual(['summary So far.', 'user more']);
    expect(one.state.turn?.steps).toBe(2);
  });

  it('is not made twice for one answer', () => {
    const one = scene(900);
    one.input('second');
    summarised(one);
    expect(one.state.context).toBeNull();
    one.model(answer(10));
    one.input('third');
    expect(effects(one)).toEqual([expect.stringMatching(/^model:/)]);
  });
});

describe('[CMP-3] a request that the model refused for its length', () => {
  it('is made again with a summary, once', () => {
    const one = scene(10);
    one.input('second');
    one.text('half of');
    const { says } = one.model(overflow);
    expect(says).toContainEqual(
      expect.objectContaining({
        body: {
          delta: expect.objectContaining({ message_type: 'retry', voided_message_ids: [`msg-${one.run}`] }),
        },
      }),
    );
    expect(effects(one)).toEqual([expect.stringMatching(/^compact:/)]);
    summarised(one);
    one.model(overflow);
    expect(one.state.turn).toBeNull();
    expect(one.fates('second').at(-1)).toBe('failed');
  });

  it('may be refused again after an answer', () => {
    const one = new Scene('unrestricted');
    one.input('first');
    one.model(overflow);
    summarised(one);
    one.model({ ...answer(10), calls: [callOf('c1', 'Read')] });
    one.prepared('c1');
    one.done('c1');
    one.model(overflow);
    expect(effects(one)).toEqual([expect.stringMatching(/^compact:/)]);
  });
});

describe('[CMP-1] a summary', () => {
  it('is made on a person’s word, and nothing begins meanwhile', () => {
    const one = scene(10);
    const { says } = one.command({ do: 'compact' });
    expect(says).toContainEqual({
      say: 'answer',
      answer: { ok: true, fields: { compaction: { id: compaction(one), state: 'started' } } },
    });
    one.input('second');
    expect(effects(one)).toEqual([expect.stringMatching(/^compact:/)]);
    summarised(one);
    expect(effects(one)).toEqual([expect.stringMatching(/^model:/)]);
    expect(read(one)).toEqual(['summary So far.', 'user second']);
  });

  it('is refused while a turn runs', () => {
    const one = new Scene();
    one.input('first');
    expect(one.command({ do: 'compact' }).says).toMatchObject([
      { answer: { ok: false, failure: { code: 'turn_running' } } },
    ]);
  });

  it('lost with its process is asked for again, and counted once when it comes', () => {
    const one = scene(900);
    one.input('second');
    const id = compaction(one);
    one.hear({ kind: 'compaction', id, report: { kind: 'lost' } });
    expect(compaction(one)).toBe(id);
    expect(effects(one)).toEqual([`compact:${id}`]);
    summarised(one);
    one.hear({ kind: 'compaction', id, report: { kind: 'finished', summary: 'Late.', usage: null } });
    expect(one.facts.filter((fact) => fact.kind === 'compacted')).toHaveLength(1);
    expect(one.facts.reduce(apply, initialState)).toEqual(one.state);
  });

  it('that fails is tried three times, and then the turn says so', () => {
    const one = scene(900);
    one.input('second');
    for (const wait of [1_000, 2_000]) {
      refused(one, down);
      expect(effects(one)).toEqual([]);
      expect(plan(one.state).wakeAt).toBe(one.now + wait);
      one.tick(wait);
      expect(effects(one)).toEqual([`compact:${compaction(one)}`]);
    }
    refused(one, down);
    expect(one.state.compaction).toBeNull();
    expect(one.fates('second').at(-1)).toBe('failed');
  });

  it('given up without a turn leaves the conversation as it was', () => {
    const one = scene(10);
    one.command({ do: 'compact' });
    refused(one, overflow);
    expect(one.state.compaction).toBeNull();
    expect(read(one)).toEqual(['user first', 'assistant hello']);
  });

  it.each([true, false])('ends with an abort, a turn waiting for it: %s', (isTurn) => {
    const one = scene(isTurn ? 900 : 10);
    if (isTurn) one.input('second');
    else one.command({ do: 'compact' });
    const { says } = one.abort();
    expect(says).toContainEqual(
      expect.objectContaining({
        answer: { ok: true, fields: expect.objectContaining({ aborted: true }) },
      }),
    );
    expect(one.state.compaction).toBeNull();
    expect(effects(one)).toEqual([]);
  });

  it('leaves the transcript whole for people', () => {
    const one = scene(10);
    one.command({ do: 'compact' });
    summarised(one);
    const transcript = emptyTranscript();
    for (const fact of one.facts) tell(transcript, fact);
    expect(transcript.items.map(({ kind }) => kind)).toEqual(['user', 'assistant', 'summary']);
  });
});
