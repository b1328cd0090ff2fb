import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { fields, text } from '../../protocol/dialects/loose.ts';
import type { Frame } from '../../protocol/frames.ts';
import { identifying, inputContent, inputKey } from '../../protocol/input-identity.ts';
import { type ReceiptStateName, type Scope, scopeOf } from '../../protocol/shapes.ts';
import { wellFormed } from '../../protocol/well-formed.ts';
import type { Fate, Parked } from '../store/inbox.ts';

/** An entry of an inbox that has no place yet. */
export type Parking = Omit<Parked, 'position' | 'state'>;

/** [IN-4] How long a command waits for its device. */
const week = 7 * 24 * 60 * 60 * 1000;
export const waitsMs = { message: week, decision: week, abort: 60_000 } as const;

/** A message as it goes to the device: under its identity, which is written into it where the client gave none. */
export type Identified = { readonly frame: Frame; readonly key: string; readonly hash: string };

/** [IN-1] Null for what is no message with content: a device says what is wrong with it. */
export function identify(frame: Frame, mint: () => string): Identified | null {
  const payload = fields(frame.payload);
  const { kind, messages: told } = payload;
  if (kind !== 'create_message' || !Array.isArray(told)) return null;
  const messages = told.map(fields);
  const first = identifying(messages);
  if (!first) return null;
  const hash = sha256(inputContent(messages));
  const given = inputKey(messages);
  if (given !== null) return { frame, key: given, hash };
  const key = `cm-${mint()}`;
  const named = messages.map((message) =>
    message === first ? { ...message, client_message_id: key } : message,
  );
  return { frame: { ...frame, payload: { ...payload, messages: named } }, key, hash };
}

export const messageToPark = (
  scope: Scope,
  { frame, key, hash }: Identified,
  now: number,
  mint: () => string,
): Parking => entry('message', scope, { key, hash, inputId: `input-${mint()}` }, frame, now);

/** [APR-4] The frame bears the `input_hash` of what was shown. */
export function decisionToPark(scope: Scope, frame: Frame, now: number, mint: () => string): Parking {
  const { request_id, decision, error, input_hash } = fields(frame.payload);
  const key = text(request_id) ?? null;
  const hash = sha256(canonicalize(wellFormed({ decision, error, input_hash })) ?? '');
  return entry('decision', scope, { key, hash, inputId: `input-${mint()}` }, frame, now);
}

/** [ABT-4] It names the run it stops: the one the client named, else the one that was last heard of; else the moment it was given. */
export function abortToPark(
  scope: Scope,
  frame: Frame,
  run: string | null,
  now: number,
  mint: () => string,
): Parking {
  const bound = typeof frame.run_id === 'string' || typeof frame.as_of === 'number';
  const binding = bound ? {} : run !== null ? { run_id: run } : { as_of: now };
  const ids = { key: null, hash: null, inputId: `input-${mint()}` };
  return entry('abort', scope, ids, { ...frame, ...binding }, now);
}

function entry(
  kind: Parked['kind'],
  { agent_id, conversation_id }: Scope,
  ids: Pick<Parking, 'key' | 'hash' | 'inputId'>,
  { request_id: _, ...frame }: Frame,
  at: number,
): Parking {
  const scope = { agent_id, conversation_id };
  return { kind, scope, ...ids, frame: wellFormed(frame) as Frame, at, expiresAt: at + waitsMs[kind] };
}

type Told = { readonly state: ReceiptStateName; readonly code?: string | null; readonly at: number };

/** [IN-2] What a broker tells of an input that has not reached its device. */
export function brokerReceipt(
  scope: Scope,
  key: string | null,
  inputId: string,
  { state, code, at }: Told,
  position?: number,
): Frame {
  return {
    type: 'input_receipt',
    runtime: { agent_id: scope.agent_id, conversation_id: scope.conversation_id },
    client_message_id: key ?? inputId,
    input_id: inputId,
    state,
    ...(position !== undefined && { position }),
    ...(code != null && { code }),
    authority: 'broker',
    at,
  };
}

export const parkedReceipt = ({ scope, key, inputId, position, at }: Parked): Frame =>
  brokerReceipt(scope, key, inputId, { state: 'parked', at }, position);

export const fateReceipt = (scope: Scope, key: string, fate: Omit<Fate, 'hash'>): Frame =>
  brokerReceipt(scope, key, fate.inputId, fate);

/** What a queue shows of messages may have so many characters in all; beyond that only the messages' ids are shown. */
const shownContent = 1024 * 1024;

const itemId = ({ position }: Parked): string => `parked-${position}`;

/** The message that a queue shows under that id. */
export const parkedItem = (id: unknown, parked: readonly Parked[]): Parked | undefined =>
  parked.find((one) => one.kind === 'message' && itemId(one) === id);

/** Messages that wait at the broker, as items of the conversation's queue. */
export function parkedItems(parked: readonly Parked[]): readonly Readonly<Record<string, unknown>>[] {
  let left = shownContent;
  return parked.flatMap((one) => {
    const { kind, key, frame, at } = one;
    if (kind !== 'message') return [];
    const { messages } = fields(frame.payload);
    const content = Array.isArray(messages) ? identifying(messages.map(fields))?.content : undefined;
    left -= JSON.stringify(content ?? '').length;
    return [
      {
        id: itemId(one),
        client_message_id: key,
        kind: 'message',
        source: 'user',
        content: left >= 0 ? (content ?? '') : '',
        enqueued_at: new Date(at).toISOString(),
        parked: true,
      },
    ];
  });
}

/** The scope of a frame that names one, without whatever else stood there. */
export function scopeIn(frame: Frame): Scope | null {
  const scope = scopeOf(frame.runtime);
  return scope && { agent_id: scope.agent_id, conversation_id: scope.conversation_id };
}

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
