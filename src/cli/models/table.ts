import { type Asked, type Offer, tokens } from '../../runtime/models/catalogue.ts';
import type { Chosen } from '../../runtime/models/finder.ts';
import type { Style } from '../program/style.ts';
import { oneLine } from '../show/printable.ts';

export type Listing = {
  readonly asked: readonly Asked[];
  /** Of providers that are not connected. */
  readonly others: readonly Offer[];
  readonly chosen: Chosen;
};

const widest = 60;

/** One block for each provider, one line for each model. */
export function listingLines({ asked, others, chosen }: Listing, style: Style): string[] {
  const { bold, dim, red, yellow } = style;
  const every = [...asked.flatMap(({ offers }) => offers), ...others];
  const width = Math.min(widest, Math.max(0, ...every.map(({ handle }) => handle.length)));
  const line = (one: Offer) => {
    const isDefault = one.handle === chosen.handle;
    const left = `${isDefault ? '*' : ' '} ${oneLine(one.handle, 200).padEnd(width)}`;
    return `${isDefault ? bold(left) : left}  ${dim(factsLine(one))}`.trimEnd();
  };
  const blocks = asked.map(({ provider, address, problem, offers }) => {
    const head = `${bold(provider.name)} ${dim(address)}`.trimEnd();
    if (problem !== null) return [head, red(`  ${oneLine(problem, 400)}`)];
    return [head, ...(offers.length === 0 ? [yellow('  It lists no model.')] : offers.map(line))];
  });
  const rest = others.length === 0 ? [] : [[bold('Not connected'), ...others.map(line)]];
  const said = `${bold(chosen.handle)} is the model of whoever chooses none: ${chosen.because}.`;
  const advice =
    asked.length === 0
      ? ['No provider is connected: farhand connect, or start Ollama or LM Studio on this machine.']
      : [];
  return [...[...blocks, ...rest].flatMap((block) => [...block, '']), ...advice, said];
}

function factsLine({ window, price, images, reasoning, chats }: Offer): string {
  const cost = price === null ? '' : `$${price.input} / $${price.output}`;
  const more = [
    ...(images ? ['images'] : []),
    ...(reasoning ? ['reasons'] : []),
    ...(chats ? [] : ['no talk']),
  ];
  return `${(window === null ? '?' : tokens(window)).padStart(6)}  ${cost.padEnd(15)}  ${more.join(', ')}`;
}
