import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Variables } from '../../runtime/models/handles.ts';
import { type Fields, isObject } from '../show/fields.ts';

export type Edited = { readonly input: Record<string, unknown> } | { readonly problem: string };

/** Lets a person change a call's input in their editor, as JSON. */
export async function editInput(input: Fields, env: Variables): Promise<Edited> {
  const editor = env.VISUAL || env.EDITOR;
  if (!editor) return { problem: 'No editor is set: set EDITOR, for example to nano, and start again.' };
  const folder = await mkdtemp(join(tmpdir(), 'farhand-'));
  try {
    const file = join(folder, 'input.json');
    await writeFile(file, `${JSON.stringify(input, null, 2)}\n`, { mode: 0o600 });
    const problem = await run(editor, file);
    return problem === null ? readInput(await readFile(file, 'utf8')) : { problem };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The variable may hold arguments too, as in `code --wait`, so a shell reads it. */
function run(editor: string, file: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    child.once('error', (error) => resolve(`The editor could not be started: ${error.message}.`));
    child.once('exit', (code) =>
      resolve(code === 0 ? null : `The editor ended with ${code}: nothing is changed.`),
    );
  });
}

function readInput(text: string): Edited {
  try {
    const input: unknown = JSON.parse(text);
    return isObject(input)
      ? { input }
      : { problem: 'The input must stay a JSON object: nothing is changed.' };
  } catch (error) {
    return {
      problem: `That is not valid JSON (${error instanceof Error ? error.message : error}): nothing is changed.`,
    };
  }
}
