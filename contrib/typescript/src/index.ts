/**
 * A client of the spacedrive daemon. Begin with {@link connect}.
 *
 * The protocol stands in docs/protocol.md of the spacedrive repository; what
 * there is to call, and what each event holds, in operations.ts, which
 * go generate writes from the daemon's own schemas.
 */
export { connect, Client } from "./client.js";
export type { Answer, CallOptions, ConnectOptions, Hello, Input, Method, Output } from "./client.js";
export { Subscription } from "./subscription.js";
export type { Event, EventType, Filter, Gap, Message, Position, SubscribeOptions } from "./subscription.js";
export { SpacedriveError, ConnectionError } from "./errors.js";
export type { ErrorCode } from "./errors.js";
export { defaultSocket } from "./connection.js";
export { pathBytes, pathOf } from "./path.js";
export type { EventData, ID, Open, Operations, Path, Time } from "./operations.js";
