import type { Path } from "./operations.js";

/**
 * Return the bytes of a path. Node's fs functions take them as they are; the
 * text of a path that is not UTF-8 would be another file's name.
 */
export function pathBytes(path: Path): Buffer {
  return typeof path === "string" ? Buffer.from(path) : Buffer.from(path.b64, "base64");
}

/** Return the path with these bytes, such as fs.readdir with encoding "buffer" gives. */
export function pathOf(bytes: Uint8Array): Path {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { b64: Buffer.from(bytes).toString("base64") };
  }
}
