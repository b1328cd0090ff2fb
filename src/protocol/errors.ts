/**
 * Every error that crosses a boundary, once (ERR-2). `retry`: `never` (the same request cannot succeed), `same` (the very same request
 * may be sent again), `after` (when something else has changed), `unknown` (it may have happened: look before asking again).
 * `close`: the code a socket is ended with when the error ends it.
 */
export const errorTable = {
  // the frame itself
  frame_not_json: { http: 400, retry: 'never', close: null },
  frame_not_object: { http: 400, retry: 'never', close: null },
  frame_no_type: { http: 400, retry: 'never', close: null },
  frame_too_large: { http: 413, retry: 'never', close: 1009 },
  frame_too_deep: { http: 400, retry: 'never', close: null },
  frame_unknown_type: { http: 404, retry: 'never', close: null },
  frame_invalid: { http: 400, retry: 'never', close: null },
  id_too_long: { http: 400, retry: 'never', close: null },
  // who asks
  unauthorized: { http: 401, retry: 'after', close: 4401 },
  forbidden: { http: 403, retry: 'never', close: 4403 },
  revoked: { http: 401, retry: 'after', close: 4410 },
  quota: { http: 429, retry: 'after', close: 4429 },
  slow_reader: { http: 429, retry: 'same', close: 4408 },
  // what is asked for
  not_found: { http: 404, retry: 'never', close: null },
  unsupported: { http: 501, retry: 'never', close: null },
  environment_not_found: { http: 404, retry: 'never', close: null },
  environment_ambiguous: { http: 409, retry: 'never', close: null },
  agent_not_found: { http: 404, retry: 'never', close: null },
  conversation_not_found: { http: 404, retry: 'never', close: null },
  conversation_deleted: { http: 410, retry: 'never', close: null },
  conversation_of_other_agent: { http: 409, retry: 'never', close: null },
  conversation_exists: { http: 409, retry: 'never', close: null },
  input_not_found: { http: 404, retry: 'never', close: null },
  queue_item_not_found: { http: 404, retry: 'never', close: null },
  path_not_directory: { http: 400, retry: 'never', close: null },
  mode_unknown: { http: 400, retry: 'never', close: null },
  mode_not_allowed: { http: 403, retry: 'never', close: null },
  turn_running: { http: 409, retry: 'after', close: null },
  git_failed: { http: 409, retry: 'after', close: null },
  // inputs and decisions
  idempotency_conflict: { http: 409, retry: 'never', close: null },
  queue_full: { http: 429, retry: 'after', close: null },
  input_invalid: { http: 400, retry: 'never', close: null },
  approval_not_pending: { http: 409, retry: 'never', close: null },
  approval_hash_mismatch: { http: 409, retry: 'after', close: null },
  approval_hash_required: { http: 400, retry: 'after', close: null },
  cancelled: { http: 409, retry: 'never', close: null },
  // models and tools
  model_wire_unavailable: { http: 501, retry: 'never', close: null },
  model_unknown: { http: 404, retry: 'never', close: null },
  model_unavailable: { http: 503, retry: 'same', close: null },
  model_refused: { http: 502, retry: 'after', close: null },
  context_overflow: { http: 400, retry: 'after', close: null },
  model_reply_invalid: { http: 502, retry: 'same', close: null },
  max_steps: { http: 500, retry: 'after', close: null },
  indeterminate: { http: 500, retry: 'unknown', close: null },
  // the home and its store
  home_unwritable: { http: 500, retry: 'after', close: null },
  home_owned: { http: 409, retry: 'after', close: null },
  owner_gone: { http: 503, retry: 'same', close: 1012 },
  lease_lost: { http: 503, retry: 'same', close: 1012 },
  store_full: { http: 507, retry: 'after', close: null },
  store_corrupt: { http: 500, retry: 'after', close: null },
  store_unwritable: { http: 500, retry: 'after', close: null },
  store_newer: { http: 500, retry: 'after', close: null },
  store_failed: { http: 500, retry: 'same', close: null },
  // the way there
  address_in_use: { http: 409, retry: 'after', close: null },
  device_offline: { http: 503, retry: 'same', close: null },
  device_lost: { http: 502, retry: 'unknown', close: null },
  parking_expired: { http: 410, retry: 'after', close: null },
  broker_restarting: { http: 503, retry: 'same', close: 1012 },
  unreachable: { http: 503, retry: 'same', close: null },
  deadline: { http: 504, retry: 'unknown', close: null },
  internal: { http: 500, retry: 'unknown', close: null },
} as const satisfies Record<
  string,
  { http: number; retry: 'never' | 'same' | 'after' | 'unknown'; close: number | null }
>;

export type ErrorCode = keyof typeof errorTable;

/** A failure as a value: `code` for programs, `message` for people (what happened, why, what to do next). */
export type Failure = { readonly code: ErrorCode; readonly message: string };

export const failure = (code: ErrorCode, message: string): Failure => ({ code, message });

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);

/** The trouble is the other side's and not the command's, such as a full disk: whoever can wait has only to wait until it has passed. */
export function passes(code: ErrorCode): boolean {
  const { retry, http } = errorTable[code];
  return retry === 'same' || (retry === 'after' && http >= 500);
}
