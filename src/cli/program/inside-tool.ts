import { type Failure, failure } from '../../protocol/errors.ts';
import { insideTool } from '../../runtime/tool-environment.ts';
import type { Io } from './io.ts';

/** An agent must not decide for its person by way of its own shell (SEC-7). `what`: `Approving`. */
export const refusedInsideTool = (io: Io, what: string): Failure | null =>
  io.env[insideTool] === undefined
    ? null
    : failure(
        'forbidden',
        `${what} from inside a tool is refused: only a person decides. Run this in a terminal of your own.`,
      );
