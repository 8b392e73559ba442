/**
 * Writes operations.ts from what a daemon tells of itself by core.methods:
 *
 *     node dist/src/generate.js FILE
 *
 * It knows of JSON Schema what the daemon's schemas use, and refuses the rest.
 */
import { writeFile } from "node:fs/promises";

import { Connection, defaultSocket } from "./connection.js";

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  enum?: string[];
  format?: string;
  description?: string;
  minimum?: number;
}

interface Description {
  methods: { name: string; kind: string; scope: string; help: string; input_schema: Schema; output_schema: Schema }[];
  events: { type: string; help: string; data_schema: Schema }[];
}

const head = `// Written by generate.ts from core.methods. Do not edit: npm run generate.

/** A UUID in lower case. */
export type ID = string;

/** A time: RFC 3339, in UTC, up to nanoseconds. \`new Date(time)\` keeps milliseconds of it. */
export type Time = string;

/** A file's name: text, or base64 of its bytes where they are not UTF-8. See pathBytes. */
export type Path = string | { b64: string };

/** One of some words; a later daemon may know more. */
export type Open<T extends string> = T | (string & {});
`;

/** What a path's schema says where nothing more is to be said. */
const ofPath = "a file's name: text, or base64 of its bytes where they are not UTF-8";

/** What the keys of a schema that type knows are; another would change what it means. */
const known = new Set(["type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "format", "description", "minimum"]);

class Writer {
  /** Inputs are checked by the daemon; outputs may hold more than this version knows. */
  constructor(readonly input: boolean) {}

  type(schema: Schema, indent: string): string {
    for (const key of Object.keys(schema)) {
      if (!known.has(key)) {
        throw new Error(`no type for the key ${key} of ${JSON.stringify(schema)}`);
      }
    }
    if (schema.anyOf) {
      return path(schema);
    }
    if (Array.isArray(schema.type)) {
      return schema.type.map((type) => this.type({ ...schema, type }, indent)).reverse().join(" | ");
    }
    switch (schema.type) {
      case undefined:
        return "unknown";
      case "null":
      case "boolean":
        return schema.type;
      case "integer":
      case "number":
        return "number";
      case "string":
        return this.string(schema);
      case "array":
        return `Array<${this.type(schema.items ?? {}, indent)}>`;
      case "object":
        return this.object(schema, indent);
    }
    throw new Error(`no type for ${JSON.stringify(schema)}`);
  }

  string(schema: Schema): string {
    if (schema.enum) {
      const words = schema.enum.map((word) => JSON.stringify(word)).join(" | ");
      return this.input ? words : `Open<${words}>`;
    }
    return { uuid: "ID", "date-time": "Time" }[schema.format ?? ""] ?? "string";
  }

  object(schema: Schema, indent: string): string {
    const more = schema.additionalProperties;
    const properties = Object.entries(schema.properties ?? {});
    if (properties.length === 0) {
      return typeof more === "object" ? `Record<string, ${this.type(more, indent)}>` : `Record<string, ${more === false ? "never" : "unknown"}>`;
    }
    const inner = indent + "  ";
    const lines = properties.flatMap(([name, property]) => {
      const optional = schema.required?.includes(name) ? "" : "?";
      const line = `${inner}${name}${optional}: ${this.type(property, inner)};`;
      const text = property.description;
      return text && text !== ofPath ? [`${inner}/** ${text.replaceAll("*/", "* /")} */`, line] : [line];
    });
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
}

/** The one choice that there is: a path. */
function path(schema: Schema): string {
  if (schema.anyOf?.length === 2 && schema.anyOf[0]?.type === "string" && schema.anyOf[1]?.properties?.["b64"]) {
    return "Path";
  }
  throw new Error(`no type for ${JSON.stringify(schema)}`);
}

function operations({ methods, events }: Description): string {
  const input = new Writer(true);
  const output = new Writer(false);
  const lines = [head, "/** Every operation, by its short name. */", "export interface Operations {"];
  for (const m of methods) {
    lines.push(`  /** ${m.help}. */`, `  ${JSON.stringify(m.name)}: {`);
    lines.push(`    input: ${input.type(m.input_schema, "    ")};`, `    output: ${output.type(m.output_schema, "    ")};`, "  };");
  }
  lines.push("}", "", "/** Whether an operation reads or changes. */");
  lines.push("export const kinds: { readonly [M in keyof Operations]: \"query\" | \"action\" } = {");
  for (const m of methods) {
    lines.push(`  ${JSON.stringify(m.name)}: ${JSON.stringify(m.kind)},`);
  }
  lines.push("};", "", "/** What the events of each type hold. */", "export interface EventData {");
  for (const e of events) {
    lines.push(`  /** ${e.help}. */`, `  ${e.type}: ${output.type(e.data_schema, "  ")};`);
  }
  lines.push("}", "");
  return lines.join("\n");
}

/** Without operations.ts, which may not be there yet. */
async function describe(): Promise<Description> {
  const connection = await Connection.open(defaultSocket());
  connection.send({ type: "query", id: 1, method: "core.methods" });
  const payload = await connection.answer("ok");
  connection.close();
  return payload as Description;
}

const [file] = process.argv.slice(2);
if (!file) {
  throw new Error("usage: generate.js FILE");
}
await writeFile(file, operations(await describe()));
