import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/jobs/*.test.ts', 'test/hostile-flood.test.ts', 'test/hostile-device.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    env: { AI_SDK_LOG_WARNINGS: 'false', FARHAND_MODEL: 'demo', FARHAND_DISCOVER: '0' },
  },
});
