import { setTimeout as pause } from 'node:timers/promises';
import type { DialFailure } from '../../link/dial-failure.ts';
import { isDialFailure } from '../../link/dial-failure.ts';
import { dialLocal } from '../../link/node/local-socket.ts';
import type { Pipe } from '../../link/pipe.ts';
import { type Failure, failure } from '../../protocol/errors.ts';
import { acquireOwnerLock } from '../../sqlite/owner-lock.ts';
import { StoreError } from '../../store/store.ts';
import { becomeOwner, type Owner, type OwnerOptions } from './owner.ts';
import type { HomePaths } from './paths.ts';

/** Nobody can own the home as it is; `problem` is what a person has to mend. */
type Unownable = DialFailure & { readonly problem: Failure };

/** An owner that has the lock and does not answer yet is starting; this long it is asked again before the caller is told. */
const startupMs = 3_000;
const askAgainMs = 20;

/**
 * A process's place in its home (HOME-1): the owner where nobody else is, else a client of the owner's private socket. Whoever finds
 * the owner gone becomes it, in the middle of a turn too, since everything that counts is in the store.
 */
export class Member {
  readonly #paths: HomePaths;
  readonly #options: OwnerOptions;
  #owner: Owner | null = null;
  #becoming: Promise<Pipe | DialFailure | null> | null = null;
  #left = false;

  constructor(paths: HomePaths, options: Omit<OwnerOptions, 'fenced'>) {
    this.#paths = paths;
    this.#options = {
      ...options,
      fenced: (error) => {
        options.trouble('another process took over this home', error);
        void this.#owner?.close();
        this.#owner = null;
      },
    };
  }

  get owner(): Owner | null {
    return this.#owner;
  }

  /** Takes this process's place. A failure is about the home itself and does not pass by waiting. */
  async join(): Promise<Failure | null> {
    try {
      const pipe = await this.open();
      if (isDialFailure(pipe)) {
        const silent = `The owner of ${this.#paths.home} does not answer: ${pipe.message}.`;
        return isUnownable(pipe) ? pipe.problem : failure('unreachable', silent);
      }
      pipe.close();
      return null;
    } catch (error) {
      if (error instanceof StoreError) return failure(error.code, error.message);
      throw error;
    }
  }

  /** A pipe to the hub of whoever owns the home now; to be called again when the pipe ends. */
  async open(): Promise<Pipe | DialFailure> {
    const deadline = performance.now() + startupMs;
    for (;;) {
      if (this.#left) return { kind: 'error', message: 'this process has left the home' };
      const pipe = this.#owner?.open() ?? (await this.#takeOver()) ?? (await dialLocal(this.#paths.socket));
      if (!isDialFailure(pipe) || pipe.kind !== 'refused' || performance.now() > deadline) return pipe;
      await pause(askAgainMs);
    }
  }

  /** Hands the home over: what is durable is found by the next owner, who takes up what was going on. */
  async leave(): Promise<void> {
    this.#left = true;
    const owner = this.#owner;
    this.#owner = null;
    await owner?.close();
  }

  #takeOver(): Promise<Pipe | DialFailure | null> {
    this.#becoming ??= this.#tryTakeOver().finally(() => {
      this.#becoming = null;
    });
    return this.#becoming.then((pipe) => pipe ?? this.#owner?.open() ?? null);
  }

  /** Null where another process holds the lock, and where this one became the owner. */
  async #tryTakeOver(): Promise<Unownable | null> {
    const lock = acquireOwnerLock(this.#paths.home);
    if ('code' in lock) return null;
    const owner = await becomeOwner(this.#paths, lock, this.#options).catch((error: unknown) => {
      lock.release();
      throw error;
    });
    if ('code' in owner) {
      lock.release();
      return { kind: 'error', message: owner.message, problem: owner };
    }
    this.#owner = owner;
    return null;
  }
}

const isUnownable = (failed: DialFailure): failed is Unownable => 'problem' in failed;
