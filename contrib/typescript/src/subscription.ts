import { setTimeout as pause } from "node:timers/promises";

import { Connection, type WireMessage } from "./connection.js";
import { ConnectionError, SpacedriveError } from "./errors.js";
import type { EventData, ID, Path, Time } from "./operations.js";

/** A type of event that this version of the daemon sends. */
export type EventType = keyof EventData;

/** An event. Its type says what its data is. */
export type Event<T extends EventType = EventType> = {
  [K in T]: {
    type: K;
    data: EventData[K];
    time: Time;
    /** Of all but log lines. */
    seq?: number;
    /** Of log lines. */
    log_seq?: number;
    /** For how many updates of a job it stands, where for more than one. */
    coalesced?: number;
    library_id?: ID;
    location_id?: ID;
    job_id?: ID;
    device_id?: ID;
    trace_id?: string;
  };
}[T];

/** Events that did not come, numbers inclusive; log_from and log_to are of log lines. Read the state anew. */
export interface Gap {
  from?: number;
  to?: number;
  log_from?: number;
  log_to?: number;
  reason: string;
}

/** What a subscription delivers. A heartbeat says that all events up to seq have been. */
export type Message<T extends EventType = EventType> =
  | { type: "event"; event: Event<T> }
  | { type: "gap"; gap: Gap }
  | { type: "heartbeat"; seq: number };

/** A place in an instance's events: after event seq of the daemon start boot_id. */
export interface Position {
  boot_id: ID;
  seq: number;
}

/** All keys that are given must match. */
export interface Filter {
  library_id?: ID;
  location_id?: ID;
  job_id?: ID;
  device_id?: ID;
  path?: Path;
  min_level?: "trace" | "debug" | "info" | "warn" | "error";
  target?: string;
}

export interface SubscribeOptions<T extends EventType = EventType> {
  /** Left out: all but LogMessage. */
  types?: readonly T[];
  filter?: Filter;
  /** Deliver first what came after this place. */
  after?: Position;
  /** Deliver first so many log lines from before. */
  tail?: number;
  /** Ask for a heartbeat every so many milliseconds; after three without any message the connection is made anew. */
  heartbeat?: number;
  /** Make a connection that broke anew; default true. */
  reconnect?: boolean;
}

const firstPause = 100; // ms, doubled with each try
const longestPause = 5000;
const keptLogLines = 4096;
const passing = new Set(["connection_failed", "read_error", "write_error", "core_unavailable", "busy", "too_many_connections"]);

/**
 * A stream of events, for one reader: `for await (const message of subscription)`.
 *
 * It reads no faster than it is iterated. A reader that is slow gets a gap in
 * the place of what the daemon could not hold for it. When the connection
 * breaks, or the daemon ends, the subscription connects anew and goes on after
 * the last message; after a restart of the daemon there is a gap with the
 * reason restarted.
 */
export class Subscription<T extends EventType = EventType> implements AsyncIterableIterator<Message<T>> {
  readonly #path: string;
  readonly #name: string;
  readonly #options: SubscribeOptions<T>;
  readonly #closed = new AbortController();
  #connection: Connection | undefined;
  #position: Position | undefined;
  #start = 0; // the seq of subscribed
  #logSeq = 0; // of the last log line
  #logSkip = 0; // log lines up to this one were delivered before
  #reason = "";

  private constructor(path: string, name: string, options: SubscribeOptions<T>) {
    this.#path = path;
    this.#name = name;
    this.#options = options;
  }

  static async open<T extends EventType>(path: string, name: string, options: SubscribeOptions<T>): Promise<Subscription<T>> {
    const subscription = new Subscription(path, name, options);
    await subscription.#open(options.after);
    return subscription;
  }

  /** The place behind the last message. */
  get position(): Position {
    return this.#position!;
  }

  /** Why the daemon ended the subscription last, or "". */
  get reason(): string {
    return this.#reason;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message<T>, undefined>> {
    while (!this.#closed.signal.aborted && this.#connection) {
      let message: WireMessage | undefined;
      let why: SpacedriveError | undefined = new ConnectionError("read_error", "the daemon closed the connection");
      try {
        message = await this.#receive(this.#connection);
      } catch (err) {
        why = err as SpacedriveError;
      }
      if (message?.type === "end") {
        this.#reason = String(message["reason"] ?? "");
        why = undefined;
        message = undefined;
      }
      if (!message) {
        await this.#resume(why);
      } else if (this.#note(message)) {
        return { done: false, value: message as unknown as Message<T> };
      }
    }
    return { done: true, value: undefined };
  }

  /** Close the subscription; breaking out of a for loop does so. */
  async return(): Promise<IteratorResult<Message<T>, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /** End the subscription, and whoever waits for its next message. */
  close(): void {
    this.#closed.abort();
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #open(after?: Position): Promise<void> {
    const { types, filter, tail, heartbeat } = this.#options;
    const connection = await Connection.open(this.#path);
    try {
      const { daemon } = (await connection.hello(this.#name)) as { daemon: { boot_id: ID } };
      const resumed = this.#position !== undefined;
      const sameStart = this.#position?.boot_id === daemon.boot_id;
      // after is of no use for log lines. Those that came meanwhile are asked
      // for as the tail, and what was delivered already is skipped.
      const lines = resumed && (types as readonly string[] | undefined)?.includes("LogMessage") && (this.#logSeq > 0 || !sameStart);
      connection.send({
        type: "subscribe", id: 1, event_types: types, filter, after, heartbeat_ms: heartbeat,
        tail: lines ? keptLogLines : tail,
      });
      const position = (await connection.answer("subscribed")) as Position;
      if (!sameStart) {
        this.#logSeq = 0;
      }
      this.#logSkip = this.#logSeq;
      this.#position = position;
      this.#start = position.seq;
    } catch (err) {
      connection.close();
      throw err;
    }
    if (this.#closed.signal.aborted) {
      connection.close();
      return;
    }
    this.#connection = connection;
  }

  async #receive(connection: Connection): Promise<WireMessage | undefined> {
    const { heartbeat } = this.#options;
    if (!heartbeat) {
      return connection.receive();
    }
    const timer = setTimeout(() => connection.close(new Error(`nothing came for ${3 * heartbeat} ms`)), 3 * heartbeat);
    try {
      return await connection.receive();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Connect anew. why is undefined where the daemon ended the subscription. */
  async #resume(why?: SpacedriveError): Promise<void> {
    this.#connection?.close();
    this.#connection = undefined;
    if (this.#options.reconnect === false || this.#closed.signal.aborted) {
      if (why && !this.#closed.signal.aborted) {
        throw why;
      }
      return;
    }
    for (let wait = firstPause; ; wait = Math.min(2 * wait, longestPause)) {
      try {
        await pause(wait, undefined, { signal: this.#closed.signal });
      } catch {
        return; // closed meanwhile
      }
      try {
        return await this.#open(this.#position);
      } catch (err) {
        if (!(err instanceof SpacedriveError) || !passing.has(err.code)) {
          throw err;
        }
      }
    }
  }

  /** Keep the place behind a message; return whether it is to be delivered. */
  #note(message: WireMessage): boolean {
    const at = this.#position!;
    if (message.type === "event") {
      const event = message["event"] as Event;
      at.seq = event.seq ?? at.seq;
      if (event.log_seq !== undefined) {
        if (event.log_seq <= this.#logSkip) {
          return false;
        }
        this.#logSeq = event.log_seq;
      }
      return true;
    }
    if (message.type === "gap") {
      const gap = message["gap"] as Gap;
      at.seq = gap.reason === "future" ? this.#start : gap.to ?? at.seq;
      return true;
    }
    if (message.type === "heartbeat") {
      at.seq = Math.max(at.seq, message.seq ?? 0);
      return true;
    }
    return false; // of a later version
  }
}
