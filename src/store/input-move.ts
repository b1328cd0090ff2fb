import { isSettled } from '../protocol/shapes.ts';
import { type InputChange, type InputRecord, StoreError } from './store.ts';

type Move = Extract<InputChange, { kind: 'move' }>;

/**
 * The input's record after the change (IN-3: what is settled stays). `known` is the record with that key, if any.
 * @throws StoreError `store_failed` for a mistake of the caller, which must not be committed.
 */
export function changedInput(known: InputRecord | null, change: InputChange): InputRecord {
  if (change.kind === 'move') return moved(known, change);
  if (known) throw mistake(`input ${change.input.key} is already recorded as ${known.state}`);
  return change.input;
}

function moved(known: InputRecord | null, move: Move): InputRecord {
  if (!known) throw mistake(`there is no input ${move.key} to call ${move.state}`);
  if (isSettled(known.state)) {
    throw mistake(`input ${move.key} is settled as ${known.state} and cannot become ${move.state}`);
  }
  return {
    ...known,
    state: move.state,
    turn_id: move.turn_id === undefined ? known.turn_id : move.turn_id,
    code: move.code === undefined ? known.code : move.code,
    at: move.at,
  };
}

function mistake(what: string): StoreError {
  return new StoreError({
    code: 'store_failed',
    message: `Nothing was written: ${what}. This is a fault of the program.`,
  });
}
