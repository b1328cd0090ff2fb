import type { Pipe } from './pipe.ts';

/** Why a dial gave no pipe. `status` is the HTTP status of a refused upgrade and is set exactly when `kind` is `status`. */
export type DialFailure =
  | { readonly kind: 'status'; readonly status: number; readonly message: string }
  | { readonly kind: 'refused' | 'timeout' | 'error'; readonly status?: never; readonly message: string };

export function isDialFailure(dialled: Pipe | DialFailure): dialled is DialFailure {
  return 'kind' in dialled;
}
