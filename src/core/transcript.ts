import type { Fact, Keepsake, QueuedInput } from './facts.ts';

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
      readonly keepsake?: Keepsake;
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
      readonly keepsake?: Keepsake;
    }
  | {
      readonly kind: 'result';
      readonly id: string;
      readonly at: number;
      readonly call: string;
      readonly status: 'success' | 'error';
      readonly text: string;
      readonly run: string;
      /** Base64. */
      readonly images?: readonly { readonly mediaType: string; readonly data: string }[];
    }
  /** The model reads this instead of all that stands before it (CMP-1). */
  | { readonly kind: 'summary'; readonly id: string; readonly at: number; readonly text: string };

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
      transcript.items.push({
        kind: fact.field,
        id: fact.id,
        at: fact.at,
        text: fact.text,
        run: fact.run,
        ...(fact.keepsake && { keepsake: fact.keepsake }),
      });
      return;
    case 'call': {
      const { id: call, message, name, args, keepsake } = fact.call;
      transcript.items.push({
        kind: 'call',
        id: message,
        at: fact.at,
        call,
        name,
        args,
        run: fact.run,
        ...(keepsake && { keepsake }),
      });
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
        ...(fact.images && { images: fact.images }),
      });
      return;
    case 'compacted':
      transcript.items.push({ kind: 'summary', id: fact.id, at: fact.at, text: fact.summary });
  }
}

/** What a model reads: from the last summary on, after the messages that it could not know of yet (CMP-2). */
export function contextOf(items: readonly TranscriptItem[]): readonly TranscriptItem[] {
  const at = items.findLastIndex((item) => item.kind === 'summary');
  if (at < 0) return items;
  const answered = items.slice(0, at).findLastIndex((item) => item.kind !== 'user');
  return [...items.slice(at, at + 1), ...items.slice(answered + 1, at), ...items.slice(at + 1)];
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
