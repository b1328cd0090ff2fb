import type { EventDraft, ScopeId } from './store.ts';

export type EventPlace = {
  readonly scope: ScopeId;
  readonly log_id: string;
  readonly event_seq: number;
  /** Record time, milliseconds since the epoch. */
  readonly at: number;
};

/**
 * The frame as it is stored, sent and replayed, byte for byte (SEQ-1). The envelope is the store's: fields of the draft with
 * its names are dropped.
 */
export function eventText(draft: EventDraft, place: EventPlace): string {
  const { type, runtime: _, event_seq: _seq, emitted_at: _at, idempotency_key: _key, ...body } = draft;
  return JSON.stringify({
    type,
    runtime: { agent_id: place.scope.agent_id, conversation_id: place.scope.conversation_id },
    ...body,
    event_seq: place.event_seq,
    emitted_at: new Date(place.at).toISOString(),
    idempotency_key: `${type}:${place.log_id}:${place.event_seq}`,
  });
}
