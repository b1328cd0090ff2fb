/** Waiting for shared state: `until` resolves once `look` gives something, which is tried after every `changed`. */
export type Condition = {
  until<T>(look: () => T | undefined): Promise<T>;
  changed(): void;
  /** Rejects everyone who still waits, and whoever comes later. */
  close(reason: Error): void;
};

export function createCondition(): Condition {
  const waiting = new Map<() => boolean, (reason: Error) => void>();
  let closed: Error | undefined;
  return {
    until: (look) =>
      new Promise((resolve, reject) => {
        const attempt = () => {
          const found = look();
          if (found !== undefined) resolve(found);
          return found !== undefined;
        };
        if (attempt()) return;
        if (closed) reject(closed);
        else waiting.set(attempt, reject);
      }),
    changed: () => {
      for (const attempt of [...waiting.keys()]) if (attempt()) waiting.delete(attempt);
    },
    close: (reason) => {
      closed = reason;
      for (const reject of waiting.values()) reject(reason);
      waiting.clear();
    },
  };
}
