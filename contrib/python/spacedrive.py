"""A client of the spacedrive daemon: one file, the standard library alone.

    import spacedrive

    with spacedrive.connect() as daemon:
        print(daemon.call("core.status")["version"])
        for message in daemon.subscribe(["JobUpdate"]):
            print(message)

connect returns a Client, which is one connection. Any number of threads may
call on it at once. When the connection breaks, calls raise an Error with the
code read_error, and connect makes a new one: what a connection remembers, such
as its current library, is never lost unseen. A Subscription has a connection
of its own, which it does make anew.

What crosses the socket becomes Python like this, and the same way back:

    path   str, with surrogateescape where its bytes are not UTF-8, as
           os.fsdecode has it: open(), os.path and pathlib take it as it is.
           path_bytes returns the bytes. bytes and os.PathLike may be sent too.
    id     uuid.UUID. Text will do for library_id, and in a payload under the
           key id or one that ends in _id.
    time   Time, a datetime in UTC with a nanosecond beside its microsecond.
           Any datetime that has a time zone may be sent.

The protocol stands in docs/protocol.md of the spacedrive repository.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import datetime
import itertools
import json
import math
import os
import re
import select
import socket
import struct
import sys
import threading
import time
import uuid
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, NoReturn, Optional, Tuple, Union

__all__ = [
    "connect", "Client", "Call", "Subscription", "Position", "Event", "Gap", "Heartbeat",
    "Error", "Time", "path_bytes", "default_socket", "cbor_encode", "cbor_decode",
]

MAX_FRAME = (1 << 24) - 1
MAX_NESTING = 32
HELLO_TIMEOUT = 3.0  # seconds; a daemon that says nothing for so long is stuck
GRACE = 5.0  # seconds that the daemon has beyond a call's timeout to say so

Payload = Dict[str, Any]


class Error(Exception):
    """What went wrong: from the daemon, or before it answered.

    code is one of the table in docs/protocol.md, or connection_failed,
    read_error or write_error, where there was no answer. A call that fails
    with one of the last two may have taken effect.
    """

    def __init__(self, code: str, message: str, hint: str = "",
                 details: Optional[Payload] = None, retryable: bool = False) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details: Payload = details or {}
        self.retryable = retryable

    @classmethod
    def _of(cls, wire: Payload) -> Error:
        return cls(wire.get("code", "internal"), wire.get("message", ""), wire.get("hint", ""),
                   wire.get("details"), wire.get("retryable", False))

    def _again(self) -> Error:
        """A copy: an exception that is raised twice gathers tracebacks."""
        return Error(self.code, self.message, self.hint, self.details, self.retryable)


# ---- values

class Time(datetime.datetime):
    """A datetime in UTC that keeps the daemon's nanoseconds.

    nanosecond, 0 to 999, is what comes after microsecond; comparing and
    calculating leave it out, as datetime knows no such thing.
    """

    nanosecond: int = 0

    @classmethod
    def parse(cls, text: str) -> Time:
        """Read RFC 3339."""
        match = _TIME.match(text)
        if not match:
            raise ValueError(f"{text!r} is no time")
        fraction = (match[2] or "").ljust(9, "0")
        zone = match[3].upper().replace("Z", "+00:00")
        when = datetime.datetime.fromisoformat(match[1].replace("t", "T") + zone).astimezone(datetime.timezone.utc)
        time = cls(when.year, when.month, when.day, when.hour, when.minute, when.second,
                   int(fraction[:6]), tzinfo=datetime.timezone.utc)
        time.nanosecond = int(fraction[6:9])
        return time


_TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def _time_text(time: datetime.datetime) -> str:
    if time.tzinfo is None:
        raise ValueError(f"{time!r} has no time zone")
    utc = time.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return f"{utc.isoformat(timespec='microseconds')}{getattr(time, 'nanosecond', 0):03d}Z"


def path_bytes(path: Union[str, bytes, os.PathLike[Any]]) -> bytes:
    """Return the bytes of a path."""
    path = os.fspath(path)
    return path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")


def _path_text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _names_id(key: str) -> bool:
    return key == "id" or key.endswith("_id") and key != "trace_id"


def _names_time(key: str) -> bool:
    return key == "time" or key.endswith("_at") or key == "last_scan"


def _from_wire(value: Any, key: str = "") -> Any:
    """Return a decoded value as Python has it. The key under which it stands
    tells ids from paths: both are byte strings in CBOR."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("b64"), str):
            return _path_text(base64.b64decode(value["b64"], validate=True))
        return {k: _from_wire(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_from_wire(v, key) for v in value]
    if isinstance(value, bytes):
        return uuid.UUID(bytes=value) if len(value) == 16 and _names_id(key) else _path_text(value)
    if isinstance(value, str):
        if _names_id(key) and _UUID.match(value):
            return uuid.UUID(value)
        if _names_time(key) and _TIME.match(value):
            return Time.parse(value)
    return value


def _to_wire(value: Any, binary: bool, key: str = "") -> Any:
    """Return a value in JSON's terms, or where binary in CBOR's."""
    if isinstance(value, str):
        if binary and _names_id(key) and _UUID.match(value):
            return uuid.UUID(value).bytes
        try:
            value.encode()
            return value
        except UnicodeEncodeError:  # a path, or not to be sent at all
            return _to_wire(path_bytes(value), binary)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        for k in value:
            if not isinstance(k, str):
                raise TypeError(f"the key {k!r} is not text")
        return {k: _to_wire(v, binary, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_wire(v, binary, key) for v in value]
    if isinstance(value, uuid.UUID):
        return value.bytes if binary else str(value)
    if isinstance(value, datetime.datetime):
        return _time_text(value)
    if isinstance(value, (bytes, os.PathLike)):
        name = path_bytes(value)
        try:
            return name.decode()
        except UnicodeDecodeError:
            return name if binary else {"b64": base64.b64encode(name).decode()}
    raise TypeError(f"{type(value).__name__} cannot be sent")


# ---- CBOR, RFC 8949: as much of it as the protocol has

def cbor_encode(value: Any) -> bytes:
    """Encode None, bool, int, float, bytes, str, list, tuple and dict in the
    shortest form (RFC 8949, section 4.2)."""
    out = bytearray()
    _put(out, value)
    return bytes(out)


def _put_head(out: bytearray, major: int, n: int) -> None:
    if n < 24:
        out.append(major << 5 | n)
        return
    for info, form in enumerate((">B", ">H", ">I", ">Q"), 24):
        if n < 1 << 8 * struct.calcsize(form):
            out.append(major << 5 | info)
            out += struct.pack(form, n)
            return
    raise ValueError("the integer has more than 64 bits")


def _put(out: bytearray, value: Any) -> None:
    if value is None or isinstance(value, bool):
        out.append({False: 0xF4, True: 0xF5, None: 0xF6}[value])
    elif isinstance(value, int):
        _put_head(out, 0 if value >= 0 else 1, value if value >= 0 else -1 - value)
    elif isinstance(value, float):
        _put_float(out, value)
    elif isinstance(value, bytes):
        _put_head(out, 2, len(value))
        out += value
    elif isinstance(value, str):
        text = value.encode()
        _put_head(out, 3, len(text))
        out += text
    elif isinstance(value, (list, tuple)):
        _put_head(out, 4, len(value))
        for item in value:
            _put(out, item)
    elif isinstance(value, dict):
        _put_head(out, 5, len(value))
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is not text")
            _put(out, key)
            _put(out, item)
    else:
        raise TypeError(f"{type(value).__name__} has no form in CBOR")


def _put_float(out: bytearray, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be sent")
    for initial, form in ((0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d")):
        try:
            packed = struct.pack(form, value)
        except OverflowError:
            continue
        if struct.unpack(form, packed)[0] == value:
            out.append(initial)
            out += packed
            return


def cbor_decode(data: bytes) -> Any:
    """Decode one item, which is all of data. What the protocol does not allow
    is a ValueError: indefinite lengths, tags, simple values but false, true,
    null and undefined, keys that are not text or stand twice, NaN, infinities."""
    value, end = _take(data, 0, 1)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes are left over")
    return value


def _take(data: bytes, at: int, depth: int) -> Tuple[Any, int]:
    initial = _cut(data, at, 1)[0]
    at += 1
    major, info = initial >> 5, initial & 31
    argument, n = b"", info
    if 24 <= info <= 27:
        argument = _cut(data, at, 1 << info - 24)
        at += len(argument)
        n = int.from_bytes(argument, "big")
    elif info > 27:
        raise ValueError(f"byte 0x{initial:02x}: no length, or an indefinite one")
    if major == 0:
        return n, at
    if major == 1:
        return -1 - n, at
    if major in (2, 3):
        content = _cut(data, at, n)
        return (content if major == 2 else content.decode()), at + n
    if major == 6:
        raise ValueError("a tag")
    if major == 7:
        return _simple(info, argument), at
    if depth > MAX_NESTING:
        raise ValueError(f"nested deeper than {MAX_NESTING} levels")
    if n > len(data) - at:
        raise ValueError("cut off")
    if major == 4:
        items: List[Any] = []
        for _ in range(n):
            item, at = _take(data, at, depth + 1)
            items.append(item)
        return items, at
    pairs: Payload = {}
    for _ in range(n):
        key, at = _take(data, at, depth + 1)
        if not isinstance(key, str) or key in pairs:
            raise ValueError(f"the key {key!r} is not text, or stands twice")
        pairs[key], at = _take(data, at, depth + 1)
    return pairs, at


def _cut(data: bytes, at: int, n: int) -> bytes:
    if n > len(data) - at:
        raise ValueError("cut off")
    return data[at:at + n]


def _simple(info: int, argument: bytes) -> Any:
    if info in _SIMPLE:
        return _SIMPLE[info]
    form = {25: ">e", 26: ">f", 27: ">d"}.get(info)
    if form is None:
        raise ValueError(f"simple value {argument[0] if argument else info}")
    value: float = struct.unpack(form, argument)[0]
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return value


_SIMPLE = {20: False, 21: True, 22: None, 23: None}


# ---- one connection, as messages

class _Stream:
    """Sends and receives messages. One thread may receive; whoever sends
    holds a lock of its own."""

    def __init__(self, path: Union[str, bytes], encoding: str) -> None:
        if encoding not in ("json", "cbor"):
            raise ValueError(f"encoding is {encoding!r}: json or cbor")
        self.binary = encoding == "cbor"
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that hold no newline
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(HELLO_TIMEOUT)
            self._socket.connect(path)
            self._socket.settimeout(None)
        except OSError as err:
            self._socket.close()
            raise _no_daemon(path, err) from err

    def send(self, message: Payload) -> None:
        if self.binary:
            body = cbor_encode(_to_wire(message, True))
            frame = struct.pack(">I", len(body)) + body
        else:
            text = json.dumps(_to_wire(message, False), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            body = text.encode()
            frame = body + b"\n"
        if len(body) > MAX_FRAME:
            raise Error("request_too_large", f"the message has {len(body)} bytes; {MAX_FRAME} are allowed")
        try:
            self._socket.sendall(frame)
        except OSError as err:
            raise Error("write_error", f"cannot send to the daemon: {err}") from err
        except BaseException:  # such as KeyboardInterrupt: half a message may have gone
            self.hang_up()
            raise

    def receive(self, timeout: Optional[float] = None) -> Optional[Payload]:
        """Return the next message, or None at the end. Raises TimeoutError."""
        while True:
            frame = self._frame()
            if frame is not None:
                try:
                    text = cbor_decode(frame) if self.binary else json.loads(frame, parse_constant=_no_constant)
                    message: Payload = _from_wire(text)
                    message["type"]
                    return message
                except (ValueError, TypeError, KeyError) as err:
                    raise Error("read_error", f"the daemon sent no message: {err}") from err
            try:
                if timeout is not None:
                    poll = select.poll()
                    poll.register(self._socket, select.POLLIN)
                    if not poll.poll(max(0.0, timeout) * 1000):
                        raise TimeoutError(f"nothing came within {timeout} s")
                piece = self._socket.recv(1 << 18)
            except TimeoutError:
                raise
            except (OSError, ValueError) as err:
                raise Error("read_error", f"the connection to the daemon broke: {err}") from err
            if not piece:
                return None
            self._buffer += piece

    def _frame(self) -> Optional[bytes]:
        if self.binary:
            if len(self._buffer) < 4:
                return None
            (n,) = struct.unpack_from(">I", self._buffer)
            start, end, after = 4, 4 + n, 4 + n
        else:
            end = self._buffer.find(b"\n", self._searched)
            self._searched = 0 if end >= 0 else len(self._buffer)
            n = end if end >= 0 else len(self._buffer)
            start, after = 0, end + 1
        if n > MAX_FRAME:
            raise Error("read_error", f"the daemon sent a message of more than {MAX_FRAME} bytes")
        if end < 0 or end > len(self._buffer):
            return None
        frame = bytes(self._buffer[start:end])
        del self._buffer[:after]
        return frame

    def hello(self, name: str) -> Payload:
        self.send({"type": "hello", "client": name, "protocol": [1, 1]})
        return self.answer("ok")

    def answer(self, expected: str) -> Payload:
        """Return the payload of the one answer that must come now."""
        try:
            message = self.receive(HELLO_TIMEOUT)
        except TimeoutError as err:
            raise Error("read_error", f"the daemon did not answer within {HELLO_TIMEOUT:g} s",
                        "systemctl --user status spacedrive, or spacedrive doctor, may say why") from err
        if message is None:
            raise Error("read_error", "the daemon closed the connection without an answer")
        if message["type"] == "error":
            raise Error._of(message.get("error", {}))
        if message["type"] != expected:
            raise Error("read_error", f"{expected} was due, and {message['type']} came")
        payload: Payload = message.get("payload", {})
        return payload

    def half_close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # broken already, which whoever receives finds out

    def hang_up(self) -> None:
        """End the connection. Whoever receives gets the end."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        self._socket.close()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _no_daemon(path: Union[str, bytes], err: OSError) -> Error:
    where = os.fsdecode(path)
    if isinstance(err, FileNotFoundError):
        text, hint = f"no daemon: there is no socket {where!r}", "spacedrive start"
    elif isinstance(err, PermissionError):
        text, hint = f"the socket {where!r} is another user's", "connect as its owner"
    elif isinstance(err, ConnectionRefusedError):
        text, hint = f"no daemon: nobody listens on the socket {where!r}", "spacedrive start"
    else:
        text, hint = f"cannot connect to {where!r}: {err}", ""
    return Error("connection_failed", text, hint, {"path": where})


def default_socket(instance: Optional[str] = None) -> str:
    """Return the path of the daemon's socket: SPACEDRIVE_SOCKET, or the place
    in the data folder."""
    instance = instance or os.environ.get("SPACEDRIVE_INSTANCE") or "default"
    if os.environ.get("SPACEDRIVE_SOCKET"):
        return os.environ["SPACEDRIVE_SOCKET"]
    data = os.environ.get("SPACEDRIVE_DATA_DIR")
    if not data:
        home = os.environ.get("XDG_DATA_HOME", "")
        if not os.path.isabs(home):
            home = os.path.expanduser("~/Library/Application Support" if sys.platform == "darwin" else "~/.local/share")
        data = os.path.join(home, "spacedrive")
    return os.path.join(data, "daemon", "daemon.sock" if instance == "default" else f"daemon-{instance}.sock")


# ---- calls

class Position(NamedTuple):
    """A place in an instance's events: after event seq of the daemon start boot_id."""

    boot_id: uuid.UUID
    seq: int


class Call:
    """A call on its way. Client.start makes one."""

    def __init__(self, client: Client, id: int, timeout: Optional[float]) -> None:
        self.id = id
        self._client = client
        self._timeout = timeout
        self._done = threading.Event()
        self._answer: Payload = {}
        self._error: Optional[Error] = None

    @property
    def done(self) -> bool:
        """Whether result will return at once."""
        return self._done.is_set()

    def result(self) -> Any:
        """Return the answer's payload, waiting for it; raises Error."""
        if not self._done.wait(None if self._timeout is None else self._timeout + GRACE):
            raise Error("deadline_exceeded", "the daemon did not answer in time, nor said that the time is over")
        if self._error:
            raise self._error._again()
        return self._answer.get("payload")

    @property
    def position(self) -> Position:
        """The place in the events from which on the result, once it is here,
        may be out of date: subscribe(after=call.position) misses nothing."""
        self.result()
        return Position(self._client.boot_id, self._answer["seq"])

    def cancel(self) -> bool:
        """Ask the daemon to stop the call; return whether it was still running.
        Then result raises cancelled, or returns what had been done already."""
        return bool(self._client._ask({"type": "cancel", "target": self.id}).get("found"))

    def _finish(self, answer: Payload) -> None:
        if answer["type"] == "error":
            self._error = Error._of(answer.get("error", {}))
        self._answer = answer
        self._done.set()


class Client:
    """A connection to the daemon. hello holds what it said of itself."""

    def __init__(self, path: Union[str, bytes, os.PathLike[Any], None] = None, encoding: str = "json",
                 *, instance: Optional[str] = None, name: str = "spacedrive.py/1") -> None:
        self._path = os.fspath(path) if path is not None else default_socket(instance)
        self._encoding = encoding
        self._name = name
        self._stream = _Stream(self._path, encoding)
        try:
            self.hello = self._stream.hello(name)
        except BaseException:
            self._stream.close()
            raise
        self.boot_id: uuid.UUID = self.hello["daemon"]["boot_id"]
        self._room = threading.Semaphore(self.hello.get("limits", {}).get("calls", 128))
        self._sending = threading.Lock()
        self._lock = threading.Lock()  # guards the fields below
        self._ids = itertools.count(1)
        self._pending: Dict[int, Call] = {}
        self._holding: Dict[int, bool] = {}  # calls that have a place in _room
        self._kinds: Dict[str, str] = {}
        self._broken: Optional[Error] = None
        self._reader = threading.Thread(target=self._read, name="spacedrive", daemon=True)
        self._reader.start()

    def call(self, method: str, payload: Optional[Payload] = None, *,
             library_id: Union[uuid.UUID, str, None] = None, timeout: Optional[float] = None,
             trace_id: Optional[str] = None) -> Any:
        """Call an operation and return its result. timeout is in seconds, at
        the end of which the daemon stops the work. Whatever interrupts the
        wait, such as Ctrl-C, cancels the call."""
        call = self.start(method, payload, library_id=library_id, timeout=timeout, trace_id=trace_id)
        try:
            return call.result()
        finally:
            if not call.done:
                self._post({"type": "cancel", "target": call.id})

    def start(self, method: str, payload: Optional[Payload] = None, *,
              library_id: Union[uuid.UUID, str, None] = None, timeout: Optional[float] = None,
              trace_id: Optional[str] = None) -> Call:
        """Begin a call and return without its answer. Waits while as many
        calls are on their way as the daemon takes at once."""
        message: Payload = {"type": self._kind(method), "method": method}
        if payload is not None:
            message["payload"] = payload
        if library_id is not None:
            message["library_id"] = library_id
        if timeout is not None:
            message["timeout_ms"] = max(1, round(timeout * 1000))
        if trace_id is not None:
            message["trace_id"] = trace_id
        return self._start(message, timeout)

    def subscribe(self, event_types: Iterable[str] = (), *, filter: Optional[Payload] = None,
                  after: Optional[Position] = None, tail: int = 0, heartbeat: float = 0,
                  reconnect: bool = True) -> Subscription:
        """Subscribe to events, on a connection of its own. heartbeat asks for
        one every so many seconds; after three without any message the
        connection is made anew."""
        request: Payload = {"type": "subscribe", "id": 1}
        if isinstance(event_types, str):
            raise TypeError("event_types is a list of names")
        types = list(event_types)
        if types:
            request["event_types"] = types
        if filter:
            request["filter"] = filter
        if tail:
            request["tail"] = tail
        if heartbeat:
            request["heartbeat_ms"] = max(1, round(heartbeat * 1000))
        return Subscription(self, request, after, reconnect)

    def ping(self) -> None:
        """Return when the daemon has answered."""
        self._ask({"type": "ping"})

    def shutdown(self) -> None:
        """Have the daemon end."""
        self._ask({"type": "shutdown"})

    def finish(self) -> None:
        """Send nothing more, wait until all that was sent is answered, and
        close. Results can be read afterwards."""
        with self._sending:
            self._stream.half_close()
        self._reader.join()
        self._stream.close()

    def close(self) -> None:
        """Close the connection. Calls on their way fail with read_error."""
        self._stream.hang_up()
        self._reader.join()
        self._stream.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _kind(self, method: str) -> str:
        """Return query or action. A short name does not say it: the daemon does."""
        if method.startswith(("query:", "action:")):
            return method.partition(":")[0]
        with self._lock:
            kind = self._kinds.get(method)
        if kind is None:
            try:
                found = self.call("query:core.methods.v1", {"method": method})
            except Error as err:
                if err.code != "not_found":
                    raise
                raise Error("method_not_found", err.message, err.hint, err.details) from None
            kind = str(found["methods"][0]["kind"])
            with self._lock:
                self._kinds[method] = kind
        return kind

    def _ask(self, message: Payload) -> Payload:
        return self._start(message, None).result() or {}

    def _start(self, message: Payload, timeout: Optional[float]) -> Call:
        holds = "method" in message
        if holds:
            self._room.acquire()
        with self._lock:
            call = Call(self, next(self._ids), timeout)
            broken = self._broken
            if not broken:
                self._pending[call.id] = call
                self._holding[call.id] = holds
        try:
            if broken:
                raise broken._again()
            with self._sending:
                self._stream.send({**message, "id": call.id})
        except BaseException:
            if not self._drop(call.id) and broken and holds:
                self._room.release()
            raise
        return call

    def _post(self, message: Payload) -> None:
        """Send what needs no answer. The id is one that no call has."""
        try:
            with self._sending:
                self._stream.send(message)
        except Error:
            pass  # the connection broke, and the call with it

    def _drop(self, id: int) -> Optional[Call]:
        with self._lock:
            call = self._pending.pop(id, None)
            holds = self._holding.pop(id, False)
        if holds:
            self._room.release()
        return call

    def _read(self) -> None:
        why = Error("read_error", "the daemon closed the connection")
        try:
            while True:
                message = self._stream.receive()
                if message is None:
                    break
                call = self._drop(message.get("id", 0))
                if call:
                    call._finish(message)
                elif message["type"] == "error" and "id" not in message:
                    why = Error._of(message.get("error", {}))  # of the connection, which closes
        except Error as err:
            why = err
        with self._lock:
            self._broken = why
            left = list(self._pending)
        for id in left:
            call = self._drop(id)
            if call:
                call._error = why
                call._done.set()


def connect(path: Union[str, bytes, os.PathLike[Any], None] = None, encoding: str = "json", *,
            instance: Optional[str] = None, name: str = "spacedrive.py/1") -> Client:
    """Connect to the daemon: at path, or where default_socket says. name says
    to the daemon's log who calls. Raises Error, and never waits longer than
    three seconds."""
    return Client(path, encoding, instance=instance, name=name)


# ---- events

@dataclasses.dataclass(frozen=True)
class Event:
    """Something happened. seq is None for a log line, log_seq for all else."""

    type: str
    time: Time
    data: Payload
    seq: Optional[int] = None
    log_seq: Optional[int] = None
    library_id: Optional[uuid.UUID] = None
    location_id: Optional[uuid.UUID] = None
    job_id: Optional[uuid.UUID] = None
    device_id: Optional[uuid.UUID] = None
    trace_id: str = ""
    coalesced: int = 1  # for how many updates of a job it stands


@dataclasses.dataclass(frozen=True)
class Gap:
    """Events first to last, both included, are missing: read the state anew.
    The numbers are seqs, or log_seqs where log is true."""

    first: int
    last: int
    reason: str
    log: bool = False


@dataclasses.dataclass(frozen=True)
class Heartbeat:
    """All events up to seq have been delivered."""

    seq: int


Message = Union[Event, Gap, Heartbeat]

_EVENT_KEYS = frozenset(field.name for field in dataclasses.fields(Event))
_PASSING = frozenset(("connection_failed", "read_error", "write_error", "core_unavailable", "busy", "too_many_connections"))
_KEPT_LOG_LINES = 4096


class Subscription(Iterator[Message]):
    """A stream of Event, Gap and Heartbeat, for one thread to iterate over.

    It reads only while it is asked for the next message. A reader that is slow
    gets a Gap in the place of what the daemon could not hold for it.

    When the connection breaks or the daemon ends, it connects anew, trying at
    first after a tenth of a second and then less and less often, up to every
    five seconds, and goes on after the last message. If that cannot be,
    because the daemon was started anew, the first message is a Gap with the
    reason restarted.
    """

    def __init__(self, client: Client, request: Payload, after: Optional[Position], reconnect: bool) -> None:
        self._client = client
        self._request = request
        self._reconnect = reconnect
        # Three heartbeats that do not come are a connection that is dead.
        self._silence = 3 * request.get("heartbeat_ms", 0) / 1000 or None
        self._heard = 0.0  # when the last message was read, by time.monotonic
        self._retry_at: Optional[float] = None  # when to connect anew, where that is to be done
        self._pause = 0.0  # before the attempt then
        self._closed = threading.Event()
        self._log_boot_id: Optional[uuid.UUID] = None  # the daemon start that _log_seq is of
        self._log_seq = 0  # of the last log line
        self._log_skip = 0  # log lines up to this one were delivered before
        self._lock = threading.Lock()  # guards _stream against close
        self._stream: Optional[_Stream] = None
        self.reason = ""  # why the daemon ended it, once it has
        self.position: Position
        self._boot_id: uuid.UUID  # the daemon start that _stream is of
        self._open(after)

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Message:
        return self.next()

    def next(self, timeout: Optional[float] = None) -> Message:
        """Return the next message. Raises TimeoutError after timeout seconds in
        which none came, also while the daemon is away: the next call goes on
        from there. An attempt to connect that has begun is not cut short; each
        answer of a daemon that is stuck is waited for HELLO_TIMEOUT. Raises
        StopIteration at the end."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            stream = self._stream
            if self._closed.is_set() or stream is None and self._retry_at is None:
                self._drop()
                raise StopIteration
            if stream is None:
                self._connect(deadline)
                continue
            try:
                message = self._receive(stream, deadline)
            except Error as err:
                self._resume(err, deadline)
                continue
            if message is None:
                self._resume(Error("read_error", "the daemon closed the connection"), deadline)
            elif message["type"] == "end":
                self.reason = message.get("reason", "")
                self._resume(None, deadline)
            else:
                known = self._message(message)
                if known:
                    return known

    def _receive(self, stream: _Stream, deadline: Optional[float]) -> Optional[Payload]:
        # Silence adds up over calls. What came between them is read first.
        silent_at = None if self._silence is None else self._heard + self._silence
        until = min((at for at in (deadline, silent_at) if at is not None), default=None)
        try:
            message = stream.receive(None if until is None else until - time.monotonic())
        except TimeoutError:
            if until == silent_at:
                raise Error("read_error", f"nothing came from the daemon for {self._silence:g} s") from None
            raise
        self._heard = time.monotonic()
        return message

    def close(self) -> None:
        """End the subscription. Another thread may do so; next then stops."""
        self._closed.set()
        with self._lock:
            if self._stream:
                self._stream.hang_up()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
        self._drop()

    def _open(self, after: Optional[Position]) -> None:
        request = dict(self._request)
        if after is not None:
            request["after"] = {"boot_id": after.boot_id, "seq": after.seq}
        stream = _Stream(self._client._path, self._client._encoding)
        try:
            boot_id = stream.hello(self._client._name)["daemon"]["boot_id"]
            # after is of no use for log lines. Those that came meanwhile are
            # asked for as the tail, and what was delivered already is skipped.
            same_start = self._log_boot_id == boot_id
            lines = "LogMessage" in request.get("event_types", ()) and self._log_boot_id is not None
            if lines and (self._log_seq or not same_start):
                request["tail"] = _KEPT_LOG_LINES
            stream.send(request)
            payload = stream.answer("subscribed")
        except BaseException:
            stream.close()
            raise
        # After a restart the position stays the old one until the gap has come:
        # were the connection to break before, it would be asked for again.
        self._boot_id = payload["boot_id"]
        if after is None or after.boot_id == self._boot_id:
            after = Position(self._boot_id, payload["seq"])
        self.position = after
        self._log_boot_id = self._boot_id
        if not same_start:
            self._log_seq = 0
        self._log_skip = self._log_seq
        self._heard = time.monotonic()
        with self._lock:
            self._stream, self._retry_at = stream, None

    def _drop(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream:
            stream.close()

    def _resume(self, why: Optional[Error], deadline: Optional[float] = None) -> None:
        """Connect anew. why is None where the daemon ended the subscription."""
        self._drop()
        if not self._reconnect or self.reason == "unsubscribed":
            if why and not self._closed.is_set():
                raise why
            return
        self._pause = 0.1
        self._retry_at = time.monotonic() + self._pause
        self._connect(deadline)

    def _connect(self, deadline: Optional[float]) -> None:
        """Connect once it is time. Raises TimeoutError if that is after the
        deadline; then it is still to be done."""
        while self._retry_at is not None:
            until = self._retry_at if deadline is None else min(self._retry_at, deadline)
            if self._closed.wait(max(0.0, until - time.monotonic())):
                return
            if until < self._retry_at:
                raise TimeoutError("the daemon is away")
            try:
                self._open(self.position)
            except Error as err:
                if err.code not in _PASSING:
                    self._retry_at = None
                    raise
                self._pause = min(2 * self._pause, 5.0)
                self._retry_at = time.monotonic() + self._pause

    def _message(self, message: Payload) -> Optional[Message]:
        if message["type"] == "event":
            fields: Dict[str, Any] = {"data": {}}
            fields.update((k, v) for k, v in message["event"].items() if k in _EVENT_KEYS)
            event = Event(**fields)
            if event.seq is not None:
                self.position = Position(self._boot_id, event.seq)
            if event.log_seq is not None:
                if event.log_seq <= self._log_skip:
                    return None
                self._log_seq = event.log_seq
            return event
        if message["type"] == "gap":
            gap = message["gap"]
            if "log_to" in gap:
                return Gap(gap["log_from"], gap["log_to"], gap["reason"], log=True)
            if gap["reason"] != "future":  # those numbers are still to come
                self.position = Position(self._boot_id, gap["to"])
            return Gap(gap["from"], gap["to"], gap["reason"])
        if message["type"] == "heartbeat":
            before = self.position.seq if self.position.boot_id == self._boot_id else 0
            self.position = Position(self._boot_id, max(message["seq"], before))
            return Heartbeat(message["seq"])
        return None  # of a later version


# ---- the command line

def _print(value: Any) -> None:
    print(json.dumps(_to_wire(value, False), ensure_ascii=False), flush=True)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Talk to the spacedrive daemon. Exit codes: 0 done, 1 failed, "
                                     "2 usage, 3 no daemon, 4 not found, 6 no common version, 130 interrupted.")
    parser.add_argument("--socket", metavar="PATH", help="the daemon's socket (default: where it usually is)")
    parser.add_argument("--instance", metavar="NAME")
    parser.add_argument("--encoding", choices=("json", "cbor"), default="json")
    commands = parser.add_subparsers(dest="command", required=True)
    call = commands.add_parser("call", help="call an operation and print its result")
    call.add_argument("method", metavar="METHOD")
    call.add_argument("payload", metavar="JSON", nargs="?", type=json.loads)
    call.add_argument("--library-id", metavar="ID", type=uuid.UUID)
    call.add_argument("--timeout", metavar="SECONDS", type=float)
    events = commands.add_parser("events", help="print events as they come, one a line")
    events.add_argument("--type", metavar="TYPE", action="append", default=[])
    given = parser.parse_args(arguments)
    try:
        with connect(given.socket, given.encoding, instance=given.instance, name="spacedrive.py-cli/1") as client:
            if given.command == "call":
                _print(client.call(given.method, _from_wire(given.payload), library_id=given.library_id, timeout=given.timeout))
                return 0
            for message in client.subscribe(given.type):
                known = {k: v for k, v in dataclasses.asdict(message).items() if v is not None}
                _print({"message": type(message).__name__.lower(), **known})
            return 0
    except Error as err:
        print(f"spacedrive.py: {err}", file=sys.stderr)
        return {"connection_failed": 3, "core_unavailable": 3, "read_error": 3, "write_error": 3,
                "not_found": 4, "protocol_mismatch": 6}.get(err.code, 1)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
