import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Failure, failure } from '../../protocol/errors.ts';
import type { HomePaths } from '../home/paths.ts';

/** What a home's database says of itself. */
export type HomeFile = {
  /** Null in a home that nobody has run yet. */
  readonly deviceId: string | null;
  readonly schema: number;
  readonly bytes: number;
};

/** Reads beside the owner, without taking its place. Null where there is no database yet. */
export function readHomeFile({ database }: HomePaths): HomeFile | Failure | null {
  const bytes = statSync(database, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) return null;
  let file: DatabaseSync | null = null;
  try {
    file = new DatabaseSync(database, { readOnly: true, timeout: 2_000 });
    const schema = Number(file.prepare('PRAGMA user_version').get()?.user_version ?? 0);
    const deviceId = schema === 0 ? null : file.prepare('SELECT device_id FROM home').get()?.device_id;
    return { deviceId: typeof deviceId === 'string' ? deviceId : null, schema, bytes };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failure('store_failed', `The database ${database} cannot be read: ${why}.`);
  } finally {
    file?.close();
  }
}
