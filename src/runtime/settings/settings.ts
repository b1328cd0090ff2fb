import * as z from 'zod';
import { modes } from '../../protocol/modes.ts';
import { privileges } from '../../protocol/privileges.ts';

const rules = z.looseObject({
  allow: z.array(z.string()).optional(),
  ask: z.array(z.string()).optional(),
  deny: z.array(z.string()).optional(),
});

/** A model provider that a person connected. The key stands in the system's keyring, else in a file that only they can read. */
const provider = z.looseObject({
  base_url: z.string().optional(),
  /** Where the key is; left out: none is needed. */
  key: z.enum(['keyring', 'file']).optional(),
});

/** `settings.json` of a home: what its owner wants on this device. Unknown fields are kept. */
export const settingsSchema = z.looseObject({
  v: z.literal(1).default(1),
  /** The model of whoever chooses none. */
  model: z.string().optional(),
  /** By handle: which models take over, in this order, when that one does not answer. */
  fallbacks: z.record(z.string(), z.array(z.string())).optional(),
  providers: z.record(z.string(), provider).optional(),
  /** Look for a model server on this machine; default true. */
  discover: z.boolean().optional(),
  rules: rules.optional(),
  /** By real path of a folder: what holds there, and below. */
  projects: z
    .record(
      z.string(),
      z.looseObject({
        rules: rules.optional(),
        /** SHA-256 over the project's own settings files, when the person trusted them (PERM-8). */
        trusted: z.string().optional(),
      }),
    )
    .optional(),
  /** No mode freer than this one can be chosen on this device. */
  ceiling: z.enum(modes).optional(),
  /** What whoever comes by a broker or another server may do here, at most; default everything. The owner's own terminals may do all. */
  policy: z.array(z.enum(privileges)).optional(),
  /** Default `auto`: confine commands where the system can. */
  sandbox: z.enum(['off', 'auto', 'required']).optional(),
  web: z
    .looseObject({
      /** WebFetch is there; default false. */
      fetch: z.boolean().optional(),
      /** WebSearch asks this provider; its key is in BRAVE_API_KEY or TAVILY_API_KEY. */
      search: z
        .looseObject({ provider: z.enum(['brave', 'tavily', 'searxng']), base_url: z.string().optional() })
        .optional(),
    })
    .optional(),
  /** `auto` picks by the model's family. */
  toolset: z.string().optional(),
});

export type Settings = z.output<typeof settingsSchema>;
export type RuleTexts = z.output<typeof rules>;
