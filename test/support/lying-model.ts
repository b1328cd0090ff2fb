import type { Reply, Script } from '../../src/testing/model-script.ts';

// What a model endpoint may do wrong, as scripts of the model server.

export const words = 'several words that are said in a few pieces';
const call = (name: string, args: unknown): Reply => ({ calls: [{ name, arguments: args }] });
const done: Reply = { text: 'So be it.' };

/** What it does at every attempt, and the code with which the turn ends. */
export const failing: readonly (readonly [what: string, script: string, reply: Reply, code: string])[] = [
  ['cuts its answer off', 'cut', { text: words, fault: 'truncate' }, 'model_reply_invalid'],
  ['says not a word', 'cut-early', { text: words, fault: 'truncate', faultAfter: 0 }, 'model_reply_invalid'],
  [
    'cuts a tool call off',
    'cut-call',
    { ...call('Write', { file_path: 'cut.txt', content: words }), argumentPieces: 8, fault: 'truncate' },
    'model_reply_invalid',
  ],
  ['resets the connection', 'reset', { text: words, fault: 'reset', faultAfter: 2 }, 'model_reply_invalid'],
  ['hangs up without an answer', 'hang-up', { text: words, fault: 'reset' }, 'model_unavailable'],
  ['sends a chunk of garbage', 'garbage', { text: words, fault: 'garbage' }, 'model_reply_invalid'],
  ['sends an empty body', 'empty', { text: words, fault: 'empty' }, 'model_reply_invalid'],
  ['calls a tool without a name', 'no-name', call('', {}), 'model_reply_invalid'],
  ['is overloaded', 'overload', { fault: { status: 503, body: '<html>Busy</html>' } }, 'model_unavailable'],
  ['wants a key', 'no-key', { fault: { status: 401 } }, 'model_refused'],
  ['does not know the model', 'no-model', { fault: { status: 404 } }, 'model_refused'],
];

/** The same faults at two attempts, and then a sound answer. */
export const passing = failing
  .filter(([, , { fault }]) => typeof fault === 'string')
  .map(([what, script, reply]) => {
    const twice: Reply = { ...reply, times: 2, next: { text: words } };
    return [what, `${script}-twice`, twice] as const;
  });

/** What it calls for, and what it is told in the call's result. */
export const calls: readonly (readonly [what: string, script: string, reply: Reply, told: RegExp])[] = [
  ['broken JSON', 'broken', call('Write', { raw: '{"file_path":"broken.txt","content":"ha' }), /valid JSON/],
  ['a text', 'text', call('Write', 'broken.txt'), /object/],
  ['a list', 'list', call('Write', ['broken.txt']), /object/],
  ['nothing', 'nothing', call('Write', { raw: '' }), /file_path/],
  ['fields of the wrong kind', 'kind', call('Write', { file_path: 5, content: null }), /file_path/],
  [
    'levels without end',
    'deep',
    call('Write', { raw: `{"content":${'['.repeat(1e5)}${']'.repeat(1e5)}}` }),
    /64 levels/,
  ],
  ['a tool that is not there', 'no-tool', call('Wirte', { file_path: 'broken.txt' }), /Write/],
];

/** What is odd in a call that is sound otherwise, and what becomes of it. */
export const odd: readonly (readonly [what: string, script: string, reply: Reply, told: RegExp])[] = [
  ['half a character', 'half', call('Read', { raw: '{"file_path":"no-\\ud83d.txt"}' }), /no-\ufffd\.txt/],
  ['a number without end', 'endless', call('Grep', { raw: '{"pattern":"x","head_limit":1e999}' }), /./],
];

/** 200 KB and more, with quotes and letters of several bytes. */
export const large = Array.from({ length: 12_000 }, (_, n) => `line ${n} “é” "\\"`).join('\n');

const write = (file_path: string, content: string): Reply => call('Write', { file_path, content });

export const lyingScripts: Readonly<Record<string, Script>> = {
  slow: [{ text: words, delayMs: 700, chunkDelayMs: 100 }],
  silent: [{ text: words, fault: 'stall', faultAfter: 2 }],
  pieces: [{ ...write('large.txt', large), argumentPieces: 100_000 }, done],
  'long-id': [
    { calls: [{ id: 'i'.repeat(1_000), name: 'Write', arguments: { file_path: 'id.txt', content: 'x' } }] },
    done,
  ],
  ...Object.fromEntries(failing.map(([, script, reply]) => [script, [reply]])),
  ...Object.fromEntries(passing.map(([, script, reply]) => [script, [reply]])),
  ...Object.fromEntries(odd.map(([, script, reply]) => [script, [reply, done]])),
  ...Object.fromEntries(calls.map(([, script, reply]) => [script, [reply, done]])),
};
