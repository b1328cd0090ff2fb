import { describe, expect, it } from 'vitest';
import { plain } from '../program/style.ts';
import { historyLines } from './history.ts';

describe('the history of a chat', () => {
  it('says how to see what is earlier', () => {
    const messages = [{ message_type: 'assistant_message', content: 'done' }];
    const history = { messages, earlier: true, from: { log_id: null, after_event_seq: 0 }, head: 9 };
    expect(historyLines(history, 'farhand conversations show conv-1 --url https://b.example', plain)).toEqual(
      ['… earlier messages: farhand conversations show conv-1 --url https://b.example', 'done', '—'],
    );
  });
});
