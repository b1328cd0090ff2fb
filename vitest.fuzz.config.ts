import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/fuzz-*.test.ts'],
    pool: 'forks',
    env: { AI_SDK_LOG_WARNINGS: 'false', FARHAND_FUZZ_FRAMES: process.env.FARHAND_FUZZ_FRAMES ?? '100000' },
  },
});
