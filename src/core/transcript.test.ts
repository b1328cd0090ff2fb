import { describe, expect, it } from 'vitest';
import { callOf, inputOf, Scene } from '../testing/scene.ts';
import { type Fact, historyKinds } from './facts.ts';
import { emptyTranscript, type Transcript, tell } from './transcript.ts';

function fold(facts: readonly Fact[]): Transcript {
  const transcript = emptyTranscript();
  for (const fact of facts) tell(transcript, fact);
  return transcript;
}
const brief = ({ items }: Transcript) =>
  items.map((item) => {
    if (item.kind === 'user') return `user ${item.content}`;
    if (item.kind === 'call') return `call ${item.call} ${item.args}`;
    return item.kind === 'result' ? `result ${item.call} ${item.text}` : `${item.kind} ${item.text}`;
  });

function turn(...moves: ((scene: Scene) => void)[]): Scene {
  const scene = new Scene();
  scene.input('go');
  for (const move of moves) move(scene);
  return scene;
}
const failed = { kind: 'failed', code: 'model_unavailable', message: 'Busy.', retryable: true } as const;

describe('the transcript', () => {
  it.each<[string, ((scene: Scene) => void)[], string[]]>([
    [
      'has whole messages, in the order in which they began',
      [
        (s) => s.text('Hm', 'r', 'reasoning'),
        (s) => s.text('Hel', 'a'),
        (s) => s.text('lo', 'a'),
        (s) => s.finish(),
      ],
      ['user go', 'reasoning Hm', 'assistant Hello'],
    ],
    ['has nothing that is not finished', [(s) => s.text('Hel')], ['user go']],
    [
      'has no text of a failed attempt',
      [
        (s) => s.text('Hel'),
        (s) => s.model(failed),
        (s) => s.tick(1_000),
        (s) => s.text('Hi'),
        (s) => s.finish(),
      ],
      ['user go', 'assistant Hi'],
    ],
    [
      'has no text of a lost attempt',
      [(s) => s.text('Hel'), (s) => s.model({ kind: 'lost' }), (s) => s.text('Hi'), (s) => s.finish()],
      ['user go', 'assistant Hi'],
    ],
    [
      'has no text of a turn that failed',
      [(s) => s.text('Hel'), (s) => s.model({ ...failed, retryable: false })],
      ['user go'],
    ],
    [
      'has what was said before an abort',
      [(s) => s.text('Hel'), (s) => s.abort()],
      ['user go', 'assistant Hel'],
    ],
    [
      'has a result for every call of an aborted turn',
      [(s) => s.finish(callOf('c1', 'Bash'), callOf('c2', 'Read')), (s) => s.abort()],
      [
        'user go',
        'call c1 {}',
        'call c2 {}',
        'result c1 Interrupted by the user before Bash was run.',
        'result c2 Interrupted by the user before Read was run.',
      ],
    ],
    [
      'has inputs where they joined',
      [
        (s) => s.finish(callOf('c1', 'Read')),
        (s) => s.input('more'),
        (s) => s.prepared('c1'),
        (s) => s.done('c1'),
        (s) => s.finish(),
      ],
      ['user go', 'call c1 {}', 'result c1 ok', 'user more'],
    ],
    [
      'has the arguments that the model wrote, not the person’s edit',
      [
        (s) => s.finish(callOf('c1', 'Bash', { args: '{"a":1}' })),
        (s) => s.decide('c1', true, { updated_input: { a: 2 } }),
        (s) => s.prepared('c1'),
        (s) => s.done('c1'),
      ],
      ['user go', 'call c1 {"a":1}', 'result c1 ok'],
    ],
    [
      'has no input that was taken out',
      [(s) => s.input('more'), (s) => s.command({ do: 'remove_queue_item', id: 'q-2' }), (s) => s.finish()],
      ['user go'],
    ],
  ])('%s', (_name, moves, expected) => {
    expect(brief(fold(turn(...moves).facts))).toEqual(expected);
  });

  it('is folded from the facts of history alone, and forgets what left the queue', () => {
    const scene = turn(
      (s) => s.input('b'),
      (s) => s.input('c', { by: 'bob' }),
      (s) => s.command({ do: 'remove_queue_item', id: 'q-2' }),
      (s) => s.finish(callOf('c1', 'Read')),
    );
    const kept = scene.facts.filter((fact) => historyKinds.has(fact.kind));
    expect(fold(kept)).toEqual(fold(scene.facts));
    expect([...fold(kept).waiting.keys()]).toEqual(['q-3']);
  });

  it('has every message of an input that has content, each with an id', () => {
    const scene = new Scene();
    scene.command(
      inputOf('cm', [
        { role: 'user', content: 'one' },
        { role: 'user' },
        { role: 'user', content: 'two', otid: 'o' },
        { role: 'user', content: 'three' },
      ]),
    );
    expect(fold(scene.facts).items).toMatchObject([
      { id: 'msg-input-cm', content: 'one', otid: 'cm' },
      { id: 'msg-input-cm-1', content: 'two', otid: 'o' },
      { id: 'msg-input-cm-2', content: 'three', otid: null },
    ]);
  });
});
