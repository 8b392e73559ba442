import { Connection, defaultSocket, type WireMessage } from "./connection.js";
import { ConnectionError, SpacedriveError } from "./errors.js";
import { kinds, type EventData, type ID, type Operations, type Path, type Time } from "./operations.js";
import { Subscription, type EventType, type Position, type SubscribeOptions } from "./subscription.js";

/** The short name of an operation. */
export type Method = keyof Operations;
export type Input<M extends Method> = Operations[M]["input"];
export type Output<M extends Method> = Operations[M]["output"];

export interface ConnectOptions {
  /** The socket; default: {@link defaultSocket}. */
  path?: string;
  /** The instance whose socket is looked for where no path is given. */
  instance?: string;
  /** Who calls, for the daemon's log: "name/version". */
  name?: string;
}

export interface CallOptions {
  /** The library that is meant. */
  libraryId?: ID;
  /** Milliseconds after which the daemon stops the work: deadline_exceeded. */
  timeout?: number;
  /** Stands in every log line and event that the call causes. */
  traceId?: string;
  /**
   * Cancels the call. It then fails with cancelled, or, where it had taken
   * effect before the daemon heard of it, returns its result.
   */
  signal?: AbortSignal;
}

/** What the daemon says of itself. */
export interface Hello {
  protocol: number;
  daemon: { name: string; version: string; pid: number; boot_id: ID; started_at: Time };
  instance: { name: string; data_dir: Path };
  limits: Record<string, number>;
  features: string[];
}

/** A result, and the place in the events from which on it may be out of date. */
export interface Answer<T> {
  result: T;
  position: Position;
}

/** The input may be left out where nothing in it is required. */
type Arguments<M extends Method> = {} extends Input<M>
  ? [input?: Input<M>, options?: CallOptions]
  : [input: Input<M>, options?: CallOptions];

interface Pending {
  resolve(message: WireMessage): void;
  reject(err: SpacedriveError): void;
}

/** Connect to the daemon. Rejects with a {@link ConnectionError} where there is none. */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const path = options.path ?? defaultSocket(options.instance);
  const name = options.name ?? "spacedrive-typescript/1";
  const connection = await Connection.open(path);
  try {
    return new Client(connection, (await connection.hello(name)) as Hello, path, name);
  } catch (err) {
    connection.close();
    throw err;
  }
}

/**
 * A connection to the daemon, for any number of calls at once. When it breaks
 * calls reject with a {@link ConnectionError}, and {@link connect} makes a new
 * one; a {@link Subscription} has a connection of its own and makes it anew.
 */
export class Client {
  readonly hello: Hello;
  readonly #connection: Connection;
  readonly #path: string;
  readonly #name: string;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: (() => void)[] = []; // calls that wait for one in flight to end
  readonly #ended: Promise<void>;
  #inFlight = 0;
  #lastId = 0;
  #broken: SpacedriveError | undefined;

  /** Use {@link connect}. */
  constructor(connection: Connection, hello: Hello, path: string, name: string) {
    this.#connection = connection;
    this.hello = hello;
    this.#path = path;
    this.#name = name;
    this.#ended = this.#read();
  }

  /** Call an operation. */
  async call<M extends Method>(method: M, ...[input, options]: Arguments<M>): Promise<Output<M>> {
    return (await this.request(kinds[method], method, input, options)).result as Output<M>;
  }

  /** Call an operation, and tell from which place in the events on its result may be out of date. */
  async snapshot<M extends Method>(method: M, ...[input, options]: Arguments<M>): Promise<Answer<Output<M>>> {
    return (await this.request(kinds[method], method, input, options)) as Answer<Output<M>>;
  }

  /** Call an operation that operations.ts does not know. */
  async request(kind: "query" | "action", method: string, payload?: unknown, options: CallOptions = {}): Promise<Answer<unknown>> {
    const limit = this.hello.limits["calls"] ?? 128;
    while (this.#inFlight >= limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (options.signal?.aborted) {
      this.#waiting.shift()?.();
      throw cancelled(options.signal);
    }
    this.#inFlight++;
    const id = ++this.#lastId;
    const abort = () => this.#post({ type: "cancel", target: id });
    try {
      const answer = this.#exchange({
        type: kind, id, method, payload, library_id: options.libraryId, trace_id: options.traceId,
        timeout_ms: options.timeout === undefined ? undefined : Math.max(1, Math.round(options.timeout)),
      });
      options.signal?.addEventListener("abort", abort);
      const message = await answer;
      return { result: message.payload, position: { boot_id: this.hello.daemon.boot_id, seq: message.seq ?? 0 } };
    } catch (err) {
      const asked = options.signal?.aborted && err instanceof SpacedriveError && err.code === "cancelled";
      throw asked ? cancelled(options.signal!) : err;
    } finally {
      options.signal?.removeEventListener("abort", abort);
      this.#inFlight--;
      this.#waiting.shift()?.();
    }
  }

  /** Subscribe to events, on a connection of the subscription's own. */
  subscribe<T extends EventType = Exclude<keyof EventData, "LogMessage">>(options: SubscribeOptions<T> = {}): Promise<Subscription<T>> {
    return Subscription.open(this.#path, this.#name, options);
  }

  /** Resolve when the daemon has answered. */
  async ping(): Promise<void> {
    await this.#exchange({ type: "ping", id: ++this.#lastId });
  }

  /** Have the daemon end. */
  async shutdown(): Promise<void> {
    await this.#exchange({ type: "shutdown", id: ++this.#lastId });
  }

  /** Send nothing more, and resolve when all that was sent is answered. */
  async finish(): Promise<void> {
    this.#connection.halfClose();
    await this.#ended;
  }

  /** Close the connection. Calls in flight reject with read_error. */
  async close(): Promise<void> {
    this.#connection.close();
    await this.#ended;
  }

  #exchange(message: { id: number } & Record<string, unknown>): Promise<WireMessage> {
    return new Promise((resolve, reject) => {
      if (this.#broken) {
        throw this.#broken;
      }
      this.#connection.send(message);
      this.#pending.set(message.id, { resolve, reject });
    });
  }

  /** Send what needs no answer. */
  #post(message: object): void {
    try {
      this.#connection.send(message);
    } catch {
      // The connection broke, and the call with it.
    }
  }

  async #read(): Promise<void> {
    let why: SpacedriveError = new ConnectionError("read_error", "the connection to the daemon was closed");
    try {
      for (let message = await this.#connection.receive(); message; message = await this.#connection.receive()) {
        const pending = this.#pending.get(message.id ?? 0);
        if (pending) {
          this.#pending.delete(message.id!);
          if (message.error) {
            pending.reject(new SpacedriveError(message.error));
          } else {
            pending.resolve(message);
          }
        } else if (message.error && message.id === undefined) {
          why = new SpacedriveError(message.error); // of the connection, which closes
        }
      }
    } catch (err) {
      why = err as SpacedriveError;
    }
    this.#broken = why;
    this.#connection.close();
    for (const pending of this.#pending.values()) {
      pending.reject(why);
    }
    this.#pending.clear();
  }
}

function cancelled(signal: AbortSignal): SpacedriveError {
  return new SpacedriveError({ code: "cancelled", message: "cancelled", retryable: false }, signal.reason);
}
