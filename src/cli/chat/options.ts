import type { Client } from '../../client/client.ts';
import type { Variables } from '../../runtime/models/handles.ts';
import type { Style } from '../program/style.ts';
import type { Place } from '../talk/place.ts';
import type { History } from './history.ts';
import type { Screen } from './screen.ts';

export type ChatOptions = {
  readonly client: Client;
  readonly place: Place;
  /** The command that prints all of the conversation. */
  readonly showCommand: string;
  readonly history: History;
  readonly screen: Screen;
  readonly style: Style;
  readonly env: Variables;
  /** The folder of this terminal, which need not be the conversation's; null where that is on another machine. */
  readonly folder: string | null;
  /** Ids for messages, never used twice. */
  readonly mint: () => string;
};
