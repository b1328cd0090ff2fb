import type { ClientState } from '../../client/state.ts';
import { oneLine } from '../show/printable.ts';

/** How the machine at the other end is called. */
export const machineName = ({ device }: ClientState): string =>
  device.name === null ? 'the machine' : oneLine(device.name, 40);

/** The hour, and the day where that is another one. */
export function timeText(at: number, now: number): string {
  const [day, time] = dayAndTime(at);
  return day === dayAndTime(now)[0] ? time : `${day} ${time}`;
}

function dayAndTime(at: number): readonly [day: string, time: string] {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return [day, `${two(date.getHours())}:${two(date.getMinutes())}`];
}

/** Tells when the way to a machine breaks, when the machine is away, and when either is back: to be told every change of a client's state. */
export function deviceNews(
  tell: (text: string) => void,
  url: string,
  now: () => number = Date.now,
): (state: ClientState) => void {
  let toldBroken = false;
  let toldAway = false;

  function broker({ broker: { online, retry, why } }: ClientState): void {
    if (online) {
      if (toldBroken) tell(`Connected to ${url} again.`);
      toldBroken = false;
    } else if (retry?.failure && !toldBroken) {
      toldBroken = true;
      tell(`There is no connection: ${why}. Trying again…`);
    }
  }
  return (state) => {
    broker(state);
    const { online, lastSeen } = state.device;
    if (online === null || online === !toldAway) return;
    toldAway = !online;
    const name = machineName(state);
    if (online) return tell(`${name} is back.`);
    const seen = lastSeen === null ? '' : `, last seen at ${timeText(lastSeen, now())}`;
    tell(`${name} is away${seen}.`);
  };
}
