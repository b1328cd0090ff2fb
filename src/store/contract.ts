import { afterEach, beforeEach, describe } from 'vitest';
import { catalogueContract } from './contract-catalogue.ts';
import { Context, type TestHome } from './contract-context.ts';
import { feedContract } from './contract-feed.ts';
import { logContract } from './contract-log.ts';
import { recordContract } from './contract-record.ts';
import { retentionContract } from './contract-retention.ts';

/** What every `Store` keeps, whatever it is made of. */
export function storeContract(name: string, makeHome: () => TestHome): void {
  describe(`store contract: ${name}`, () => {
    const ctx = new Context();
    beforeEach(() => ctx.enter(makeHome()));
    afterEach(() => ctx.leave());

    logContract(ctx);
    recordContract(ctx);
    catalogueContract(ctx);
    retentionContract(ctx);
    feedContract(ctx);
  });
}
