import { fields, list } from '../protocol/dialects/loose.ts';
import type { Frame } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';

/** Requests that one client is remembered to have been shown; more do not wait at once. */
const MOST = 1_000;

/** The hash of each tool request that a frame shows, by the request's id. */
export type Hashes = readonly (readonly [requestId: string, hash: string])[];
const NONE: Hashes = [];

export function hashesIn(frame: Frame): Hashes {
  if (frame.type === 'control_request') return hashOf(frame);
  if (frame.type !== 'update_device_status') return NONE;
  return list(fields(frame.device_status).pending_control_requests).flatMap((one) => hashOf(fields(one)));
}

function hashOf({ request_id, input_hash }: Readonly<Record<string, unknown>>): Hashes {
  return isId(request_id) && isId(input_hash) ? [[request_id, input_hash]] : NONE;
}

const isId = (value: unknown): value is string => typeof value === 'string' && value.length <= limits.id;

/** [APR-4] What one client was last shown of each tool request, so that its decision holds for that and nothing else. */
export class ShownHashes {
  #hashes: Map<string, string> | null = null;

  note(scopeKey: string, hashes: Hashes): void {
    this.#hashes ??= new Map();
    for (const [requestId, hash] of hashes) {
      const key = `${scopeKey} ${requestId}`;
      // Set again it is the youngest.
      this.#hashes.delete(key);
      this.#hashes.set(key, hash);
      const [oldest] = this.#hashes.keys();
      if (this.#hashes.size > MOST && oldest !== undefined) this.#hashes.delete(oldest);
    }
  }

  /** The input as the device gets it: a decision without a hash bears the one that was shown, where any was. */
  bind(scopeKey: string, frame: Frame): Frame {
    const payload = fields(frame.payload);
    const { kind, request_id: requestId } = payload;
    if (frame.type !== 'input' || kind !== 'approval_response' || payload.input_hash !== undefined)
      return frame;
    // Nobody has checked the frame yet, and not everything can be made a text.
    const input_hash =
      typeof requestId === 'string' ? this.#hashes?.get(`${scopeKey} ${requestId}`) : undefined;
    return input_hash === undefined ? frame : { ...frame, payload: { ...payload, input_hash } };
  }
}
