import { createConnection, type Socket } from "node:net";
import { homedir, platform } from "node:os";
import { isAbsolute, join } from "node:path";

import { ConnectionError, SpacedriveError, type WireError } from "./errors.js";

/** The longest message, in bytes without its newline. */
export const maxMessage = (1 << 24) - 1;

/** How long the daemon has for its first answer, in milliseconds. */
const helloTimeout = 3000;

/** A message as it crosses the socket. */
export interface WireMessage {
  type: string;
  id?: number;
  seq?: number;
  payload?: unknown;
  error?: WireError;
  [key: string]: unknown;
}

/** A connection to the daemon, as messages. */
export class Connection {
  readonly #socket: Socket;
  readonly #messages: AsyncGenerator<WireMessage, void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // An error reaches whoever receives; the stream has an event of it besides.
    socket.on("error", () => {});
    this.#messages = messages(socket);
  }

  static open(path: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path });
      const timer = setTimeout(() => socket.destroy(new Error(`not accepted within ${helloTimeout} ms`)), helloTimeout);
      socket.once("error", (err) => {
        clearTimeout(timer);
        reject(noDaemon(path, err));
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error");
        resolve(new Connection(socket));
      });
    });
  }

  send(message: object): void {
    const line = JSON.stringify(message);
    const length = Buffer.byteLength(line);
    if (length > maxMessage) {
      const text = `the message has ${length} bytes; ${maxMessage} are allowed`;
      throw new SpacedriveError({ code: "request_too_large", message: text, retryable: false });
    }
    if (!this.#socket.writable) {
      throw new ConnectionError("write_error", "the connection to the daemon broke");
    }
    this.#socket.write(line + "\n");
  }

  /** Return the next message, or undefined at the end. One caller at a time. */
  async receive(): Promise<WireMessage | undefined> {
    const next = await this.#messages.next();
    return next.done ? undefined : next.value;
  }

  /** Send hello and return its payload. */
  hello(name: string): Promise<unknown> {
    this.send({ type: "hello", client: name, protocol: [1, 1] });
    return this.answer("ok");
  }

  /** Return the payload of the one answer that must come now. */
  async answer(expected: string): Promise<unknown> {
    const timer = setTimeout(() => this.close(new Error(`the daemon did not answer within ${helloTimeout} ms`)), helloTimeout);
    try {
      const message = await this.receive();
      if (message?.type === "error" && message.error) {
        throw new SpacedriveError(message.error);
      }
      if (message?.type !== expected) {
        throw new ConnectionError("read_error", `${expected} was due, and ${message?.type ?? "the end"} came`);
      }
      return message.payload;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Send nothing more: the daemon answers what it has got, and closes. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Close the connection; whoever receives gets the end, or why. */
  close(why?: Error): void {
    this.#socket.destroy(why);
  }
}

async function* messages(socket: Socket): AsyncGenerator<WireMessage, void> {
  let pieces: Buffer[] = []; // of a line that has no end yet
  let size = 0;
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        pieces.push(chunk.subarray(start, end));
        const line = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
        pieces = [];
        size = 0;
        start = end + 1;
        yield JSON.parse(line.toString()) as WireMessage;
      }
      pieces.push(chunk.subarray(start));
      size += chunk.length - start;
      if (size > maxMessage) {
        throw new Error(`a message of more than ${maxMessage} bytes`);
      }
    }
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") {
      throw new ConnectionError("read_error", `the connection to the daemon broke: ${(err as Error).message}`, "", err);
    }
  }
}

function noDaemon(path: string, err: NodeJS.ErrnoException): ConnectionError {
  const fail = (message: string, hint: string) => new ConnectionError("connection_failed", message, hint, err);
  switch (err.code) {
    case "ENOENT":
      return fail(`no daemon: there is no socket ${path}`, "spacedrive start");
    case "ECONNREFUSED":
      return fail(`no daemon: nobody listens on the socket ${path}`, "spacedrive start");
    case "EACCES":
      return fail(`the socket ${path} is another user's`, "connect as its owner");
  }
  return fail(`cannot connect to ${path}: ${err.message}`, "");
}

/** Return the path of the daemon's socket, as docs/protocol.md says where to look. */
export function defaultSocket(instance?: string): string {
  const env = process.env;
  if (env["SPACEDRIVE_SOCKET"]) {
    return env["SPACEDRIVE_SOCKET"];
  }
  const name = instance ?? env["SPACEDRIVE_INSTANCE"] ?? "";
  let data = env["SPACEDRIVE_DATA_DIR"];
  if (!data) {
    let home = env["XDG_DATA_HOME"] ?? "";
    if (!isAbsolute(home)) {
      home = join(homedir(), platform() === "darwin" ? "Library/Application Support" : ".local/share");
    }
    data = join(home, "spacedrive");
  }
  return join(data, "daemon", name === "" || name === "default" ? "daemon.sock" : `daemon-${name}.sock`);
}
