import { type Fact, upcast } from '../core/facts.ts';
import { parseStored } from '../sqlite/stored-text.ts';
import { StoreError } from './store.ts';

export { parseStored };

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
