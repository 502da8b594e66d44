// What surrounds a call: the scope that owns new tensors, and whether operations are recorded.
//
// Both must follow an `await`. Node keeps them in AsyncLocalStorage, found without importing it, so
// that the same file runs in a browser. Where there is none, a stack serves: it is exact for
// synchronous code and for asynchronous work that nests, and it notices work that interleaves.

import { UsageError } from "@fauxgrad/kernels";

/** Owns tensors until it frees them. */
export interface Owner {
  add(tensor: Disposable): void;
  delete(tensor: Disposable): void;
}

/** What surrounds a call. */
export interface Context {
  /** Frees the tensors that are made here; null outside any scope. */
  readonly owner: Owner | null;
  /** Whether operations remember how they were computed. */
  readonly recording: boolean;
}

/** Keeps the context of the running call. */
export interface ContextStore {
  current(): Context;
  /** Runs `work`, and what it awaits, inside `context`. */
  run<T>(context: Context, work: () => T): T;
}

const OUTERMOST: Context = { owner: null, recording: true };

interface AsyncLocalStorage {
  getStore(): Context | undefined;
  run<T>(context: Context, work: () => T): T;
}

/** The part of a JavaScript host that is looked at. */
export interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/** AsyncLocalStorage where the host has it, a {@link StackStore} elsewhere. */
export function contextStore(host: Host): ContextStore {
  const hooks = host.process?.getBuiltinModule?.("node:async_hooks") as
    | { AsyncLocalStorage: new () => AsyncLocalStorage }
    | undefined;
  if (hooks === undefined) return new StackStore();
  const storage = new hooks.AsyncLocalStorage();
  return {
    current: () => storage.getStore() ?? OUTERMOST,
    run: (context, work) => storage.run(context, work),
  };
}

interface Entry {
  readonly context: Context;
  interleaved: boolean;
}

/** The context of hosts without AsyncLocalStorage: whatever was entered last and not left. */
export class StackStore implements ContextStore {
  readonly #stack: Entry[] = [];

  current(): Context {
    return this.#stack.at(-1)?.context ?? OUTERMOST;
  }

  run<T>(context: Context, work: () => T): T {
    const entry: Entry = { context, interleaved: false };
    this.#stack.push(entry);
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.#leave(entry);
      throw error;
    }
    if (!isPromise(result)) {
      this.#leave(entry);
      assertNested(entry);
      return result;
    }
    return result.then(
      (value) => {
        this.#leave(entry);
        assertNested(entry);
        return value;
      },
      (error: unknown) => {
        this.#leave(entry);
        throw error;
      },
    ) as T;
  }

  /** Whatever was entered later and is still there took what belonged to this entry. */
  #leave(entry: Entry): void {
    const index = this.#stack.lastIndexOf(entry);
    for (const later of this.#stack.slice(index + 1)) {
      later.interleaved = true;
      entry.interleaved = true;
    }
    this.#stack.splice(index, 1);
  }
}

function assertNested({ interleaved }: Entry): void {
  if (!interleaved) return;
  throw new UsageError(
    "scope: asynchronous scopes ran at the same time, on a host without AsyncLocalStorage\n" +
      "Await one scope (or noGrad) before the next begins, or run in Node 20.16 or later.",
  );
}

/** Whether `value` settles later. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

const store = contextStore(globalThis as Host);

/** The context of the running call. */
export function currentContext(): Context {
  return store.current();
}

/** Runs `work`, and what it awaits, with parts of the context replaced. */
export function runWith<T>(change: Partial<Context>, work: () => T): T {
  return store.run({ ...store.current(), ...change }, work);
}
