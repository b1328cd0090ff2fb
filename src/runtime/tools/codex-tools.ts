import * as z from 'zod';
import { aliasOf } from './alias.ts';
import { applyPatch } from './apply-patch.ts';
import { bash } from './bash.ts';
import { inFolder } from './in-folder.ts';
import { read } from './read.ts';
import { updatePlan } from './todo.ts';
import type { Tool } from './tool.ts';

const shellCommand = aliasOf(bash, {
  name: 'ShellCommand',
  input: z.object({
    command: z.string().min(1).describe('The command, as many lines as needed'),
    workdir: z
      .string()
      .min(1)
      .optional()
      .describe('The folder to run it in; the working directory if left out'),
    timeout_ms: z.number().positive().optional().describe('Milliseconds until it is stopped'),
    justification: z.string().optional().describe('What it is for, in a few words, for the person'),
  }),
  example: { command: 'npm test', workdir: 'packages/api' },
  as: ({ command, workdir, timeout_ms, justification }) => ({
    command: inFolder(command, workdir),
    ...(timeout_ms !== undefined && { timeout: timeout_ms }),
    ...(justification !== undefined && { description: justification }),
  }),
});

const viewImage = aliasOf(read, {
  name: 'ViewImage',
  description: 'Shows a picture (PNG, JPEG, GIF, WebP) that is on this machine.',
  input: z.object({ path: z.string().min(1).describe('The file of the picture') }),
  example: { path: 'docs/screen.png' },
  as: ({ path }) => ({ file_path: path }),
});

/** The names and parameters that the models of OpenAI were trained on. */
export const codexTools: readonly Tool[] = [shellCommand, applyPatch, updatePlan, viewImage];
