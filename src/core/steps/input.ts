import { limits } from '../../protocol/limits.ts';
import type { Draft } from '../draft.ts';
import type { QueuedInput } from '../facts.ts';
import type { Command, KnownInput, Receipt } from '../messages.ts';
import { startTurn } from './turn.ts';

type Input = Extract<Command, { do: 'input' }>;

/** An input has one identity and one fate: whoever sends it again is told that fate (IN-1, IN-2). */
export function acceptInput(draft: Draft, input: Input, by: string): void {
  if (input.known) return tellAgain(draft, input, input.known);
  const item: QueuedInput = {
    id: `q-${draft.state.nextItem}`,
    input_id: input.input_id,
    client_message_id: input.client_message_id,
    by,
    template: input.template,
    messages: input.messages,
    at: draft.env.at,
  };
  if (!input.messages.some((message) => message.content !== undefined)) {
    const why = 'The input has no message with content, so there is nothing to answer. Send at least one.';
    draft.receipt(item, 'rejected', { code: 'input_invalid', hash: input.hash });
    return draft.refuse('input_invalid', why);
  }
  if (draft.state.queue.length >= limits.queue) {
    const why = `${limits.queue} inputs wait already (QUE-1). Wait until some are worked, then send it under a new id.`;
    draft.receipt(item, 'rejected', { code: 'queue_full', hash: input.hash });
    return draft.refuse('queue_full', why);
  }
  const { turn, compaction, interrupted, queue } = draft.state;
  const direct = !turn && !compaction && !interrupted && queue.length === 0;
  if (draft.state.queue.some((waiting) => waiting.paused)) draft.fact({ kind: 'queue_resumed', v: 1 });
  draft.fact({ kind: 'input_accepted', v: 1, item });
  draft.receipt(item, direct ? 'accepted' : 'queued', { hash: input.hash });
  draft.accept({ disposition: direct ? 'started' : 'queued' });
  if (direct) startTurn(draft, true);
  else draft.queue();
}

function tellAgain(draft: Draft, input: Input, known: KnownInput): void {
  const conflict = known.hash !== input.hash;
  const receipt: Receipt = {
    client_message_id: input.client_message_id,
    input_id: known.input_id,
    state: conflict ? 'rejected' : known.state,
    turn_id: known.turn_id,
    code: conflict ? 'idempotency_conflict' : known.code,
    hash: null,
  };
  draft.says.push({ say: 'receipt', receipt, known: true });
  if (conflict) {
    const why = `Another message was already sent as ${input.client_message_id}. Send this one under a new id.`;
    return draft.refuse('idempotency_conflict', why);
  }
  if (known.state === 'rejected') {
    const why = `The message ${input.client_message_id} was refused before. Send it under a new id.`;
    return draft.refuse(known.code === 'queue_full' ? 'queue_full' : 'input_invalid', why);
  }
  draft.accept({
    disposition: known.state === 'accepted' || known.state === 'queued' ? 'queued' : 'started',
  });
  const message = `Already ${known.state}: ${input.client_message_id} was sent before and is not run again.`;
  draft.aside('stream_delta', {
    delta: {
      id: draft.mint('lifecycle'),
      date: draft.date(),
      message_type: 'status',
      message,
      level: 'info',
    },
  });
}
