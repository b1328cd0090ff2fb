/** Attempts at one answer before it is given up. */
export const maxAttempts = 3;
const firstDelayMs = 1_000;
const maxDelayMs = 30_000;
/** The longest wait that a provider may ask for; asked sooner, it would only refuse again. */
const maxAskedDelayMs = 600_000;

/** Milliseconds until the next attempt after the n-th failure (from 1); null: there is none. */
export function retryDelay(
  { retryable, retryAfterMs = 0 }: { readonly retryable: boolean; readonly retryAfterMs?: number },
  failures: number,
): number | null {
  if (!retryable || failures >= maxAttempts) return null;
  const backoff = Math.min(firstDelayMs * 2 ** (failures - 1), maxDelayMs);
  return Math.max(backoff, Math.min(retryAfterMs, maxAskedDelayMs));
}
