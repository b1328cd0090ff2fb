import * as z from 'zod';
import { aliasOf } from './alias.ts';
import { bash } from './bash.ts';
import { edit } from './edit.ts';
import { glob } from './glob.ts';
import { grep } from './grep.ts';
import { inFolder } from './in-folder.ts';
import { ls } from './ls.ts';
import { read } from './read.ts';
import { readManyFiles } from './read-many-files.ts';
import { writeTodos } from './todo.ts';
import type { Tool } from './tool.ts';
import { write } from './write.ts';

const path = z.string().min(1);
const folder = path.optional().describe('The folder; the working directory if left out');

/** The names and parameters that the models of Google were trained on. */
export const geminiTools: readonly Tool[] = [
  aliasOf(bash, {
    name: 'RunShellCommand',
    input: z.object({
      command: z.string().min(1).describe('The command, as many lines as needed'),
      description: z.string().optional().describe('What it does, in a few words, for the person'),
      dir_path: folder,
    }),
    example: { command: 'npm test', description: 'Run the tests' },
    aliases: { directory: 'dir_path' },
    as: ({ command, description, dir_path }) => ({
      command: inFolder(command, dir_path),
      ...(description !== undefined && { description }),
    }),
  }),
  aliasOf(read, {
    name: 'ReadFileGemini',
    input: z.object({
      file_path: path.describe('The file to read'),
      offset: z.int().min(0).optional().describe('First line to show, counted from 0'),
      limit: z.int().min(1).optional().describe('How many lines to show'),
    }),
    example: { file_path: 'src/main.ts' },
    aliases: { absolute_path: 'file_path', path: 'file_path' },
    as: ({ file_path, offset, limit }) => ({
      file_path,
      ...(offset !== undefined && { offset: offset + 1 }),
      ...(limit !== undefined && { limit }),
    }),
  }),
  aliasOf(ls, {
    name: 'ListDirectory',
    input: z.object({
      dir_path: path.describe('The folder to list'),
      ignore: z.array(z.string()).optional().describe('Names to leave out, as in .gitignore'),
    }),
    example: { dir_path: 'src' },
    aliases: { path: 'dir_path' },
    as: ({ dir_path, ignore }) => ({ path: dir_path, ...(ignore && { ignore }) }),
  }),
  aliasOf(glob, {
    name: 'GlobGemini',
    input: z.object({ pattern: path.describe('As **/*.ts or src/{a,b}/*.json'), dir_path: folder }),
    example: { pattern: 'src/**/*.test.ts' },
    aliases: { path: 'dir_path' },
    as: ({ pattern, dir_path }) => ({ pattern, ...(dir_path !== undefined && { path: dir_path }) }),
  }),
  aliasOf(grep, {
    name: 'SearchFileContent',
    description: `${grep.description} Shows the lines that match.`,
    input: z.object({
      pattern: path.describe('A regular expression as ripgrep takes it'),
      dir_path: folder,
      include: z.string().min(1).optional().describe('Only files that match, as *.ts or src/**'),
    }),
    example: { pattern: 'function \\w+Handler', include: '*.ts' },
    aliases: { path: 'dir_path' },
    as: ({ pattern, dir_path, include }) => ({
      pattern,
      output_mode: 'content',
      ...(dir_path !== undefined && { path: dir_path }),
      ...(include !== undefined && { glob: include }),
    }),
  }),
  aliasOf(edit, {
    name: 'Replace',
    input: z.object({
      file_path: path.describe('The file to change'),
      old_string: z.string().min(1).describe('The text to replace, exactly as it stands in the file'),
      new_string: z.string().describe('The text to put in its place'),
      expected_replacements: z.int().min(1).optional().describe('How many there are; 1 if left out'),
    }),
    example: { file_path: 'src/main.ts', old_string: 'let count = 1;', new_string: 'let count = 2;' },
    as: (call) => call,
  }),
  aliasOf(write, {
    name: 'WriteFileGemini',
    input: z.object({
      file_path: path.describe('The file to create or overwrite'),
      content: z.string().describe('The whole new content'),
    }),
    example: { file_path: 'notes/todo.txt', content: 'first line\n' },
    as: (call) => call,
  }),
  writeTodos,
  readManyFiles,
];
