import type { Client } from '../../client/client.ts';
import type { ClientState } from '../../client/state.ts';

/** Waits for a client's state to become something. */
export type StateWatch = {
  /** To be told every change. */
  changed(state: ClientState): void;
  /** Resolves with true as soon as the state is so, with false when it is given up before. */
  until(client: Client, is: (state: ClientState) => boolean, giveUp: AbortSignal): Promise<boolean>;
};

export function stateWatch(): StateWatch {
  const looks = new Set<(state: ClientState) => void>();
  return {
    changed(state) {
      for (const look of looks) look(state);
    },
    until: (client, is, giveUp) =>
      new Promise((resolve) => {
        const end = (found: boolean) => {
          looks.delete(look);
          giveUp.removeEventListener('abort', gaveUp);
          resolve(found);
        };
        const look = (state: ClientState) => is(state) && end(true);
        const gaveUp = () => end(false);
        looks.add(look);
        giveUp.addEventListener('abort', gaveUp);
        if (giveUp.aborted) end(false);
        else look(client.state());
      }),
  };
}
