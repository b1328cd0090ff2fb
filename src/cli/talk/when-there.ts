import type { Failure } from '../../protocol/errors.ts';
import { isProblem, type Misuse } from '../program/outcome.ts';
import type { Attached } from './attach.ts';
import { machineName } from './device-news.ts';

/**
 * Does what only the machine itself can do: where it is away, that is said once and done when it is back. Given up by the signal, it
 * ends with the failure.
 */
export async function whenThere<T>(
  { client, until }: Pick<Attached, 'client' | 'until'>,
  giveUp: AbortSignal,
  tell: (text: string) => void,
  work: () => Promise<T | Failure | Misuse>,
): Promise<T | Failure | Misuse> {
  for (let told = false; ; told = true) {
    const result = await work();
    if (!isProblem(result) || result.code !== 'device_offline' || giveUp.aborted) return result;
    if (!told) tell(`This needs ${machineName(client.state())} itself: waiting for it.`);
    if (!(await until(({ device }) => device.online === true, giveUp))) return result;
  }
}
