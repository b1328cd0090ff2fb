import type { ClientState } from '../../client/state.ts';
import type { Member } from '../home/member.ts';

/** Tells when the home changes hands, and when nobody runs it: to be told every change of a client's state. */
export function ownerNews(
  tell: (text: string) => void,
): (state: ClientState, member: Pick<Member, 'owner'>) => void {
  let known = false;
  let lost = false;
  let toldAway = false;
  return ({ broker: { online, retry } }, member) => {
    if (online) {
      const who = member.owner ? 'this process' : 'another farhand process';
      if (toldAway || (known && lost)) tell(`The owner of this home went; ${who} has taken over.`);
      known = true;
      lost = false;
      toldAway = false;
      return;
    }
    lost = true;
    if (!retry?.failure || toldAway) return;
    toldAway = true;
    tell(`Nobody runs this home: ${retry.failure.message}. Trying again…`);
  };
}
