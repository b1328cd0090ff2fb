import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { Variables } from '../../runtime/models/handles.ts';
import { homeFolder } from '../home/paths.ts';
import type { TokenUse } from '../remote/token.ts';
import { fieldsOf, textOf } from '../show/fields.ts';

const fileOf = (env: Variables): string => join(homeFolder(env), 'credentials.json');

/** The token that was saved for that URL and use; null where none was. */
export function savedToken(env: Variables, base: string, use: TokenUse): string | null | Failure {
  const all = read(fileOf(env));
  if ('code' in all) return all;
  return textOf(fieldsOf(fieldsOf(all.value.tokens)[base])[use]) ?? null;
}

/** Keeps a token for that URL and use, readable for this user alone. Null: it is kept. */
export function saveToken(env: Variables, base: string, use: TokenUse, token: string): Failure | null {
  const file = fileOf(env);
  const all = read(file);
  if ('code' in all) return all;
  const tokens = fieldsOf(all.value.tokens);
  const next = { v: 1, tokens: { ...tokens, [base]: { ...fieldsOf(tokens[base]), [use]: token } } };
  try {
    mkdirSync(homeFolder(env), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.new`, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return null;
  } catch (error) {
    return failure('home_unwritable', `The token cannot be saved in ${file}: ${reasonOf(error)}.`);
  }
}

function read(file: string): { readonly value: Readonly<Record<string, unknown>> } | Failure {
  try {
    return { value: fieldsOf(JSON.parse(readFileSync(file, 'utf8'))) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { value: {} };
    return failure(
      'store_failed',
      `The saved tokens in ${file} cannot be read: ${reasonOf(error)}. Mend the file or move it away.`,
    );
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
