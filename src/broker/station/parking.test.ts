import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inputContent } from '../../protocol/input-identity.ts';
import { identify, parkedItems } from './parking.ts';
import { say, scope } from './test-frames.ts';

const mint = () => 'minted';
const hashed = (messages: readonly Record<string, unknown>[]) =>
  identify({ type: 'input', runtime: scope, payload: { kind: 'create_message', messages } }, mint);

describe('[IN-1] the identity of an input', () => {
  const content = { role: 'user', content: 'hi' };
  it.each([
    ['client_message_id', [{ ...content, client_message_id: 'a', otid: 'b' }], 'a'],
    ['otid', [{ ...content, otid: 'b' }], 'b'],
    ['otid, where the other is empty', [{ ...content, client_message_id: '', otid: 'b' }], 'b'],
    ['that of the first message with content', [{ client_message_id: 'x' }, { ...content, otid: 'b' }], 'b'],
    ['made up', [{ client_message_id: 'x' }, content], 'cm-minted'],
    ['made up, where it is no text', [{ ...content, client_message_id: 7 }], 'cm-minted'],
  ])('is %s', (_, messages, key) => {
    expect(hashed(messages)?.key).toBe(key);
  });

  it.each([
    ['a decision', { kind: 'approval_response', messages: [content] }],
    ['no messages', { kind: 'create_message' }],
    ['no list', { kind: 'create_message', messages: { 0: content } }],
    ['nothing in it', { kind: 'create_message', messages: [] }],
    ['no content', { kind: 'create_message', messages: [null, 5, { role: 'user' }] }],
  ])('is none for %s', (_, payload) => {
    expect(identify({ type: 'input', runtime: scope, payload }, mint)).toBe(null);
  });

  it('is written into the message where it was made up, and nothing else is changed', () => {
    const messages = [{ role: 'system' }, { ...content, extra: 1 }, content];
    expect(hashed(messages)?.frame.payload).toEqual({
      kind: 'create_message',
      messages: [{ role: 'system' }, { ...content, extra: 1, client_message_id: 'cm-minted' }, content],
    });
  });
});

describe('[IN-1] the content hash', () => {
  const hash = (messages: readonly Record<string, unknown>[]) => hashed(messages)?.hash;

  it('is that of the content alone, in canonical form', () => {
    const canonical = '[{"content":[{"text":"é","type":"text"}],"role":"user"}]';
    const messages = [{ content: [{ type: 'text', text: 'é' }], role: 'user', client_message_id: 'a' }];
    expect(inputContent(messages)).toBe(canonical);
    expect(hash(messages)).toBe(createHash('sha256').update(canonical).digest('hex'));
    expect(hash([{ otid: 'z', role: 'user', content: [{ text: 'é', type: 'text' }] }])).toBe(hash(messages));
  });

  it('differs with the content, and is there for what has no canonical form', () => {
    const said = (content: unknown) => hash([{ role: 'user', content }]);
    expect(said('a')).not.toBe(said('b'));
    expect(said('\ud800')).toBe(said('\ufffd'));
  });
});

describe('what a queue shows of what waits', () => {
  const entry = (content: unknown, position = 1) => ({
    position,
    kind: 'message' as const,
    scope,
    key: `m-${position}`,
    hash: null,
    inputId: 'i',
    frame: say(`m-${position}`, content as string),
    at: 0,
    expiresAt: 1,
    state: 'waiting' as const,
  });

  it('is every message, with its content as long as there is room', () => {
    const long = 'x'.repeat(600_000);
    const items = parkedItems([entry(long, 1), entry(long, 2), entry('short', 3)]);
    expect(items.map(({ client_message_id }) => client_message_id)).toEqual(['m-1', 'm-2', 'm-3']);
    expect(items.map(({ content }) => String(content).length)).toEqual([600_000, 0, 0]);
    expect(items[0]).toMatchObject({ id: 'parked-1', enqueued_at: '1970-01-01T00:00:00.000Z', parked: true });
  });

  it('is nothing of decisions and aborts', () => {
    expect(
      parkedItems([
        { ...entry('x'), kind: 'abort' },
        { ...entry('x'), kind: 'decision' },
      ]),
    ).toEqual([]);
  });
});
