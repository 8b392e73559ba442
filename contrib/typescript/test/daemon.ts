/** A daemon for a test: the program SPACEDRIVED, in a folder of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import assert from "node:assert/strict";
import type { TestContext } from "node:test";

import { connect, SpacedriveError, type Client, type Output } from "../src/index.js";

export const patience = 60_000; // ms, for what must happen; nothing is timed
export const nobody = "01890000-0000-7000-8000-000000000000";

export type Library = Output<"libraries.create">;

export class Daemon {
  readonly dir = mkdtempSync(join(tmpdir(), "sd"));
  readonly data = join(this.dir, "data");
  readonly socket = join(this.data, "daemon", "daemon.sock");
  readonly config = join(this.dir, "config.toml");
  process: ChildProcess | undefined;

  /** A daemon that runs, and a client of it, until the test's end. */
  static async start(t: TestContext): Promise<{ daemon: Daemon; client: Client }> {
    const daemon = new Daemon();
    await daemon.start();
    const client = await connect({ path: daemon.socket });
    t.after(async () => {
      await client.close();
      await daemon.kill();
      rmSync(daemon.dir, { recursive: true });
    });
    return { daemon, client };
  }

  async start(): Promise<void> {
    const args = ["--data-dir", this.data, "--config", this.config];
    this.process = spawn(process.env["SPACEDRIVED"]!, args, { stdio: "ignore" });
    await Daemon.answers(this.socket);
  }

  /** Wait until a daemon answers on the socket. */
  static async answers(path: string): Promise<void> {
    for (const deadline = Date.now() + patience; ; await pause(5)) {
      try {
        return await (await connect({ path })).close();
      } catch (err) {
        if (Date.now() > deadline) throw err;
      }
    }
  }

  async kill(): Promise<void> {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGKILL");
      await once(this.process, "exit");
    }
  }

  /** Make files, and return the bytes of their folder's path. */
  tree(...names: Buffer[]): Buffer {
    const root = Buffer.from(mkdtempSync(join(this.dir, "tree")));
    for (const name of names) {
      const path = Buffer.concat([root, Buffer.from("/"), name]);
      mkdirSync(Buffer.from(dirname(path.toString("latin1")), "latin1"), { recursive: true });
      writeFileSync(path, name);
    }
    return root;
  }

  /** Hold the place of a library's only writer until released. */
  async lock(library: Library): Promise<{ release(): Promise<void> }> {
    const database = join(String(library.path), "library.db");
    const holder = spawn(process.env["HOLDER"]!, [], { env: { HOLD: database }, stdio: ["pipe", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    return {
      async release() {
        holder.stdin.end();
        await once(holder, "exit");
      },
    };
  }
}

/** Assert that an operation fails with a code, and return the error. */
export async function refused(code: string, result: Promise<unknown>): Promise<SpacedriveError> {
  try {
    await result;
  } catch (err) {
    assert.ok(err instanceof SpacedriveError, String(err));
    assert.equal(err.code, code, err.message);
    return err;
  }
  assert.fail(`no ${code}`);
}

/** The next message, which must come. */
export async function next<T>(events: { next(): Promise<IteratorResult<T, undefined>> }): Promise<T> {
  const timer = setTimeout(() => assert.fail("nothing came"), patience);
  const result = await events.next();
  clearTimeout(timer);
  assert.ok(!result.done, "the end came");
  return result.value;
}

/** Add a location and wait until it is indexed. */
export async function index(client: Client, library: Library, path: Output<"locations.add">["location"]["path"]) {
  const events = await client.subscribe({ types: ["JobUpdate"] });
  const { location, job_id } = await client.call("locations.add", { path }, { libraryId: library.id });
  for await (const message of events) {
    if (message.type === "event" && message.event.job_id === job_id && ["completed", "failed"].includes(message.event.data.status)) {
      assert.equal(message.event.data.status, "completed");
      break;
    }
  }
  return location;
}
