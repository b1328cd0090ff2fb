import { describe, expect, it } from 'vitest';
import type { TranscriptItem } from '../../core/transcript.ts';
import { MISSING_RESULT, promptOf } from './prompt.ts';

let n = 0;
const base = () => ({ id: `message-${++n}`, at: 0 });
const user = (content: unknown): TranscriptItem => ({ kind: 'user', ...base(), content, otid: null });
const said = (text: string, run = 'r1'): TranscriptItem => ({ kind: 'assistant', ...base(), text, run });
const call = (id: string, args = '{}', run = 'r1'): TranscriptItem => ({
  kind: 'call',
  ...base(),
  call: id,
  name: 'Bash',
  args,
  run,
});
const result = (id: string, text = 'ok', status: 'success' | 'error' = 'success'): TranscriptItem => ({
  kind: 'result',
  ...base(),
  call: id,
  status,
  text,
  run: 'r1',
});

const roles = (...items: TranscriptItem[]) => promptOf('', items).map((message) => message.role);
const userContent = (content: unknown) => promptOf('', [user(content)])[0]?.content;
const text = (value: string) => ({ type: 'text', text: value });

describe('roles and order', () => {
  it('puts the system prompt first, and nothing where it is empty', () => {
    expect(promptOf('Be kind.', [user('hi')])).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: [text('hi')] },
    ]);
    expect(roles(user('hi'))).toEqual(['user']);
  });

  it('keeps consecutive user messages apart', () => {
    expect(roles(user('a'), user('b'))).toEqual(['user', 'user']);
  });

  it('groups the text and the calls of one run and leaves reasoning out', () => {
    const thought: TranscriptItem = { kind: 'reasoning', ...base(), text: 'hm', run: 'r1' };
    const prompt = promptOf('', [
      user('go'),
      thought,
      said('Two.'),
      call('a'),
      call('b'),
      result('b'),
      result('a'),
    ]);
    expect(prompt.map((message) => message.role)).toEqual(['user', 'assistant', 'tool']);
    expect(prompt[1]?.content).toMatchObject([
      { type: 'text', text: 'Two.' },
      { type: 'tool-call', toolCallId: 'a' },
      { type: 'tool-call', toolCallId: 'b' },
    ]);
    expect(prompt[2]?.content).toMatchObject([{ toolCallId: 'a' }, { toolCallId: 'b' }]);
    expect(JSON.stringify(prompt)).not.toContain('hm');
  });

  it('keeps two runs apart', () => {
    expect(roles(said('one', 'r1'), said('two', 'r2'))).toEqual(['assistant', 'assistant']);
  });

  it('keeps two steps of one run apart', () => {
    expect(roles(call('a'), result('a'), call('b'), result('b'), said('done'))).toEqual([
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ]);
  });
});

describe('calls and results', () => {
  it('gives a call without a result an error result', () => {
    expect(promptOf('', [call('a'), user('and?')])[1]?.content).toEqual([
      {
        type: 'tool-result',
        toolCallId: 'a',
        toolName: 'Bash',
        output: { type: 'error-text', value: MISSING_RESULT },
      },
    ]);
  });

  it('brings a late result back to its call, once', () => {
    const prompt = promptOf('', [call('a'), user('while you wait'), result('a', 'late'), said('done')]);
    expect(prompt.map((message) => message.role)).toEqual(['assistant', 'tool', 'user', 'assistant']);
    expect(prompt[1]?.content).toMatchObject([{ output: { type: 'text', value: 'late' } }]);
  });

  it('marks an error result', () => {
    expect(promptOf('', [call('a'), result('a', 'no', 'error')])[1]?.content).toMatchObject([
      { output: { type: 'error-text', value: 'no' } },
    ]);
  });

  it('shows a result without its call as a note', () => {
    const [message] = promptOf('', [result('gone', 'text of it')]);
    expect(message?.role).toBe('user');
    expect(JSON.stringify(message)).toContain('text of it');
  });

  it.each([
    ['{"a": 1}', '{"a": 1}'],
    ['', '{}'],
    ['{"a":', { invalid_json: '{"a":' }],
    ['[1]', { invalid_json: '[1]' }],
    ['"text"', { invalid_json: '"text"' }],
  ])('sends the arguments %j back as %j', (args, input) => {
    expect(promptOf('', [call('a', args)])[0]?.content).toMatchObject([{ input }]);
  });
});

describe('what a model wants back', () => {
  const data = { anthropic: { signature: 's' } };
  const keepsake = { by: 'a/1', data };
  const style = { handle: 'a/1', images: true, imagesInResults: true, strictNames: true };
  const thought = (more: object = {}): TranscriptItem => ({
    kind: 'reasoning',
    ...base(),
    text: 'hm',
    run: 'r1',
    ...more,
  });
  const contents = (items: TranscriptItem[], more: object = {}) =>
    promptOf('', items, { ...style, ...more }).map((message) => message.content);

  it('goes back with the thought, the text and the call that it came with', () => {
    const items = [thought({ keepsake }), { ...said(''), keepsake }, { ...call('a'), keepsake }, result('a')];
    const back = { providerOptions: data };
    expect(contents(items)[0]).toMatchObject([
      { type: 'reasoning', text: 'hm', ...back },
      { type: 'text', text: '', ...back },
      { type: 'tool-call', toolCallId: 'a', ...back },
    ]);
  });

  it.each([
    ['another model', { handle: 'b/2' }],
    ['a model that wants nothing', { handle: undefined }],
  ])('is nothing to %s', (_name, more) => {
    const items = [
      thought({ keepsake }),
      { ...said('Ok.'), keepsake },
      { ...call('a'), keepsake },
      result('a'),
    ];
    const sent = contents(items, more);
    expect(sent[0]).toMatchObject([{ type: 'text', text: 'Ok.' }, { type: 'tool-call' }]);
    expect(JSON.stringify(sent)).not.toContain('signature');
  });

  it('stays out where nothing came of a thought', () => {
    expect(contents([user('go'), thought({ keepsake }), user('on')])).toHaveLength(2);
    expect(contents([said('Ok.'), thought({ keepsake }), user('on')])[0]).toEqual([text('Ok.')]);
  });
});

describe('a conversation that goes on elsewhere', () => {
  const style = { images: true, imagesInResults: true, strictNames: false };

  it('begins with a summary as a message of the user', () => {
    const summary: TranscriptItem = { kind: 'summary', ...base(), text: 'They built a boat.' };
    expect(promptOf('', [summary, user('Go on')])).toMatchObject([
      { role: 'user', content: [text(expect.stringMatching(/summary[\s\S]*They built a boat\./))] },
      { role: 'user', content: [text('Go on')] },
    ]);
  });

  const png = { mediaType: 'image/png', data: 'aGk=' };
  const file = { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'aGk=' } };
  const looked = [
    call('a'),
    call('b'),
    { ...result('a', ''), images: [png] },
    result('b'),
  ] as TranscriptItem[];

  it('shows images in the result where that is possible, with words in any case', () => {
    expect(promptOf('', looked, style)[1]?.content).toMatchObject([
      { output: { type: 'content', value: [text(expect.stringMatching(/image/)), file] } },
      { output: { type: 'text', value: 'ok' } },
    ]);
  });

  it('shows images after all results where that is not', () => {
    expect(promptOf('', looked, { ...style, imagesInResults: false }).slice(1)).toMatchObject([
      { role: 'tool', content: [{ output: { value: '' } }, { output: { value: 'ok' } }] },
      { role: 'user', content: [text('[Images in the result of Bash, a]'), file] },
    ]);
  });

  it('says that there are images where the model cannot look at them', () => {
    const prompt = promptOf('', looked, { ...style, images: false });
    expect(prompt).toHaveLength(2);
    expect(JSON.stringify(prompt)).toContain('cannot be shown to you');
  });

  it('names calls as the API wants them, each with its result', () => {
    const odd = { ...call('functions.Bash:0|x'), name: 'mcp.look up' } as TranscriptItem;
    const same = { ...call('functions.Bash:0|y'), name: '' } as TranscriptItem;
    const items = [odd, same, result('functions.Bash:0|x', 'x'), result('functions.Bash:0|y', 'y')];
    const [asked, answered] = promptOf('', items, { ...style, strictNames: true });
    const ids = [asked?.content ?? []]
      .flat()
      .flatMap((part) => (typeof part !== 'string' && part.type === 'tool-call' ? part.toolCallId : []));
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(asked?.content).toMatchObject([{ toolName: 'mcp_look_up' }, { toolName: 'unknown' }]);
    expect(answered?.content).toMatchObject(ids.map((toolCallId) => ({ toolCallId })));
  });
});

describe('user content', () => {
  const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } };

  it('takes text parts and images', () => {
    expect(userContent([{ type: 'text', text: 'see' }, png])).toEqual([
      text('see'),
      { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'aGk=' } },
    ]);
    expect(
      userContent([{ type: 'image', source: { type: 'url', url: 'https://example.org/a.png' } }]),
    ).toEqual([
      { type: 'file', mediaType: 'image', data: { type: 'url', url: new URL('https://example.org/a.png') } },
    ]);
  });

  it.each([
    ['an unknown part', { type: 'hologram' }, 'hologram'],
    [
      'an image that is none',
      { ...png, source: { ...png.source, media_type: 'application/pdf' } },
      'application/pdf',
    ],
    ['an image without a source', { type: 'image' }, 'neither base64 data nor a web address'],
    [
      'an address that is no web address',
      { type: 'image', source: { type: 'url', url: 'file:///etc/passwd' } },
      'neither',
    ],
    ['no part at all', 7, 'number'],
    ['a type that cannot be made a text', { type: { toString: 1 } }, 'object'],
  ])('tells the model about %s', (_name, part, words) => {
    expect(userContent([part])).toEqual([text(expect.stringContaining(words))]);
  });

  it.each([[''], [[]], [[{ type: 'text', text: '' }]]])(
    'says that %j is empty, because endpoints refuse it',
    (content) => {
      expect(userContent(content)).toEqual([text('(empty message)')]);
    },
  );
});
