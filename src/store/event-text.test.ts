import { describe, expect, it } from 'vitest';
import { eventText } from './event-text.ts';

const place = {
  scope: { agent_id: null, conversation_id: 'conv-1' },
  log_id: 'log',
  event_seq: 7,
  at: Date.parse('2026-01-02T03:04:05.678Z'),
};

describe('eventText', () => {
  it('[SEQ-1] puts the envelope around the body, in a fixed order', () => {
    expect(eventText({ type: 'stream_delta', delta: { id: 'm' }, n: 1, none: null }, place)).toBe(
      '{"type":"stream_delta","runtime":{"agent_id":null,"conversation_id":"conv-1"},"delta":{"id":"m"},"n":1,"none":null,' +
        '"event_seq":7,"emitted_at":"2026-01-02T03:04:05.678Z","idempotency_key":"stream_delta:log:7"}',
    );
  });

  it('[SEQ-1] lets no field of the draft override the envelope', () => {
    const forged = {
      type: 'x',
      runtime: { agent_id: 'other' },
      event_seq: 99,
      emitted_at: 'never',
      idempotency_key: 'mine',
      body: 1,
    };
    expect(eventText(forged, place)).toBe(eventText({ type: 'x', body: 1 }, place));
    expect(eventText(JSON.parse('{"body":1,"event_seq":99,"type":"x"}'), place)).toBe(
      eventText({ type: 'x', body: 1 }, place),
    );
  });

  it('takes only the scope from whoever names it', () => {
    const scope = { ...place.scope, head: 4, secret: 'no' };
    expect(eventText({ type: 'x' }, { ...place, scope })).toBe(eventText({ type: 'x' }, place));
  });
});
