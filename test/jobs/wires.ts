import type { ModelServer } from '../../src/testing/model-server.ts';

type Asked = {
  readonly model: string;
  /** What has it asked at the scripted model server. */
  readonly env: (models: ModelServer) => Readonly<Record<string, string>>;
};

const key = 'sk-of-the-job';

/** A model for each API that the program speaks, and how it is found. */
export const wires = {
  'openai-chat': {
    model: 'openai-compatible/scripted-model',
    env: ({ url }) => ({ OPENAI_BASE_URL: url, OPENAI_API_KEY: key }),
  },
  'openai-responses': {
    model: 'openai/gpt-5',
    env: ({ origin }) => ({ OPENAI_API_KEY: key, FARHAND_JOB_OPENAI: origin }),
  },
  anthropic: {
    model: 'anthropic/claude-haiku-4-5',
    env: ({ origin }) => ({ ANTHROPIC_BASE_URL: origin, ANTHROPIC_API_KEY: key }),
  },
  google: {
    model: 'google/gemini-2.5-flash',
    env: ({ origin }) => ({ GOOGLE_BASE_URL: origin, GEMINI_API_KEY: key }),
  },
} as const satisfies Readonly<Record<string, Asked>>;

export type Wire = keyof typeof wires;
