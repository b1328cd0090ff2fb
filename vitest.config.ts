import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/*.test.ts', 'test/rules/*.test.ts'],
    // Long, and about whole processes: `npm run test:jobs`.
    exclude: ['test/hostile-flood.test.ts', 'test/hostile-device.test.ts'],
    pool: 'forks',
    // No test talks with a model that happens to be there, or to be paid for.
    env: { AI_SDK_LOG_WARNINGS: 'false', FARHAND_MODEL: 'demo', FARHAND_DISCOVER: '0' },
  },
});
