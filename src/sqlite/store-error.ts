export type StoreCode =
  | 'store_full'
  | 'store_corrupt'
  | 'store_unwritable'
  | 'store_newer'
  | 'store_failed'
  | 'lease_lost';

/** `message` says what happened and what to do about it. */
export type StoreFailure = { readonly code: StoreCode; readonly message: string };

/** The one thing that a store throws. */
export class StoreError extends Error {
  readonly code: StoreCode;

  constructor(failure: StoreFailure, cause?: unknown) {
    super(failure.message, { cause });
    this.name = 'StoreError';
    this.code = failure.code;
  }
}
