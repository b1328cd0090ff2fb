import type { Fact, QueuedInput } from './facts.ts';

/** What a model and `conversation_messages_list` see of a conversation: finished things only, in order. */
export type TranscriptItem =
  | {
      readonly kind: 'user';
      readonly id: string;
      readonly at: number;
      readonly content: unknown;
      readonly otid: string | null;
    }
  | {
      readonly kind: 'assistant' | 'reasoning';
      readonly id: string;
      readonly at: number;
      readonly text: string;
      readonly run: string;
    }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly at: number;
      readonly call: string;
      readonly name: string;
      /** Arguments as the model wrote them. */
      readonly args: string;
      readonly run: string;
    }
  | {
      readonly kind: 'result';
      readonly id: string;
      readonly at: number;
      readonly call: string;
      readonly status: 'success' | 'error';
      readonly text: string;
      readonly run: string;
    };

/** The transcript so far and the inputs that wait for their turn. Grows in place: one fold serves a conversation's whole life. */
export type Transcript = { readonly items: TranscriptItem[]; readonly waiting: Map<string, QueuedInput> };

export const emptyTranscript = (): Transcript => ({ items: [], waiting: new Map() });

/** Adds what a fact of `historyKinds` tells; any other fact changes nothing. */
export function tell(transcript: Transcript, fact: Fact): void {
  switch (fact.kind) {
    case 'input_accepted':
      transcript.waiting.set(fact.item.id, fact.item);
      return;
    case 'input_removed':
      transcript.waiting.delete(fact.id);
      return;
    case 'turn_started':
    case 'inputs_merged':
      for (const id of fact.inputs) {
        const item = transcript.waiting.get(id);
        if (!item) continue;
        transcript.waiting.delete(id);
        transcript.items.push(...userItems(item, fact.at));
      }
      return;
    case 'message':
      transcript.items.push({ kind: fact.field, id: fact.id, at: fact.at, text: fact.text, run: fact.run });
      return;
    case 'call': {
      const { id: call, message, name, args } = fact.call;
      transcript.items.push({ kind: 'call', id: message, at: fact.at, call, name, args, run: fact.run });
      return;
    }
    case 'tool_finished':
      transcript.items.push({
        kind: 'result',
        id: `result-${fact.call}`,
        at: fact.at,
        call: fact.call,
        status: fact.status,
        text: fact.text,
        run: fact.run,
      });
  }
}

function userItems(item: QueuedInput, at: number): TranscriptItem[] {
  return item.messages
    .filter((message) => message.content !== undefined)
    .map((message, n) => ({
      kind: 'user',
      id: n === 0 ? `msg-${item.input_id}` : `msg-${item.input_id}-${n}`,
      at,
      content: message.content,
      otid: n === 0 ? item.client_message_id : typeof message.otid === 'string' ? message.otid : null,
    }));
}
