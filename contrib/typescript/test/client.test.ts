import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { platform } from "node:os";
import { test } from "node:test";

import { connect, ConnectionError, defaultSocket, pathBytes, pathOf } from "../src/index.js";
import { Daemon, index, nobody, patience, refused } from "./daemon.js";

test("the default socket is where the document says", (t) => {
  const home = platform() === "darwin" ? "Library/Application Support" : ".local/share";
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  const names = ["HOME", "XDG_DATA_HOME", "SPACEDRIVE_DATA_DIR", "SPACEDRIVE_INSTANCE", "SPACEDRIVE_SOCKET"];
  const kept = names.map((name) => [name, process.env[name]] as const);
  t.after(() => kept.forEach(([name, value]) => set(name, value)));
  for (const [environment, instance, want] of [
    [{}, undefined, `/h/${home}/spacedrive/daemon/daemon.sock`],
    [{}, "work", `/h/${home}/spacedrive/daemon/daemon-work.sock`],
    [{ XDG_DATA_HOME: "/x" }, undefined, "/x/spacedrive/daemon/daemon.sock"],
    [{ XDG_DATA_HOME: "x" }, undefined, `/h/${home}/spacedrive/daemon/daemon.sock`],
    [{ XDG_DATA_HOME: "/x", SPACEDRIVE_DATA_DIR: "/d" }, undefined, "/d/daemon/daemon.sock"],
    [{ SPACEDRIVE_DATA_DIR: "/d", SPACEDRIVE_INSTANCE: "work" }, undefined, "/d/daemon/daemon-work.sock"],
    [{ SPACEDRIVE_DATA_DIR: "/d", SPACEDRIVE_SOCKET: "/s" }, undefined, "/s"],
  ] as const) {
    for (const name of names) set(name, name === "HOME" ? "/h" : (environment as Record<string, string>)[name]);
    assert.equal(defaultSocket(instance), want);
  }
});

test("a path keeps its bytes", () => {
  for (const name of ["plain", "é", "\ufeffmark", "\ufffd"]) {
    assert.equal(pathOf(Buffer.from(name)), name);
    assert.deepEqual(pathBytes(name), Buffer.from(name));
  }
  for (const hex of ["636166e9", "edb3bf", "c3", "f4908080"]) {
    const path = pathOf(Buffer.from(hex, "hex"));
    assert.equal(typeof path, "object");
    assert.equal(pathBytes(path).toString("hex"), hex);
  }
});

test("hello says who answers", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  assert.equal(client.hello.daemon.pid, daemon.process!.pid);
  assert.equal(client.hello.instance.data_dir, daemon.data);
  await client.ping();
});

test("what is not there is said", async (t) => {
  const { daemon } = await Daemon.start(t);
  const gone = await refused("connection_failed", connect({ path: join(daemon.dir, "none") }));
  assert.ok(gone instanceof ConnectionError);
  assert.match(gone.message, /no socket/);
  await daemon.kill();
  assert.match((await refused("connection_failed", connect({ path: daemon.socket }))).message, /nobody listens/);
});

test("a daemon that says nothing is given up", async (t) => {
  const { daemon } = await Daemon.start(t);
  const mute = createServer().listen(join(daemon.dir, "mute"));
  await once(mute, "listening");
  await refused("read_error", connect({ path: join(daemon.dir, "mute") }));
  mute.close();
});

test("calls fail once the daemon is gone", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const library = await client.call("libraries.create", { name: "Home" });
  const lock = await daemon.lock(library);
  const call = refused("read_error", client.call("libraries.rename", { new_name: "x" }, { libraryId: library.id }));
  await client.ping();
  await daemon.kill();
  await call;
  await refused("read_error", client.call("core.status"));
  await lock.release();
});

test("shutdown ends the daemon", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const exit = once(daemon.process!, "exit");
  await client.shutdown();
  assert.deepEqual(await exit, [0, null]);
});

test("errors of each kind", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const { id } = await client.call("libraries.create", { name: "Home" });
  const options = { libraryId: id };
  const unknown = await refused("not_found", client.call("jobs.info", { job_id: nobody }, options));
  assert.equal(unknown.details["job_id"], nobody);
  assert.ok(unknown.hint && !unknown.retryable);
  assert.match((await refused("method_not_found", client.request("query", "core.stutas"))).hint, /core\.status/);
  await refused("method_not_found", client.request("action", "core.status"));
  assert.equal((await refused("deserialization", client.request("query", "jobs.info", { job_id: 5 }, options))).details["field"], "job_id");
  assert.equal((await refused("validation", client.call("libraries.create", { name: "" }))).details["field"], "name");
  await refused("already_exists", client.call("libraries.create", { name: "Home" }));
  await refused("operation_failed", client.call("libraries.create", { name: "x", path: "/dev/null" }));
  if (process.getuid!() === 0 && platform() === "linux") {
    await refused("permission_denied", client.call("libraries.create", { name: "x", path: "/sys/kernel/x" }));
  }
  const root = daemon.tree(Buffer.from("in/file"));
  const location = await index(client, { id } as never, pathOf(root));
  const conflict = await refused("conflict", client.call("locations.add", { path: pathOf(root) + "/in" }, options));
  assert.equal(conflict.details["location_id"], location.id);
  await refused("request_too_large", client.call("search.files", { query: "x".repeat(1 << 24) }, options));
  await refused("invalid_request", client.request("query", "core.status", "\ud800"));
  await client.ping(); // which goes on
});

test("refusals of what this client never sends", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const answers = async (bytes: string) => {
    const socket = createConnection({ path: daemon.socket });
    socket.on("error", () => {}); // the daemon does not read it all
    socket.end(bytes);
    let text = "";
    for await (const chunk of socket) text += chunk;
    return text.trim().split("\n").map((line) => JSON.parse(line).error.code as string);
  };
  assert.deepEqual(await answers("GET / HTTP/1.1\n"), ["invalid_request"]);
  assert.deepEqual(await answers("{" + " ".repeat(1 << 24)), ["request_too_large"]);
  assert.deepEqual(await answers('{"type":"hello","protocol":[2,9]}\n{"type":"ping","x":1}\n'), ["protocol_mismatch", "invalid_request"]);
  await client.close();
  await daemon.kill();
  writeFileSync(daemon.config, "[limits]\nconnections = 1\n");
  await daemon.start();
  for (const deadline = Date.now() + patience; ; ) {
    // The connection of start may take a moment to be gone.
    try {
      const only = await connect({ path: daemon.socket });
      const error = await refused("too_many_connections", connect({ path: daemon.socket }));
      assert.ok(error.retryable);
      await only.close();
      break;
    } catch (err) {
      if (err instanceof assert.AssertionError || Date.now() > deadline) throw err;
    }
  }
});

test("a call that is aborted, and one whose time runs out", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const library = await client.call("libraries.create", { name: "Home" });
  const lock = await daemon.lock(library);
  const abort = new AbortController();
  const rename = (options: object) => client.call("libraries.rename", { new_name: "x" }, { libraryId: library.id, ...options });
  const stopped = refused("cancelled", rename({ signal: abort.signal }));
  const overdue = refused("deadline_exceeded", rename({ timeout: 50 }));
  await client.ping();
  abort.abort(new Error("enough"));
  for (const over = Date.now() + 500; Date.now() < over; ) await client.ping();
  await lock.release();
  assert.equal(((await stopped).cause as Error).message, "enough");
  await overdue;
  assert.equal((await client.call("libraries.info", {}, { libraryId: library.id })).name, "Home");
  await refused("cancelled", rename({ signal: abort.signal }));
  // Aborting what is over does nothing.
  const late = new AbortController();
  await client.call("core.status", {}, { signal: late.signal });
  late.abort();
  await client.ping();
});

test("a thousand calls at once", async (t) => {
  const { client } = await Daemon.start(t);
  const calls = Array.from({ length: 1000 }, async (_, i) => {
    const error = await refused("not_found", client.call("core.methods", { method: `m${i}` }));
    assert.equal(error.details["method"], `m${i}`);
  });
  await Promise.all(calls);
});

test("half-close loses no answer", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const calls = Array.from({ length: 100 }, () => client.call("core.status"));
  await client.finish();
  for (const status of await Promise.all(calls)) {
    assert.equal(status.pid, daemon.process!.pid);
  }
});

test("large requests and answers", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const library = await client.call("libraries.create", { name: "Home" });
  const options = { libraryId: library.id };
  assert.deepEqual((await client.call("search.files", { query: "x".repeat(1 << 20) }, options)).hits, []);
  // 10,000 entries whose paths alone outgrow a message; 3,000 do not.
  const root = daemon.tree();
  const deep = join(root.toString(), ...["a", "b", "c", "d"].map((c) => c.repeat(250)));
  mkdirSync(deep, { recursive: true });
  for (let i = 0; i < 10_000; i++) closeSync(openSync(join(deep, String(i)), "w"));
  await index(client, library, pathOf(root));
  const { hits } = await client.call("search.files", { limit: 3000 }, options);
  assert.equal(hits.length, 3000);
  assert.ok(JSON.stringify(hits).length > 6_000_000);
  // A page ends before it outgrows a message.
  const page = await client.call("search.files", { limit: 10_000 }, options);
  assert.ok(page.hits.length < 10_000 && page.next_cursor);
});

test("paths that are not UTF-8", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const library = await client.call("libraries.create", { name: "Home" });
  const options = { libraryId: library.id };
  const name = Buffer.from("bad\xff", "latin1");
  const folder = Buffer.concat([daemon.tree(Buffer.concat([Buffer.from("caf\xe9/", "latin1"), name])), Buffer.from("/caf\xe9", "latin1")]);
  const location = await index(client, library, pathOf(folder));
  assert.deepEqual(pathBytes(location.path), folder);
  const { hits } = await client.call("search.files", { query: "bad", scope: { path: location.path } }, options);
  assert.equal(hits.length, 1);
  assert.deepEqual(pathBytes(hits[0]!.entry.name), name);
  assert.equal(readFileSync(pathBytes(hits[0]!.path), "latin1"), "caf\xe9/bad\xff");
  const conflict = await refused("conflict", client.call("locations.add", { path: location.path }, options));
  assert.deepEqual(conflict.details["path"], location.path);
});
