import { renamed, snakeName } from './alias.ts';
import { codexTools } from './codex-tools.ts';
import { geminiTools } from './gemini-tools.ts';
import { tools } from './index.ts';
import type { Tool } from './tool.ts';

/** What a person may choose; `auto` picks by the family of the model. */
export const toolsets = [
  'auto',
  'default',
  'codex',
  'codex_snake',
  'gemini',
  'gemini_snake',
  'letta',
  'none',
] as const;
export type Toolset = (typeof toolsets)[number];

/** What every family has a name of its own for; the others of the default tools are in every toolset. */
const basic = [
  'Bash',
  'Read',
  'Write',
  'Edit',
  'MultiEdit',
  'Glob',
  'Grep',
  'LS',
  'NotebookEdit',
  'TodoWrite',
];
const shared = tools.filter(({ name }) => !basic.includes(name));

/** Names whose snake form is another than that of their words (protocol reference 6.9). */
const snakeNames: Readonly<Record<string, string>> = {
  ReadFileGemini: 'read_file',
  WriteFileGemini: 'write_file',
  GlobGemini: 'glob',
};
const inSnakeCase = (own: readonly Tool[]) =>
  own.map((tool) => renamed(tool, snakeNames[tool.name] ?? snakeName(tool.name)));

const own: Readonly<Record<Exclude<Toolset, 'auto'>, readonly Tool[]>> = {
  default: tools,
  codex: [...codexTools, ...shared],
  codex_snake: [...inSnakeCase(codexTools), ...shared],
  gemini: [...geminiTools, ...shared],
  gemini_snake: [...inSnakeCase(geminiTools), ...shared],
  letta: tools,
  none: [],
};

/** Every tool under each of its names. */
export const allTools: readonly Tool[] = [...new Set(Object.values(own).flat())];

/** Names that no client may give to a tool of its own. Those in snake case are common, so there a client's tool takes the place of ours. */
export const reservedNames: readonly string[] = allTools
  .map(({ name }) => name)
  .filter((name) => /^[A-Z]/.test(name));

/** The names of a toolset, in the order in which models see them. A preference that is none of the known ones is `auto`. */
export function toolNames(preference: string | undefined, handle: string): readonly string[] {
  const known = toolsets.find((one) => one === preference) ?? 'auto';
  return own[known === 'auto' ? toolsetOf(handle) : known].map(({ name }) => name);
}

/** By the last part of a handle: `openai/gpt-5`, `openrouter/google/gemini-3-pro`. */
export function toolsetOf(handle: string): Exclude<Toolset, 'auto'> {
  const model = handle.toLowerCase().split('/').at(-1) ?? '';
  if (/^(gpt-(?!oss)|codex|o\d|chatgpt)/.test(model)) return 'codex';
  return model.startsWith('gemini') ? 'gemini' : 'default';
}
