import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";

import { Daemon, patience } from "./daemon.js";

// The blocks of the README, which whoever compiled this has put there.
const folder = join(dirname(fileURLToPath(import.meta.url)), "../examples");

test("the examples of the README", async (t) => {
  const { daemon } = await Daemon.start(t);
  const examples = readdirSync(folder).filter((name) => name.endsWith(".js"));
  assert.ok(examples.length >= 5);
  // A reader's daemon knows the libraries already.
  for (const name of [...examples, ...examples]) {
    const env = { ...process.env, SPACEDRIVE_DATA_DIR: daemon.data };
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, name)], { env, timeout: patience });
    assert.ok(stdout, name);
  }
});
