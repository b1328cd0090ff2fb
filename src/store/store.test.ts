import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeContract } from './contract.ts';
import { openMemoryStore } from './memory.ts';
import { memoryHome } from './memory-home.ts';
import { openStore } from './sqlite.ts';
import type { Store } from './store.ts';

storeContract('memory', () => {
  const home = memoryHome();
  return { open: (options) => openMemoryStore({ ...options, home }), dispose() {} };
});

storeContract('sqlite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'farhand-store-'));
  const opened: Store[] = [];
  return {
    open(options) {
      const store = openStore(join(folder, 'device.db'), { ...options, durability: 'process' });
      opened.push(store);
      return store;
    },
    dispose() {
      for (const store of opened) store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
