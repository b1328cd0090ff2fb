import { askUserQuestion } from './ask-user-question.ts';
import { bash } from './bash.ts';
import { edit } from './edit.ts';
import { glob } from './glob.ts';
import { grep } from './grep.ts';
import { ls } from './ls.ts';
import { read } from './read.ts';
import type { Tool } from './tool.ts';
import { write } from './write.ts';

/** The tools that come with Farhand, in the order in which models see them. */
export const tools: readonly Tool[] = [bash, read, write, edit, glob, grep, ls, askUserQuestion];

/** The tool of this exact name, or null. */
export function findTool(name: string): Tool | null {
  return tools.find((tool) => tool.name === name) ?? null;
}
