import { join } from 'node:path';
import { type BareClient, bareClient } from './bare-client.ts';
import { type BareReader, bareReader } from './bare-reader.ts';
import { bareEnvironment, type Child, startChild } from './child.ts';
import { type FarhandClient, farhandClient } from './farhand-client.ts';
import { type Medium, withFolder } from './scratch.ts';

/** A model endpoint, an owner and a bare device, each a process of its own, and this process as the client of all of them. */
export type Stand = {
  /** The model read in this very process. */
  readonly read: BareReader;
  readonly farhand: FarhandClient;
  /** Another client of the same owner. */
  farhandClient(): Promise<FarhandClient>;
  readonly bare: BareClient;
};

const script = (name: string): string => join(import.meta.dirname, 'processes', `${name}.ts`);

/** The environment of a Farhand process that lives in `home` and asks the endpoint. */
export const farhandEnvironment = (home: string, modelUrl: string) => ({
  ...bareEnvironment(),
  HOME: home,
  FARHAND_HOME: join(home, 'home'),
  OPENAI_BASE_URL: modelUrl,
  FARHAND_MODEL: 'openai-compatible/bench',
});

export const startModel = (): Promise<Child> => startChild([script('model-endpoint')], bareEnvironment());

/** Lends a stand whose owner keeps its home on the given medium. */
export function withStand<Result>(
  work: (stand: Stand) => Promise<Result>,
  medium: Medium = 'disk',
): Promise<Result> {
  return withFolder(medium, async (folder) => {
    const children: Child[] = [];
    const clients: { close(): void }[] = [];
    const start = async (name: string, env: NodeJS.ProcessEnv) => {
      const child = await startChild([script(name)], env);
      children.push(child);
      return child.said;
    };
    const connect = async <C extends { close(): void }>(connecting: Promise<C>) => {
      const client = await connecting;
      clients.push(client);
      return client;
    };
    try {
      const modelUrl = String((await start('model-endpoint', bareEnvironment())).url);
      const { socket } = await start('owner', farhandEnvironment(folder, modelUrl));
      const { url } = await start('bare-device', { ...bareEnvironment(), MODEL_URL: modelUrl });
      return await work({
        read: bareReader(modelUrl),
        farhand: await connect(farhandClient(String(socket))),
        farhandClient: () => connect(farhandClient(String(socket))),
        bare: await connect(bareClient(String(url))),
      });
    } finally {
      for (const client of clients) client.close();
      await Promise.all(children.map((child) => child.stop()));
    }
  });
}
