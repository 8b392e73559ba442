// Generated from core.methods by go generate. DO NOT EDIT.

/** A UUID in lower case. */
export type ID = string;

/** A time: RFC 3339, in UTC, up to nanoseconds. `new Date(time)` keeps milliseconds of it. */
export type Time = string;

/** A file's name: text, or base64 of its bytes where they are not UTF-8. See pathBytes. */
export type Path = string | { b64: string };

/** One of some words; a later daemon may know more. */
export type Open<T extends string> = T | (string & {});

/** Every operation, by its short name. */
export interface Operations {
  /** Show what the daemon is doing: connections, calls in flight, subscriptions, goroutines. */
  "core.debug": {
    input: {
      /** the most connections, calls and subscriptions to list, of each: default 100, at most 10,000 */
      limit?: number;
      /** list what the goroutines do, too */
      goroutines?: boolean;
    };
    output: {
      time: Time;
      totals: {
        connections: number;
        /** connections that are about to be told why they are refused */
        refusing: number;
        /** in flight; those that never block are over before they could be counted */
        calls: number;
        subscriptions: number;
      };
      /** those whose reading is held first, then those with most waiting to be written, then the oldest */
      connections: Array<{
        /** counted up from 1 at the daemon's start */
        id: number;
        instance: string;
        since: Time;
        /** json or cbor; left out while nothing has come */
        encoding?: string;
        /** what it called itself in hello, at most 64 bytes */
        client?: string;
        uid: number;
        /** left out where the system does not tell */
        pid?: number;
        /** the name of the process that has the pid now */
        program?: string;
        /** in flight, not answered */
        calls: number;
        /** calls that are answered, and the answer not written */
        answers_waiting: number;
        /** to be written, as soon as the peer reads */
        bytes_waiting: number;
        /** why no more is read: calls, answers or memory */
        held?: string;
        subscriptions: number;
        calls_total: number;
        bytes_read: number;
        bytes_written: number;
      }>;
      /** in flight, the oldest first */
      calls: Array<{
        connection: number;
        /** left out where the system does not tell */
        pid?: number;
        /** the name of the process that has the pid now */
        program?: string;
        id: number;
        method: string;
        trace_id: string;
        /** as the caller gave it */
        library_id?: ID;
        age_ms: number;
        /** until its time runs out, below 0 when it has; left out where none was set */
        timeout_left_ms?: number;
        /** it was told to stop, and has not */
        cancelled: boolean;
      }>;
      /** the furthest behind first */
      subscriptions: Array<{
        connection: number;
        /** left out where the system does not tell */
        pid?: number;
        /** the name of the process that has the pid now */
        program?: string;
        id: number;
        /** none: all but LogMessage */
        event_types: Array<Open<"CoreStarted" | "CoreShutdown" | "LibraryCreated" | "LibraryOpened" | "LibraryClosed" | "LibraryRenamed" | "LibraryDeleted" | "LocationAdded" | "LocationUpdated" | "LocationRemoved" | "EntriesChanged" | "JobUpdate" | "VolumeAdded" | "VolumeUpdated" | "VolumeRemoved" | "DeviceDiscovered" | "DeviceLost" | "DevicePaired" | "DeviceRevoked" | "DeviceConnected" | "DeviceDisconnected" | "PairingUpdate" | "LogMessage">>;
        filter: {
          library_id?: ID;
          location_id?: ID;
          job_id?: ID;
          device_id?: ID;
          path?: Path;
          min_level?: Open<"trace" | "debug" | "info" | "warn" | "error">;
          target?: string;
        };
        /** it reads what is kept, and has not caught up */
        replaying: boolean;
        /** events that wait for it, log lines among them */
        queued: number;
        queued_bytes: number;
        /** by how many numbers it is behind the newest event */
        lag: number;
        /** events */
        delivered: number;
        /** delivered in place of events */
        gaps: number;
        /** events for which later ones stand */
        coalesced: number;
        /** events that the queue had no room for, and that a gap stands for */
        dropped: number;
      }>;
      /** whether there was more than is listed */
      truncated: boolean;
      /** set aside for long requests */
      request_memory: {
        used: number;
        limit: number;
      };
      /** what each instance keeps for replay */
      rings: Array<{
        instance: string;
        /** the newest event's number */
        seq: number;
        /** kept */
        events: number;
        event_capacity: number;
        log_seq: number;
        /** kept */
        log_lines: number;
        log_capacity: number;
      }>;
      runtime: {
        /** the release that built the daemon */
        go: string;
        /** that it may use at once */
        cpus: number;
        goroutines: number;
        /** mapped by the runtime */
        memory: number;
        /** objects, live and not yet collected */
        heap: number;
        /** at which the next collection ends */
        heap_goal: number;
        stacks: number;
        /** collections so far */
        gcs: number;
        /** all pauses so far */
        gc_pause_ms: number;
      };
      /** grouped by stack, as pprof writes it with debug=1 */
      goroutine_dump?: string;
    };
  };
  /** List the operations and the events, with the JSON Schema of each one's input, output or data. */
  "core.methods": {
    input: {
      /** short or full name; left out: all */
      method?: string;
    };
    output: {
      methods: Array<{
        name: string;
        /** full name on the wire */
        method: string;
        /** query or action */
        kind: Open<"query" | "action">;
        /** core or library */
        scope: Open<"core" | "library">;
        /** of scope core, and takes a library_id to work in one library alone */
        library_optional?: boolean;
        help: string;
        /** JSON Schema of the payload */
        input_schema: unknown;
        /** JSON Schema of the result */
        output_schema: unknown;
      }>;
      /** the kinds of job; left out where one operation was asked for */
      jobs?: Array<{
        kind: string;
        help: string;
        /** whether such jobs make room for others */
        background: boolean;
        /** JSON Schema of what such a job is given */
        input_schema: unknown;
        /** JSON Schema of the job's output */
        output_schema: unknown;
      }>;
      /** what this version sends to subscribers; left out where one operation was asked for */
      events?: Array<{
        type: Open<"CoreStarted" | "CoreShutdown" | "LibraryCreated" | "LibraryOpened" | "LibraryClosed" | "LibraryRenamed" | "LibraryDeleted" | "LocationAdded" | "LocationUpdated" | "LocationRemoved" | "EntriesChanged" | "JobUpdate" | "VolumeAdded" | "VolumeUpdated" | "VolumeRemoved" | "DeviceDiscovered" | "DeviceLost" | "DevicePaired" | "DeviceRevoked" | "DeviceConnected" | "DeviceDisconnected" | "PairingUpdate" | "LogMessage">;
        help: string;
        /** the ids that an event may carry besides its data: library_id, location_id, job_id, device_id */
        ids: Array<string>;
        /** JSON Schema of the event's data */
        data_schema: unknown;
      }>;
    };
  };
  /** Show the daemon's counters in the text format of Prometheus. */
  "core.metrics": {
    input: Record<string, never>;
    output: {
      /** in the text exposition format, version 0.0.4 */
      text: string;
    };
  };
  /** Tell how the daemon and this instance are. */
  "core.status": {
    input: Record<string, never>;
    output: {
      version: string;
      pid: number;
      /** this start of the daemon */
      boot_id: ID;
      started_at: Time;
      uptime_ms: number;
      instance: {
        name: string;
        data_dir: Path;
        /** closed, opening, open, failed or closing */
        state: string;
        /** why it could not open */
        error?: string;
      };
      /** every instance of this daemon */
      instances: Array<{
        name: string;
        data_dir: Path;
        /** closed, opening, open, failed or closing */
        state: string;
        /** why it could not open */
        error?: string;
      }>;
      /** who made the socket: systemd, launchd, own or stdio */
      activation: string;
      listeners: Array<{
        instance: string;
        path: Path;
        /** systemd, launchd, own or stdio */
        origin: string;
      }>;
      /** the group whose members may connect besides the daemon's own user and root */
      admit_group?: string;
      libraries: Array<{
        id: ID;
        name: string;
        /** open or failed */
        state: string;
        error?: string;
      }>;
      jobs: {
        running: number;
        queued: number;
        paused: number;
      };
      connections: number;
      subscriptions: {
        count: number;
        gaps: number;
      };
      memory: {
        /** bytes of RAM, as the kernel counts them */
        resident: number;
        /** bytes of live and not yet collected Go objects */
        heap: number;
      };
      /** off, or on */
      network: string;
    };
  };
  /** Show files and folders of the index by their ids or paths. */
  "entries.info": {
    input: {
      /** at most 1,000 */
      ids?: Array<ID>;
      /** absolute; at most 1,000 */
      paths?: Array<Path>;
    };
    output: {
      /** null where the index has no such entry */
      entries: Array<{
        id: ID;
        path: Path;
        name: Path;
        /** folder, symlink, document, image, ... */
        kind: string;
        /** bytes */
        size: number;
        modified_at: Time;
        /** where the file system keeps it */
        created_at?: Time;
        location_id: ID;
        hidden?: boolean;
        /** of a folder: what is below it */
        total?: {
          files: number;
          folders: number;
          /** sizes of all files; one with several names counts for each */
          bytes: number;
          /** bytes taken on the disk; a file with several names counts once */
          disk: number;
          kinds: Record<string, {
            files: number;
            bytes: number;
          }>;
        };
      } | null>;
    };
  };
  /** Scan files and folders once, or rescan a part of a location. */
  "indexing.start": {
    input: {
      /** absolute paths of files and folders, at most 1,000; for persistent, all in one location */
      paths: Array<Path>;
      /** shallow (default) or content */
      mode?: "shallow" | "content";
      /** also names that begin with a dot, below the paths; persistent always reads them */
      include_hidden?: boolean;
      /** ephemeral (default): the result is the job's output alone, and library_id must be left out; persistent: a rescan of a part of a location of the library */
      persistence?: "ephemeral" | "persistent";
    };
    output: {
      job_id: ID;
    };
  };
  /** Cancel a job; what it did so far stays. */
  "jobs.cancel": {
    input: {
      job_id: ID;
    };
    output: {
      id: ID;
      /** one of those under jobs in core.methods */
      kind: string;
      /** queued, running, paused, completed, failed or cancelled */
      status: Open<"queued" | "running" | "paused" | "completed" | "failed" | "cancelled">;
      /** left out for a job of the instance itself */
      library_id?: ID;
      location_id?: ID;
      progress: {
        /** scan, hash, ... */
        phase?: string;
        /** entries */
        done: number;
        total?: number;
        bytes_done?: number;
        bytes_total?: number;
        /** entries a second */
        rate?: number;
        eta_ms?: number;
        /** what is being worked on */
        current?: Path;
      };
      /** why it failed, or why it was paused by the daemon */
      error?: {
        code: string;
        message: string;
        hint?: string;
        details?: Record<string, unknown>;
        retryable: boolean;
      };
      /** how many things could not be done; listed by jobs.info */
      warnings: number;
      /** of the call that started it */
      trace_id?: string;
      created_at: Time;
      started_at?: Time;
      finished_at?: Time;
      /** how long it has run, without the time that it waited or was paused */
      elapsed_ms: number;
      /** why a queued job does not run */
      waiting_for?: {
        reason: Open<"job" | "disk">;
        /** the file or folder in question */
        path?: Path;
        /** the job that it waits for */
        job_id?: ID;
      };
    };
  };
  /** Show a job with its output. */
  "jobs.info": {
    input: {
      job_id: ID;
      /** entries a page: default 100, at most 10,000 */
      limit?: number;
      /** next_cursor of the page before */
      cursor?: string;
    };
    output: {
      id: ID;
      /** one of those under jobs in core.methods */
      kind: string;
      /** queued, running, paused, completed, failed or cancelled */
      status: Open<"queued" | "running" | "paused" | "completed" | "failed" | "cancelled">;
      /** left out for a job of the instance itself */
      library_id?: ID;
      location_id?: ID;
      progress: {
        /** scan, hash, ... */
        phase?: string;
        /** entries */
        done: number;
        total?: number;
        bytes_done?: number;
        bytes_total?: number;
        /** entries a second */
        rate?: number;
        eta_ms?: number;
        /** what is being worked on */
        current?: Path;
      };
      /** why it failed, or why it was paused by the daemon */
      error?: {
        code: string;
        message: string;
        hint?: string;
        details?: Record<string, unknown>;
        retryable: boolean;
      };
      /** how many things could not be done; listed by jobs.info */
      warnings: number;
      /** of the call that started it */
      trace_id?: string;
      created_at: Time;
      started_at?: Time;
      finished_at?: Time;
      /** how long it has run, without the time that it waited or was paused */
      elapsed_ms: number;
      /** why a queued job does not run */
      waiting_for?: {
        reason: Open<"job" | "disk">;
        /** the file or folder in question */
        path?: Path;
        /** the job that it waits for */
        job_id?: ID;
      };
      /** what the job found or did, by kind; null until it has finished */
      output?: unknown;
      /** a page of the warnings; the first 10,000 of a job are kept */
      warning_list: Array<{
        path: Path;
        code: string;
        message: string;
      }>;
      /** for the next page of warnings */
      next_cursor?: string;
    };
  };
  /** List the jobs of the instance, or of one library, newest first. */
  "jobs.list": {
    input: {
      /** only jobs in this state */
      status?: "queued" | "running" | "paused" | "completed" | "failed" | "cancelled";
      /** only jobs of this kind */
      kind?: string;
      /** only these, at most 1,000; unknown ones are left out, and limit is by default as many as are named */
      ids?: Array<ID>;
      /** entries a page: default 100, at most 10,000 */
      limit?: number;
      /** next_cursor of the page before */
      cursor?: string;
    };
    output: {
      jobs: Array<{
        id: ID;
        /** one of those under jobs in core.methods */
        kind: string;
        /** queued, running, paused, completed, failed or cancelled */
        status: Open<"queued" | "running" | "paused" | "completed" | "failed" | "cancelled">;
        /** left out for a job of the instance itself */
        library_id?: ID;
        location_id?: ID;
        progress: {
          /** scan, hash, ... */
          phase?: string;
          /** entries */
          done: number;
          total?: number;
          bytes_done?: number;
          bytes_total?: number;
          /** entries a second */
          rate?: number;
          eta_ms?: number;
          /** what is being worked on */
          current?: Path;
        };
        /** why it failed, or why it was paused by the daemon */
        error?: {
          code: string;
          message: string;
          hint?: string;
          details?: Record<string, unknown>;
          retryable: boolean;
        };
        /** how many things could not be done; listed by jobs.info */
        warnings: number;
        /** of the call that started it */
        trace_id?: string;
        created_at: Time;
        started_at?: Time;
        finished_at?: Time;
        /** how long it has run, without the time that it waited or was paused */
        elapsed_ms: number;
        /** why a queued job does not run */
        waiting_for?: {
          reason: Open<"job" | "disk">;
          /** the file or folder in question */
          path?: Path;
          /** the job that it waits for */
          job_id?: ID;
        };
      }>;
      next_cursor?: string;
    };
  };
  /** Pause a job at its next checkpoint. */
  "jobs.pause": {
    input: {
      job_id: ID;
    };
    output: {
      id: ID;
      /** one of those under jobs in core.methods */
      kind: string;
      /** queued, running, paused, completed, failed or cancelled */
      status: Open<"queued" | "running" | "paused" | "completed" | "failed" | "cancelled">;
      /** left out for a job of the instance itself */
      library_id?: ID;
      location_id?: ID;
      progress: {
        /** scan, hash, ... */
        phase?: string;
        /** entries */
        done: number;
        total?: number;
        bytes_done?: number;
        bytes_total?: number;
        /** entries a second */
        rate?: number;
        eta_ms?: number;
        /** what is being worked on */
        current?: Path;
      };
      /** why it failed, or why it was paused by the daemon */
      error?: {
        code: string;
        message: string;
        hint?: string;
        details?: Record<string, unknown>;
        retryable: boolean;
      };
      /** how many things could not be done; listed by jobs.info */
      warnings: number;
      /** of the call that started it */
      trace_id?: string;
      created_at: Time;
      started_at?: Time;
      finished_at?: Time;
      /** how long it has run, without the time that it waited or was paused */
      elapsed_ms: number;
      /** why a queued job does not run */
      waiting_for?: {
        reason: Open<"job" | "disk">;
        /** the file or folder in question */
        path?: Path;
        /** the job that it waits for */
        job_id?: ID;
      };
    };
  };
  /** Let a paused job go on. */
  "jobs.resume": {
    input: {
      job_id: ID;
    };
    output: {
      id: ID;
      /** one of those under jobs in core.methods */
      kind: string;
      /** queued, running, paused, completed, failed or cancelled */
      status: Open<"queued" | "running" | "paused" | "completed" | "failed" | "cancelled">;
      /** left out for a job of the instance itself */
      library_id?: ID;
      location_id?: ID;
      progress: {
        /** scan, hash, ... */
        phase?: string;
        /** entries */
        done: number;
        total?: number;
        bytes_done?: number;
        bytes_total?: number;
        /** entries a second */
        rate?: number;
        eta_ms?: number;
        /** what is being worked on */
        current?: Path;
      };
      /** why it failed, or why it was paused by the daemon */
      error?: {
        code: string;
        message: string;
        hint?: string;
        details?: Record<string, unknown>;
        retryable: boolean;
      };
      /** how many things could not be done; listed by jobs.info */
      warnings: number;
      /** of the call that started it */
      trace_id?: string;
      created_at: Time;
      started_at?: Time;
      finished_at?: Time;
      /** how long it has run, without the time that it waited or was paused */
      elapsed_ms: number;
      /** why a queued job does not run */
      waiting_for?: {
        reason: Open<"job" | "disk">;
        /** the file or folder in question */
        path?: Path;
        /** the job that it waits for */
        job_id?: ID;
      };
    };
  };
  /** Create a library, or open one that is already at a path. */
  "libraries.create": {
    input: {
      /** 1 to 64 characters of any script, without path separators and control characters */
      name: string;
      /** absolute path of the library's folder; default: below the data folder. A library that is already there is opened */
      path?: Path;
    };
    output: {
      id: ID;
      name: string;
      /** the folder that holds the library's own data */
      path: Path;
      created_at: Time;
      /** open or failed */
      state: string;
      /** why it could not be opened */
      error?: string;
    };
  };
  /** Forget a library, and with delete_data remove its data. */
  "libraries.delete": {
    input: {
      /** remove the library's own data too; the files that it indexes are never touched */
      delete_data?: boolean;
    };
    output: {
      id: ID;
      name: string;
      /** where the data is, or was */
      path: Path;
      data_deleted: boolean;
    };
  };
  /** Show a library and what is in it. */
  "libraries.info": {
    input: Record<string, never>;
    output: {
      id: ID;
      name: string;
      /** the folder that holds the library's own data */
      path: Path;
      created_at: Time;
      /** open or failed */
      state: string;
      /** why it could not be opened */
      error?: string;
      statistics: {
        files: number;
        folders: number;
        bytes: number;
        /** files by kind */
        kinds: Record<string, {
          files: number;
          bytes: number;
        }>;
        locations: number;
        /** bytes that copies of the same content take beyond the first; only content that was hashed counts */
        duplicate_bytes: number;
      };
      schema_version: number;
      /** bytes of the library's own data */
      size_on_disk: number;
    };
  };
  /** List the libraries. */
  "libraries.list": {
    input: Record<string, never>;
    output: {
      libraries: Array<{
        id: ID;
        name: string;
        /** the folder that holds the library's own data */
        path: Path;
        created_at: Time;
        /** open or failed */
        state: string;
        /** why it could not be opened */
        error?: string;
      }>;
    };
  };
  /** Give a library another name. */
  "libraries.rename": {
    input: {
      /** 1 to 64 characters of any script, without path separators and control characters */
      new_name: string;
    };
    output: {
      id: ID;
      name: string;
      /** the folder that holds the library's own data */
      path: Path;
      created_at: Time;
      /** open or failed */
      state: string;
      /** why it could not be opened */
      error?: string;
    };
  };
  /** Show the library that calls on this connection mean when they name none. */
  "libraries.session.current": {
    input: Record<string, never>;
    output: {
      library: {
        id: ID;
        name: string;
        /** the folder that holds the library's own data */
        path: Path;
        created_at: Time;
        /** open or failed */
        state: string;
        /** why it could not be opened */
        error?: string;
      } | null;
    };
  };
  /** Set the library that calls on this connection mean when they name none. */
  "libraries.session.set_current": {
    input: Record<string, never>;
    output: {
      library: {
        id: ID;
        name: string;
        /** the folder that holds the library's own data */
        path: Path;
        created_at: Time;
        /** open or failed */
        state: string;
        /** why it could not be opened */
        error?: string;
      } | null;
    };
  };
  /** Add a folder to a library and index it. */
  "locations.add": {
    input: {
      /** absolute path of a folder */
      path: Path;
      /** default: the folder's name */
      name?: string;
      /** shallow (default) or content */
      mode?: "shallow" | "content";
    };
    output: {
      location: {
        id: ID;
        path: Path;
        name: string;
        mode: Open<"shallow" | "content">;
        state: Open<"online" | "offline" | "scanning">;
        /** why it is offline */
        reason?: string;
        files: number;
        folders: number;
        bytes: number;
        /** when a scan last came to its end */
        last_scan?: Time;
        added_at: Time;
        /** whether changes are noticed as they happen */
        watching: boolean;
      };
      job_id: ID;
    };
  };
  /** List a library's locations. */
  "locations.list": {
    input: {
      /** entries a page: default 100, at most 10,000 */
      limit?: number;
      /** next_cursor of the page before */
      cursor?: string;
    };
    output: {
      locations: Array<{
        id: ID;
        path: Path;
        name: string;
        mode: Open<"shallow" | "content">;
        state: Open<"online" | "offline" | "scanning">;
        /** why it is offline */
        reason?: string;
        files: number;
        folders: number;
        bytes: number;
        /** when a scan last came to its end */
        last_scan?: Time;
        added_at: Time;
        /** whether changes are noticed as they happen */
        watching: boolean;
      }>;
      next_cursor?: string;
    };
  };
  /** Forget a location and its entries; nothing on disk is touched. */
  "locations.remove": {
    input: {
      location_id: ID;
    };
    output: {
      removed_entries: number;
    };
  };
  /** Look for what changed in a location. */
  "locations.rescan": {
    input: {
      location_id: ID;
      /** read every folder and hash every file anew, changed or not */
      full_rescan?: boolean;
    };
    output: {
      job_id: ID;
    };
  };
  /** Find files and folders by name. */
  "search.files": {
    input: {
      query?: string;
      /** default: the whole library */
      scope?: {
        location_id?: ID;
        /** absolute path of a folder: only what is below it */
        path?: Path;
      };
      filters?: {
        /** without the dot, without regard to case; one of them must fit */
        extensions?: Array<string>;
        /** one of them must fit */
        kinds?: Array<string>;
        modified?: {
          from?: Time;
          /** not included */
          to?: Time;
        };
        created?: {
          from?: Time;
          /** not included */
          to?: Time;
        };
        size?: {
          min?: number;
          max?: number;
        };
        /** one of them must fit */
        locations?: Array<ID>;
        /** also entries whose path below the location's root has a part that begins with a dot */
        include_hidden?: boolean;
      };
      /** relevance (default), name, size, modified or created */
      sort?: string;
      /** asc or desc; default: desc for relevance, size and times, asc for name */
      direction?: string;
      /** entries a page: default 100, at most 10,000 */
      limit?: number;
      /** next_cursor of the page before */
      cursor?: string;
    };
    output: {
      hits: Array<{
        entry: {
          id: ID;
          path: Path;
          name: Path;
          /** folder, symlink, document, image, ... */
          kind: string;
          /** bytes */
          size: number;
          modified_at: Time;
          /** where the file system keeps it */
          created_at?: Time;
          location_id: ID;
          hidden?: boolean;
        };
        path: Path;
        /** between 0 and 1; 1 is an exact match of the whole name */
        score: number;
        /** what in the name fits */
        highlights: Array<{
          start: number;
          end: number;
        }>;
      }>;
      /** hits over all pages */
      total: number;
      took_ms: number;
      next_cursor?: string;
    };
  };
}

/** Whether an operation reads or changes. */
export const kinds: { readonly [M in keyof Operations]: "query" | "action" } = {
  "core.debug": "query",
  "core.methods": "query",
  "core.metrics": "query",
  "core.status": "query",
  "entries.info": "query",
  "indexing.start": "action",
  "jobs.cancel": "action",
  "jobs.info": "query",
  "jobs.list": "query",
  "jobs.pause": "action",
  "jobs.resume": "action",
  "libraries.create": "action",
  "libraries.delete": "action",
  "libraries.info": "query",
  "libraries.list": "query",
  "libraries.rename": "action",
  "libraries.session.current": "query",
  "libraries.session.set_current": "action",
  "locations.add": "action",
  "locations.list": "query",
  "locations.remove": "action",
  "locations.rescan": "action",
  "search.files": "query",
};

/** What the events of each type hold. */
export interface EventData {
  /** The daemon has started this instance. */
  CoreStarted: {
    version: string;
    reason?: string;
  };
  /** The daemon is about to stop. */
  CoreShutdown: {
    version: string;
    reason?: string;
  };
  /** A library was created. */
  LibraryCreated: {
    name: string;
    path: Path;
  };
  /** A library was opened. */
  LibraryOpened: {
    name: string;
    path: Path;
  };
  /** A library was closed. */
  LibraryClosed: {
    name: string;
    path: Path;
  };
  /** A library was renamed. */
  LibraryRenamed: {
    name: string;
    path: Path;
  };
  /** A library was removed, with or without its data. */
  LibraryDeleted: {
    name: string;
    path: Path;
  };
  /** A location was added. */
  LocationAdded: {
    path: Path;
    name: string;
    state?: Open<"online" | "offline" | "scanning">;
    reason?: string;
  };
  /** The state of a location changed. */
  LocationUpdated: {
    path: Path;
    name: string;
    state?: Open<"online" | "offline" | "scanning">;
    reason?: string;
  };
  /** A location was removed. */
  LocationRemoved: {
    path: Path;
    name: string;
    state?: Open<"online" | "offline" | "scanning">;
    reason?: string;
  };
  /** Entries of a location were created, modified, moved or deleted. */
  EntriesChanged: {
    /** the location's path */
    location: Path;
    created: number;
    modified: number;
    moved: number;
    deleted: number;
    /** the first 100 */
    paths: Array<Path>;
    /** whether there were more */
    truncated: boolean;
  };
  /** A job changed its status or made progress. */
  JobUpdate: {
    kind: string;
    status: Open<"queued" | "running" | "paused" | "completed" | "failed" | "cancelled">;
    progress: {
      /** scan, hash, ... */
      phase?: string;
      /** entries */
      done: number;
      total?: number;
      bytes_done?: number;
      bytes_total?: number;
      /** entries a second */
      rate?: number;
      eta_ms?: number;
      /** what is being worked on */
      current?: Path;
    };
    error?: {
      code: string;
      message: string;
      hint?: string;
      details?: Record<string, unknown>;
      retryable: boolean;
    };
    /** once completed */
    output?: unknown;
  };
  /** The daemon logged a line. */
  LogMessage: {
    level: Open<"trace" | "debug" | "info" | "warn" | "error">;
    /** the part of the daemon that logged it */
    target: string;
    message: string;
    trace_id?: string;
    fields?: Record<string, unknown>;
  };
}
