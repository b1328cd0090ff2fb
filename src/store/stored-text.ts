import { type Fact, upcast } from '../core/facts.ts';
import { StoreError } from './store.ts';

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

/**
 * A stored fact in today's shape.
 * @throws StoreError `store_newer` for a kind or version that this program does not know.
 */
export function readFact(text: string): Fact {
  const stored = parseStored<{ kind: string; v: number }>(text);
  const fact = upcast(stored);
  if (fact) return fact;
  throw new StoreError({
    code: 'store_newer',
    message: `This conversation holds a "${stored.kind}" record of version ${stored.v}, which a newer farhand wrote. Nothing was changed. Update farhand to open it.`,
  });
}
