import type { ClientState } from '../../client/client.ts';

/** Tells when the home changes hands, and when nobody runs it: to be told every change of a client's state. */
export function ownerNews(tell: (text: string) => void): (state: ClientState) => void {
  let known = false;
  let lost = false;
  let toldAway = false;
  return ({ online, offline }) => {
    if (online) {
      if (toldAway) tell('This home is run again; going on.');
      else if (known && lost) tell('The owner of this home went; it is taken over.');
      known = true;
      toldAway = false;
      lost = false;
      return;
    }
    lost = true;
    if (!offline?.retry?.failure || toldAway) return;
    toldAway = true;
    tell(`Nobody runs this home: ${offline.retry.failure.message}. Trying again…`);
  };
}
