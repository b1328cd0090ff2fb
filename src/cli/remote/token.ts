import { type Failure, failure } from '../../protocol/errors.ts';
import type { Variables } from '../../runtime/models/handles.ts';

/** `client`: of programs that reach devices. `device`: of a device that registers. */
export type TokenUse = 'client' | 'device';

/** How a broker of ours begins a token that is of no use here (SEC-9). */
const otherPrefix = { client: 'fh_device_', device: 'fh_client_' } as const;

/**
 * The token for that use: the flag's, else that of `FARHAND_TOKEN`, of `LETTA_API_KEY`, else the saved one. A variable whose token is of the
 * other kind counts last: both may be there for other commands, and where nothing else is known the server says what is wrong with it.
 */
export function chooseToken(
  use: TokenUse,
  flag: string | undefined,
  env: Variables,
  saved: () => string | null | Failure,
): string | null | Failure {
  const variables = [env.FARHAND_TOKEN, env.LETTA_API_KEY].map((one) => one?.trim()).filter(Boolean);
  const shown = readToken(flag || variables.find((one) => !one?.startsWith(otherPrefix[use])));
  return shown ?? saved() ?? readToken(variables[0]);
}

function readToken(given: string | undefined): string | null | Failure {
  const token = given?.trim() ?? '';
  if (token === '') return null;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  return failure(
    'input_invalid',
    'The token has characters that no HTTP header can carry. Copy it again: one word of plain letters, digits and signs.',
  );
}
