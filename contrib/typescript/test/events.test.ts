import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { connect, type Gap } from "../src/index.js";
import { Daemon, next, refused } from "./daemon.js";

test("a state and what follows it", async (t) => {
  const { client } = await Daemon.start(t);
  const { position } = await client.snapshot("libraries.list");
  const library = await client.call("libraries.create", { name: "Home" }, { traceId: "mine" });
  const events = await client.subscribe({ types: ["LibraryCreated", "LibraryOpened"], after: position });
  const message = await next(events);
  assert.ok(message.type === "event" && message.event.type === "LibraryCreated");
  // What follows compiles because the type says what the data is.
  assert.deepEqual([message.event.data.name, message.event.data.path], ["Home", library.path]);
  assert.deepEqual([message.event.seq, message.event.library_id, message.event.trace_id], [position.seq + 1, library.id, "mine"]);
  assert.deepEqual(events.position, { boot_id: position.boot_id, seq: position.seq + 1 });
  events.close();
  assert.ok((await events.next()).done);
});

test("events with a filter", async (t) => {
  const { client } = await Daemon.start(t);
  const one = await client.call("libraries.create", { name: "One" });
  const other = await client.call("libraries.create", { name: "Other" });
  const events = await client.subscribe({ types: ["LibraryRenamed"], filter: { library_id: other.id } });
  for (const { id, name } of [one, other]) await client.call("libraries.rename", { new_name: name + "!" }, { libraryId: id });
  const message = await next(events);
  assert.ok(message.type === "event" && message.event.data.name === "Other!");
  events.close();
  await refused("validation", client.subscribe({ types: ["Nonsense" as never] }));
});

test("heartbeats", async (t) => {
  const { client } = await Daemon.start(t);
  for await (const message of await client.subscribe({ heartbeat: 20 })) {
    assert.equal(message.type, "heartbeat");
    break;
  }
});

test("a slow reader finds gaps and misses nothing else", async (t) => {
  const { client } = await Daemon.start(t);
  const { id } = await client.call("libraries.create", { name: "Home" });
  const lines = await client.subscribe({ types: ["LogMessage"] });
  await Promise.all(Array.from({ length: 6000 }, () => client.call("libraries.session.set_current", {}, { libraryId: id })));
  await client.call("libraries.rename", { new_name: "Last" }, { libraryId: id });
  const gaps: Gap[] = [];
  let expected = 0;
  for await (const message of lines) {
    assert.ok(message.type !== "heartbeat");
    const [first, last] = message.type === "gap" ? [message.gap.log_from!, message.gap.log_to!] : [message.event.log_seq!, message.event.log_seq!];
    assert.equal(first, expected || first);
    expected = last + 1;
    if (message.type === "gap") gaps.push(message.gap);
    else if (message.event.data.fields?.["method"] === "libraries.rename") break;
  }
  assert.ok(gaps.length > 0);
  for (const gap of gaps) assert.equal(gap.reason, "overflow");
});

test("events go on over a broken connection", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  // A relay before the daemon, so that the connection can be cut.
  const cut: Socket[] = [];
  const relay = createServer((near) => {
    const far = dial(daemon.socket);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on("error", () => {});
    cut.push(near, far);
  }).listen(join(daemon.dir, "relay"));
  await once(relay, "listening");
  const through = await connect({ path: join(daemon.dir, "relay") });
  const events = await through.subscribe();
  const lines = await through.subscribe({ types: ["LogMessage"], tail: 1 });
  const { id } = await client.call("libraries.create", { name: "One" });
  const seqs: number[] = [];
  const log: number[] = [];
  const event = async () => {
    const message = await next(events);
    assert.ok(message.type === "event");
    seqs.push(message.event.seq!);
  };
  const line = async () => {
    const message = await next(lines);
    assert.ok(message.type === "event");
    log.push(message.event.log_seq!);
    return message.event.data.fields?.["method"];
  };
  await event();
  await event();
  await line();
  for (const socket of cut) socket.destroy();
  await client.call("libraries.session.set_current", {}, { libraryId: id });
  await client.call("libraries.rename", { new_name: "Two" }, { libraryId: id });
  await event();
  while ((await line()) !== "libraries.rename");
  for (const numbers of [seqs, log]) {
    assert.ok(numbers.length >= 3);
    assert.deepEqual(numbers, numbers.map((_, i) => numbers[0]! + i));
  }
  events.close();
  lines.close();
  await through.close();
  relay.close();
});

test("events go on over a killed daemon", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const { id } = await client.call("libraries.create", { name: "Home" });
  const events = await client.subscribe({ types: ["LibraryRenamed"] });
  const old = events.position.boot_id;
  await daemon.kill();
  await daemon.start();
  const gap = await next(events);
  assert.ok(gap.type === "gap");
  assert.deepEqual(gap.gap, { from: 1, to: events.position.seq, reason: "restarted" });
  assert.notEqual(events.position.boot_id, old);
  const again = await connect({ path: daemon.socket });
  await again.call("libraries.rename", { new_name: "Again" }, { libraryId: id });
  const renamed = await next(events);
  assert.ok(renamed.type === "event" && renamed.event.data.name === "Again");
  events.close();
  await again.close();
});

test("a subscription that may not reconnect ends", async (t) => {
  const { daemon, client } = await Daemon.start(t);
  const events = await client.subscribe({ reconnect: false });
  const killed = await client.subscribe({ reconnect: false });
  await daemon.kill();
  await refused("read_error", killed.next());
  await refused("read_error", events.next());
  await daemon.start();
  const again = await connect({ path: daemon.socket });
  const last = await again.subscribe({ reconnect: false });
  await again.shutdown();
  const types = [];
  for await (const message of last) types.push(message.type === "event" ? message.event.type : message.type);
  assert.deepEqual([types.at(-1), last.reason], ["CoreShutdown", "shutdown"]);
  await again.close();
});

test("whoever waits for a message sees the close", async (t) => {
  const { client } = await Daemon.start(t);
  const events = await client.subscribe();
  const waiting = events.next();
  events.close();
  assert.ok((await waiting).done);
});
