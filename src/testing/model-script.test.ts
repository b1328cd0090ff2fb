import { describe, expect, it } from 'vitest';
import { answerOf, deltasOf } from './model-answer.ts';
import { behaviourAt, chooseReply, type Message } from './model-choice.ts';
import { parseScripts, type Reply } from './model-script.ts';
import { builtInScripts } from './model-scripts.ts';

const user = (text: string): Message => ({ role: 'user', text });
const assistant: Message = { role: 'assistant', text: '' };
const result: Message = { role: 'tool', text: 'ok' };
const scripts = { three: [{ text: 'one' }, { text: 'two' }, { text: 'three' }], single: [{ text: 'only' }] };

function chosen(...messages: Message[]) {
  const choice = chooseReply(scripts, messages);
  if ('unknown' in choice) throw new Error(`unknown ${choice.unknown}`);
  return { script: choice.script, step: choice.step };
}

function answered(reply: Reply, text = 'go #script=x', request = 'r1') {
  const choice = { script: 'x', step: 0, userText: text, reply };
  return answerOf(choice, reply, [user(text)], request);
}

describe('which reply', () => {
  const ask = user('please #script=three.');
  const rows: [string, Message[], { script: string | null; step: number }][] = [
    ['the first request', [ask], { script: 'three', step: 0 }],
    ['after one tool round', [ask, assistant, result], { script: 'three', step: 1 }],
    ['parallel results count once', [ask, assistant, result, result], { script: 'three', step: 1 }],
    [
      'past the end, the last repeats',
      [ask, assistant, result, assistant, result, assistant, result, assistant, result],
      { script: 'three', step: 2 },
    ],
    ['an assistant message last', [ask, assistant], { script: 'three', step: 2 }],
    ['earlier turns do not count', [user('#script=single'), assistant, ask], { script: 'three', step: 0 }],
    ['the last mark of a message', [user('#script=single #script=three')], { script: 'three', step: 0 }],
    [
      'an added message keeps the script',
      [ask, assistant, result, user('also this')],
      { script: 'three', step: 1 },
    ],
    [
      'a reminder keeps the script',
      [user('#script=single'), assistant, user('<system-reminder>x\ny</system-reminder>')],
      { script: 'single', step: 0 },
    ],
    [
      'a new message after the script',
      [user('#script=single'), assistant, user('hello')],
      { script: null, step: 0 },
    ],
    ['no script at all', [user('hello')], { script: null, step: 0 }],
    [
      'marks of others do not count',
      [
        { role: 'system', text: '#script=three' },
        user('hi'),
        assistant,
        { role: 'tool', text: '#script=three' },
      ],
      { script: null, step: 0 },
    ],
  ];
  it.each(rows)('%s', (_name, messages, expected) => {
    expect(chosen(...messages)).toEqual(expected);
  });

  it('an unknown script is named, also one that every object has', () => {
    expect(chooseReply(scripts, [user('#script=nope')])).toEqual({ unknown: 'nope' });
    expect(chooseReply(scripts, [user('#script=constructor')])).toEqual({ unknown: 'constructor' });
  });

  it('a reply with `times` gives way to what is next, or to itself without the fault', () => {
    const stall: Reply = { fault: 'stall' };
    const reply: Reply = { fault: { status: 500 }, times: 2, next: { fault: 'reset', next: stall } };
    expect([0, 1, 2, 3, 9].map((seen) => behaviourAt(reply, seen).fault)).toEqual([
      { status: 500 },
      { status: 500 },
      'reset',
      'stall',
      'stall',
    ]);
    expect(behaviourAt({ text: 'fine', fault: 'empty', times: 1 }, 1)).toEqual({ text: 'fine' });
    expect(behaviourAt({ fault: 'empty' }, 50)).toEqual({ fault: 'empty' });
  });
});

describe('placeholders', () => {
  it('take values of the user message, then the default, and stay where nothing is known', () => {
    const text = '#script=x cwd=/srv/a dir="/with space"';
    const reply = {
      text: '{{cwd}}|{{dir}}|{{nothing|fallback}}|{{nothing}}|{{user}}|{{script}}{{step}}{{messages}}',
    };
    expect(answered(reply, text).text).toBe(`/srv/a|/with space|fallback|{{nothing}}|${text}|x01`);
  });

  it('inside arguments are filled as values, so quotes stay valid JSON', () => {
    const [call] = answered(
      { calls: [{ name: 'Write', arguments: { deep: [{ path: '{{user}}' }] } }] },
      'say "x"\n',
    ).calls;
    expect(JSON.parse(call?.arguments ?? '')).toEqual({ deep: [{ path: 'say "x"' }] });
  });

  it('what a value brings in is not filled again', () => {
    expect(answered({ text: '{{user}}' }, 'literal {{step}}').text).toBe('literal {{step}}');
  });

  it('call ids differ between calls and between requests, unless given', () => {
    const calls = [
      { name: 'A', arguments: {} },
      { name: 'B', arguments: {} },
      { id: 'fixed_{{messages}}_{{n}}', name: 'C', arguments: {} },
    ];
    const ids = ['r1', 'r2'].flatMap((request) => answered({ calls }, 'go', request).calls.map((c) => c.id));
    expect(ids).toEqual([
      'call_x_0_0_r1',
      'call_x_0_1_r1',
      'fixed_1_2',
      'call_x_0_0_r2',
      'call_x_0_1_r2',
      'fixed_1_2',
    ]);
  });
});

describe('chunks', () => {
  it('come in the wanted number, whole code points, losing nothing', () => {
    const text = 'aé🙂b'.repeat(30);
    const deltas = deltasOf(answered({ text, pieces: 7, reasoning: 'hm', reasoningPieces: 9 }));
    const texts = deltas.flatMap((d) => (d.kind === 'text' ? d.text : []));
    expect(texts).toHaveLength(7);
    expect(texts.join('')).toBe(text);
    expect(texts.some((t) => /\p{Surrogate}/u.test(t))).toBe(false);
    expect(deltas.filter((d) => d.kind === 'reasoning')).toHaveLength(2);
  });

  it('raw arguments are kept as they are', () => {
    const deltas = deltasOf(
      answered({ calls: [{ name: 'Bash', arguments: { raw: '{"command": ' } }], argumentPieces: 4 }),
    );
    expect(deltas.map((d) => (d.kind === 'arguments' ? d.text : d.kind))).toEqual([
      'call',
      '{"c',
      'omm',
      'and',
      '": ',
    ]);
  });
});

describe('scripts as data', () => {
  it('the built-in ones are valid and survive JSON', () => {
    expect(parseScripts(JSON.parse(JSON.stringify(builtInScripts)))).toEqual(builtInScripts);
  });

  it('names the place of a mistake', () => {
    expect(() => parseScripts({ mine: [{ text: 'x' }, { txet: 'y' }] })).toThrow(/txet[\s\S]*mine\[1\]/);
    expect(() => parseScripts({ mine: [] })).toThrow(/at least one reply/);
    expect(() => parseScripts({ mine: [{ next: { fault: 'explode' } }] })).toThrow(/fault/);
    expect(() => parseScripts({ 'no spaces': [{}] })).toThrow(/no spaces/);
  });
});
