import type { KnownInput, Receipt, Say } from '../core/messages.ts';
import type { Frame } from '../protocol/frames.ts';
import type { InputChange, ScopeId } from '../store/store.ts';

/** What was said of an input, and is not durable yet. */
export function knownIn(says: readonly Say[], key: string): KnownInput | null {
  const receipts = says.flatMap((say) =>
    say.say === 'receipt' && say.receipt.client_message_id === key && !say.known ? [say.receipt] : [],
  );
  const hash = receipts.find((receipt) => receipt.hash !== null)?.hash;
  const last = receipts.at(-1);
  return last && hash != null ? { ...last, hash } : null;
}

export function inputChange(receipt: Receipt, at: number): InputChange {
  const { client_message_id: key, input_id, hash, state, turn_id, code } = receipt;
  if (hash !== null) return { kind: 'add', input: { key, input_id, hash, state, turn_id, code, at } };
  return { kind: 'move', key, state, turn_id, code, at };
}

/** An input's fate as it is told. */
export function receiptFrame(scope: ScopeId, receipt: Omit<Receipt, 'hash'>, at: number): Frame {
  const { client_message_id, input_id, state, turn_id, code } = receipt;
  const more = { ...(turn_id !== null && { turn_id }), ...(code !== null && { code }) };
  return {
    type: 'input_receipt',
    runtime: scope,
    client_message_id,
    input_id,
    state,
    ...more,
    authority: 'device',
    at,
  };
}
