/** The codes of docs/protocol.md, and the client's own for failures before any answer. There may be more one day. */
export type ErrorCode =
  | "invalid_request" | "request_too_large" | "deserialization" | "validation" | "serialization" | "method_not_found"
  | "not_found" | "already_exists" | "conflict" | "operation_failed" | "permission_denied" | "core_unavailable"
  | "protocol_mismatch" | "busy" | "too_many_connections" | "deadline_exceeded" | "cancelled" | "internal"
  | "connection_failed" | "read_error" | "write_error"
  | (string & {});

/** An error as it crosses the socket. */
export interface WireError {
  code: ErrorCode;
  message: string;
  hint?: string;
  details?: Record<string, unknown>;
  retryable: boolean;
}

/** What went wrong, as the daemon says it. */
export class SpacedriveError extends Error {
  readonly code: ErrorCode;
  /** What to do about it, or "". */
  readonly hint: string;
  /** The facts that a program may branch on, such as field or path. */
  readonly details: Record<string, unknown>;
  /** Whether the same call may succeed later as it is. */
  readonly retryable: boolean;

  constructor(wire: WireError, cause?: unknown) {
    super(wire.hint ? `${wire.message} (${wire.hint})` : wire.message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = wire.code;
    this.hint = wire.hint ?? "";
    this.details = wire.details ?? {};
    this.retryable = wire.retryable;
  }
}

/**
 * There was no answer: no daemon (connection_failed), or the connection broke
 * (read_error, write_error). An action may have taken effect.
 */
export class ConnectionError extends SpacedriveError {
  constructor(code: "connection_failed" | "read_error" | "write_error", message: string, hint = "", cause?: unknown) {
    super({ code, message, hint, retryable: false }, cause);
  }
}
