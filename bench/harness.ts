/** Values of one kind that were measured in one run, in the order in which they came. */
export type Sample = readonly number[];

/** The value that the given share of the sample does not exceed (nearest rank). NaN for an empty sample. */
export function quantile(sample: Sample, share: number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const p50 = (sample: Sample): number => quantile(sample, 0.5);
export const p95 = (sample: Sample): number => quantile(sample, 0.95);

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const PATIENCE_MS = 30_000;

/** What `work` calls `done` with. @throws Error when it calls `failed`, or nothing for half a minute: a bench must end. */
export const awaited = <Value>(
  what: string,
  work: (done: (value: Value) => void, failed: (why: Error) => void) => void,
): Promise<Value> =>
  new Promise<Value>((done, failed) => {
    const late = () => failed(new Error(`${what} did not end within ${PATIENCE_MS / 1_000} s.`));
    const timer = setTimeout(late, PATIENCE_MS);
    const settled =
      <Result>(settle: (result: Result) => void) =>
      (result: Result) => {
        clearTimeout(timer);
        settle(result);
      };
    work(settled(done), settled(failed));
  });

export type Rounds = { readonly rounds: number; readonly warmUp: number };

/**
 * Measures several arms in turn, so that what else the machine does meets all of them alike: every round runs each arm once, and each
 * round begins with another one. What an arm gives in the first `warmUp` rounds is thrown away.
 */
export async function interleave<Name extends string, Value>(
  arms: Readonly<Record<Name, () => Promise<Value>>>,
  { rounds, warmUp }: Rounds,
): Promise<Readonly<Record<Name, readonly Value[]>>> {
  const names = Object.keys(arms) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Record<Name, Value[]>;
  for (let round = 0; round < warmUp + rounds; round++) {
    for (let n = 0; n < names.length; n++) {
      const name = names[(round + n) % names.length];
      if (name === undefined) continue;
      const value = await arms[name]();
      if (round >= warmUp) taken[name].push(value);
    }
  }
  return taken;
}

/** One line of the results. */
export type Row = {
  readonly what: string;
  readonly farhand: string;
  /** The reference, measured in the same run. */
  readonly bare: string;
  /** What the goal is about; without a goal the row only explains another one. */
  readonly figure: { readonly value: number; readonly unit: Unit };
  readonly goal: number | null;
  /** The goal is the least that is wanted. Default: the most. */
  readonly atLeast?: true;
  /** The same figure of the stock program, measured elsewhere. */
  readonly stock: string;
  readonly repetitions: number;
};

export type Unit = '×' | ' ms' | ' bytes' | ' MiB';

/** A measurement that could not be made here, and what to do about it. */
export type Skipped = { readonly skipped: string };

export type Measurement = {
  /** For `--only`. */
  readonly name: string;
  /** What is done, in a sentence or two for the reader of the results. */
  readonly about: string;
  run(): Promise<readonly Row[] | Skipped>;
};

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
/** Median and 95th percentile. */
export const spread = (sample: Sample): string => `${ms(p50(sample))} (${ms(p95(sample))})`;
