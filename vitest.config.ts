import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/*.test.ts', 'test/rules/*.test.ts'],
    pool: 'forks',
    env: { AI_SDK_LOG_WARNINGS: 'false' },
  },
});
