import { StoreError } from './store-error.ts';

/**
 * JSON that this store wrote once.
 * @throws StoreError `store_corrupt` when it is JSON no more.
 */
export function parseStored<Value>(text: string): Value {
  try {
    return JSON.parse(text) as Value;
  } catch (error) {
    const message =
      'A record of the store is damaged. Nothing was changed. Put a backup of the home in its place.';
    throw new StoreError({ code: 'store_corrupt', message }, error);
  }
}
