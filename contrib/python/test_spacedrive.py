"""Tests of spacedrive.py against a real daemon: the program SPACEDRIVED.

go test ./contrib/python builds it and runs these.
"""

import base64
import concurrent.futures
import json
import math
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest
import uuid
from datetime import datetime, timedelta, timezone

import spacedrive
from spacedrive import Error, Event, Gap, Heartbeat, Time

HERE = pathlib.Path(__file__).parent
PATIENCE = 60  # seconds, for what must happen; nothing is timed
NOBODY = "01890000-0000-7000-8000-000000000000"


class TestCBOR(unittest.TestCase):
    # RFC 8949, Appendix A: what the protocol has of it.
    VECTORS = [
        (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"), (1000, "1903e8"),
        (1000000, "1a000f4240"), (1000000000000, "1b000000e8d4a51000"), (18446744073709551615, "1bffffffffffffffff"),
        (-18446744073709551616, "3bffffffffffffffff"), (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"),
        (0.0, "f90000"), (-0.0, "f98000"), (1.0, "f93c00"), (1.1, "fb3ff199999999999a"), (1.5, "f93e00"),
        (65504.0, "f97bff"), (100000.0, "fa47c35000"), (3.4028234663852886e+38, "fa7f7fffff"),
        (1.0e+300, "fb7e37e43c8800759c"), (5.960464477539063e-8, "f90001"), (0.00006103515625, "f90400"),
        (-4.0, "f9c400"), (-4.1, "fbc010666666666666"), (False, "f4"), (True, "f5"), (None, "f6"),
        (b"", "40"), (b"\x01\x02\x03\x04", "4401020304"), ("", "60"), ("a", "6161"), ("IETF", "6449455446"),
        ('"\\', "62225c"), ("\u00fc", "62c3bc"), ("\u6c34", "63e6b0b4"), ("\U00010151", "64f0908591"),
        ([], "80"), ([1, 2, 3], "83010203"), ([1, [2, 3], [4, 5]], "8301820203820405"),
        (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
        ({}, "a0"), ({"a": 1, "b": [2, 3]}, "a26161016162820203"), (["a", {"b": "c"}], "826161a161626163"),
        ({"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}, "a56161614161626142616361436164614461656145"),
    ]
    DECODED_ONLY = [(None, "f7"), (1.0, "fa3f800000"), (1, "1b0000000000000001"), ("a", "780161")]
    REFUSED = [
        "f97c00", "f97e00", "f9fc00", "fa7f800000", "fa7fc00000", "fb7ff0000000000000", "fb7ff8000000000000",  # no numbers
        "f0", "f8ff", "f818", "f814",  # simple values
        "c11a514b67b0", "c249010000000000000000", "d74401020304", "d818456449455446",  # tags
        "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "bf61610161629f0203ffff", "ff",  # indefinite
        "a201020304", "a2616101616102",  # keys that are not text, or stand twice
        "", "18", "19ff", "6261", "62c328", "61ff", "8101ff", "82", "a16161", "1c", "1d", "1e", "9bffffffffffffffff",
        "81" * 33 + "80",
    ]

    def test_encodes_the_examples_of_the_rfc(self):
        for value, hexed in self.VECTORS:
            with self.subTest(hexed):
                self.assertEqual(spacedrive.cbor_encode(value).hex(), hexed)

    def test_decodes_the_examples_of_the_rfc(self):
        for value, hexed in self.VECTORS + self.DECODED_ONLY:
            with self.subTest(hexed):
                got = spacedrive.cbor_decode(bytes.fromhex(hexed))
                self.assertEqual((got, type(got)), (value, type(value)))
                if isinstance(value, float):
                    self.assertEqual(math.copysign(1, got), math.copysign(1, value))

    def test_refuses_what_the_protocol_does_not_have(self):
        for hexed in self.REFUSED:
            with self.subTest(hexed), self.assertRaises(ValueError):
                spacedrive.cbor_decode(bytes.fromhex(hexed))
        for value in (math.nan, math.inf, -math.inf, 1 << 64, -(1 << 64) - 1, "\udc80"):
            with self.subTest(value), self.assertRaises(ValueError):
                spacedrive.cbor_encode(value)
        for value in ({1: 2}, object(), {1, 2}):
            with self.subTest(value), self.assertRaises(TypeError):
                spacedrive.cbor_encode(value)


class TestValues(unittest.TestCase):
    def both_ways(self, value, key="x"):
        """What a value is after a trip through each encoding."""
        for binary in (False, True):
            wire = spacedrive._to_wire({key: value}, binary)
            if binary:
                wire = spacedrive.cbor_decode(spacedrive.cbor_encode(wire))
            else:
                wire = json.loads(json.dumps(wire))
            yield spacedrive._from_wire(wire)[key]

    def test_a_path_keeps_its_bytes(self):
        for name in (b"plain", "é".encode(), b"caf\xe9", b"\xed\xb3\xbf", b"\xff" * 16, b"\xc3", b"\xf4\x90\x80\x80", b"a\nb"):
            text = name.decode("utf-8", "surrogateescape")
            for form in (name, text, pathlib.Path(text)):
                for got in self.both_ways(form):
                    self.assertEqual(got, text)
                    self.assertEqual(spacedrive.path_bytes(got), name)

    def test_the_parts_of_a_character_become_one_again(self):
        for got in self.both_ways("\udcc3\udca9"):
            self.assertEqual(got, "é")

    def test_text_that_is_no_path_cannot_be_sent(self):
        for got in (False, True):
            with self.assertRaises(ValueError):
                spacedrive._to_wire("\ud800", got)

    def test_an_id_is_a_uuid_wherever_its_key_says_so(self):
        id = uuid.UUID(NOBODY)
        for key in ("id", "job_id"):
            for form in (id, NOBODY):
                for got in self.both_ways(form, key):
                    self.assertEqual(got, id)
        for got in self.both_ways(NOBODY, "trace_id"):
            self.assertEqual(got, NOBODY)
        for got in self.both_ways(NOBODY, "name"):
            self.assertEqual(got, NOBODY)

    def test_a_time_keeps_its_nanoseconds(self):
        time = Time.parse("2026-11-23T21:45:20.525613796Z")
        self.assertEqual((time.microsecond, time.nanosecond), (525613, 796))
        for got in self.both_ways(time, "created_at"):
            self.assertEqual((got, got.nanosecond), (time, 796))
        east = datetime(2026, 11, 23, 22, 45, 20, 525613, tzinfo=timezone(timedelta(hours=1)))
        self.assertEqual(time, east)
        for got in self.both_ways(east, "time"):
            self.assertEqual(got, east)
        self.assertEqual(Time.parse("2026-11-23T22:45:20+01:00"), Time.parse("2026-11-23t21:45:20.000z"))
        with self.assertRaises(ValueError):
            spacedrive._to_wire(datetime(2026, 1, 1), False)
        for text in ("2026-11-23", "2026-11-23T21:45:20", "2026-11-23T21:45:20.Z", "noon"):
            with self.assertRaises(ValueError):
                Time.parse(text)


class TestDefaultSocket(unittest.TestCase):
    def test_is_where_the_document_says(self):
        kept = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(kept)))
        home = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
        for environment, instance, want in [
            ({}, None, f"/h/{home}/spacedrive/daemon/daemon.sock"),
            ({}, "work", f"/h/{home}/spacedrive/daemon/daemon-work.sock"),
            ({"XDG_DATA_HOME": "/x"}, None, "/x/spacedrive/daemon/daemon.sock"),
            ({"XDG_DATA_HOME": "x"}, None, f"/h/{home}/spacedrive/daemon/daemon.sock"),
            ({"XDG_DATA_HOME": "/x", "SPACEDRIVE_DATA_DIR": "/d"}, None, "/d/daemon/daemon.sock"),
            ({"SPACEDRIVE_DATA_DIR": "/d", "SPACEDRIVE_INSTANCE": "work"}, None, "/d/daemon/daemon-work.sock"),
            ({"SPACEDRIVE_DATA_DIR": "/d", "SPACEDRIVE_SOCKET": "/s"}, None, "/s"),
        ]:
            os.environ.clear()
            os.environ.update({"HOME": "/h", **environment})
            self.assertEqual(spacedrive.default_socket(instance), want)


class Daemon:
    """A daemon with a data folder of its own, in a folder for the test."""

    def __init__(self, test):
        # Not the usual place for temporary files: a socket's path is short.
        self.dir = tempfile.mkdtemp(prefix="sd")
        test.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.data = os.path.join(self.dir, "data")
        self.socket = os.path.join(self.data, "daemon", "daemon.sock")
        self.config = os.path.join(self.dir, "config.toml")
        self.process = None
        test.addCleanup(self.kill)

    def start(self):
        with open(os.path.join(self.dir, "stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                [os.environ["SPACEDRIVED"], "--data-dir", self.data, "--config", self.config], stderr=stderr,
                env={**os.environ, "GORACE": "atexit_sleep_ms=0"})
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                spacedrive.connect(self.socket).close()
                return self
            except Error:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                threading.Event().wait(0.005)

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def tree(self, *names):
        """Make files, and return their folder's path, as bytes."""
        root = os.fsencode(tempfile.mkdtemp(dir=self.dir))
        for name in names:
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(name)
        return root


class WithDaemon:
    """Tests that hold in both encodings."""

    encoding: str

    def setUp(self):
        self.daemon = Daemon(self).start()
        self.client = self.connect()

    def connect(self, **options):
        client = spacedrive.connect(self.daemon.socket, self.encoding, **options)
        self.addCleanup(client.close)
        return client

    def raw(self):
        stream = spacedrive._Stream(self.daemon.socket, self.encoding)
        self.addCleanup(stream.close)
        return stream

    def refused(self, code, do, *arguments, **options):
        with self.assertRaises(Error) as caught:
            do(*arguments, **options)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    def library(self, name="Home"):
        return self.client.call("libraries.create", {"name": name})

    def index(self, library, root):
        """Add a location and return it, once it is indexed."""
        with self.client.subscribe(["JobUpdate"]) as events:
            added = self.client.call("locations.add", {"path": root}, library_id=library["id"])
            while True:
                event = events.next(PATIENCE)
                if event.job_id == added["job_id"] and event.data["status"] in ("completed", "failed"):
                    self.assertEqual(event.data["status"], "completed", event)
                    return added["location"]

    def lock(self, library):
        """Hold the library's only place for a writer, until closed."""
        database = sqlite3.connect(os.path.join(library["path"], "library.db"), isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        self.addCleanup(database.close)
        return database

    # ---- what connects

    def test_hello_says_who_answers(self):
        hello = self.client.hello
        self.assertEqual(hello["daemon"]["pid"], self.daemon.process.pid)
        self.assertEqual(hello["instance"]["data_dir"], self.daemon.data)
        self.assertIsInstance(hello["daemon"]["started_at"], Time)
        self.assertEqual(hello["limits"]["frame"], spacedrive.MAX_FRAME)
        self.client.ping()

    def test_what_is_not_there_is_said(self):
        gone = self.refused("connection_failed", spacedrive.connect, os.path.join(self.daemon.dir, "none"))
        self.assertIn("no socket", gone.message)
        stale = os.path.join(self.daemon.dir, "stale")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(stale)
        self.assertIn("nobody listens", self.refused("connection_failed", spacedrive.connect, stale).message)

    def test_a_daemon_that_says_nothing_is_given_up(self):
        mute = os.path.join(self.daemon.dir, "mute")
        kept, spacedrive.HELLO_TIMEOUT = spacedrive.HELLO_TIMEOUT, 0.05
        self.addCleanup(setattr, spacedrive, "HELLO_TIMEOUT", kept)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(mute)
            listener.listen()
            self.assertIn("did not answer", self.refused("read_error", spacedrive.connect, mute, self.encoding).message)

    def test_calls_fail_once_the_daemon_is_gone(self):
        library = self.library()
        self.lock(library)
        call = self.client.start("libraries.rename", {"new_name": "x"}, library_id=library["id"])
        self.daemon.kill()
        self.refused("read_error", call.result)
        self.assertIn(self.refused("read_error", self.client.call, "query:core.status.v1").code, ("read_error", "write_error"))

    def test_shutdown_ends_the_daemon(self):
        self.client.shutdown()
        self.assertEqual(self.daemon.process.wait(PATIENCE), 0)

    # ---- calls

    def test_results_have_python_types(self):
        library = self.library("Été")
        self.assertIsInstance(library["id"], uuid.UUID)
        self.assertIsInstance(library["created_at"], Time)
        for id in (library["id"], str(library["id"])):
            info = self.client.call("libraries.info", library_id=id)
            self.assertEqual((info["name"], info["id"]), ("Été", library["id"]))
        # Full names say themselves what they are.
        self.assertEqual(self.client.call("query:libraries.list.v1")["libraries"][0]["id"], library["id"])

    def test_errors_of_each_kind(self):
        call, library = self.client.call, self.library()
        error = self.refused("not_found", call, "jobs.info", {"job_id": NOBODY}, library_id=library["id"])
        self.assertEqual(error.details["job_id"], uuid.UUID(NOBODY))
        self.assertTrue(error.message and error.hint and not error.retryable)
        error = self.refused("method_not_found", call, "core.stutas")
        self.assertIn("core.status", error.hint)
        self.refused("method_not_found", call, "action:core.status.v1")
        error = self.refused("deserialization", call, "jobs.info", {"job_id": 5}, library_id=library["id"])
        self.assertEqual(error.details["field"], "job_id")
        error = self.refused("validation", call, "libraries.create", {"name": ""})
        self.assertEqual(error.details["field"], "name")
        self.refused("already_exists", call, "libraries.create", {"name": "Home"})
        self.refused("operation_failed", call, "libraries.create", {"name": "x", "path": "/dev/null"})
        if os.getuid() == 0 and sys.platform == "linux":
            self.refused("permission_denied", call, "libraries.create", {"name": "x", "path": "/sys/kernel/x"})
        root = self.daemon.tree(b"in/file")
        location = self.index(library, root)
        error = self.refused("conflict", call, "locations.add", {"path": os.path.join(root, b"in")}, library_id=library["id"])
        self.assertEqual(error.details["location_id"], location["id"])

    def test_a_message_that_is_none_is_refused(self):
        raw = self.raw()
        raw.send({"type": "ping", "id": 1, "colour": "red"})
        error = raw.receive(PATIENCE)
        self.assertEqual((error["id"], error["error"]["code"], error["error"]["details"]["field"]), (1, "invalid_request", "colour"))
        raw.send({"type": "hello", "id": 2, "protocol": [2, 9]})
        self.assertEqual(raw.receive(PATIENCE)["error"]["code"], "protocol_mismatch")
        raw.send({"type": "ping", "id": 3})
        self.assertEqual(raw.receive(PATIENCE), {"type": "pong", "id": 3})

    def test_a_message_that_is_too_large_is_refused(self):
        self.refused("request_too_large", self.client.call, "search.files", {"query": "x" * spacedrive.MAX_FRAME})
        self.client.ping()  # which the daemon need not hear of
        raw = self.raw()
        raw.send({"type": "ping"})
        self.assertEqual(raw.receive(PATIENCE)["type"], "pong")
        sender = threading.Thread(target=self.send_too_much, args=(raw,))
        sender.start()
        error = raw.receive(PATIENCE)
        self.assertEqual(error["error"]["code"], "request_too_large")
        self.assertNotIn("id", error)
        raw.close()
        sender.join()

    def send_too_much(self, raw):
        try:
            raw._socket.sendall(struct.pack(">I", 1 << 24) if self.encoding == "cbor" else b"{" + b" " * (1 << 24))
        except OSError:
            pass  # the daemon reads no further, and closes

    def test_too_many_connections_are_refused(self):
        self.client.close()
        self.daemon.kill()
        with open(self.daemon.config, "w") as config:
            config.write("[limits]\nconnections = 1\n")
        self.daemon.start()
        # The connection that start made may take a moment to be gone.
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.connect().ping()
                break
            except Error:
                self.assertLess(time.monotonic(), deadline)
        error = self.refused("too_many_connections", self.connect)
        self.assertTrue(error.retryable)

    def test_an_instance_that_cannot_open_is_unavailable(self):
        path = os.path.join(self.daemon.dir, "handed.sock")
        occupied = os.path.join(self.daemon.dir, "occupied")
        with open(occupied, "w"):
            pass
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            script = f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'
            process = subprocess.Popen(
                ["bash", "-c", script, os.environ["SPACEDRIVED"], "--data-dir", occupied, "--config", self.daemon.config],
                pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        client = spacedrive.connect(path, self.encoding)
        self.addCleanup(client.close)
        self.refused("core_unavailable", client.call, "query:libraries.list.v1")
        self.assertEqual(client.call("query:core.status.v1")["pid"], process.pid)

    def test_an_interrupt_while_a_message_is_sent_ends_the_connection(self):
        class Interrupted:
            def __init__(self, whole):
                self.whole = whole

            def sendall(self, frame):
                self.whole.sendall(frame[:len(frame) // 2])
                raise KeyboardInterrupt

            def __getattr__(self, name):
                return getattr(self.whole, name)

        stream = self.client._stream
        stream._socket = Interrupted(stream._socket)
        with self.assertRaises(KeyboardInterrupt):
            self.client.ping()
        stream._socket = stream._socket.whole
        self.client._reader.join(PATIENCE)
        self.assertFalse(self.client._reader.is_alive())
        self.refused("read_error", self.client.ping)

    def test_an_interrupted_and_an_overdue_call(self):
        library = self.library()
        database = self.lock(library)
        rename = lambda **options: self.client.start("libraries.rename", {"new_name": "x"}, library_id=library["id"], **options)
        stopped, overdue = rename(), rename(timeout=0.05)
        self.client.call("core.status")  # the others have begun
        self.assertFalse(stopped.done)
        self.assertTrue(stopped.cancel())
        over = time.monotonic() + 0.5  # ten times as long as the call has
        while time.monotonic() < over:
            self.client.ping()
        database.close()
        self.refused("cancelled", stopped.result)
        self.refused("deadline_exceeded", overdue.result)
        self.assertFalse(stopped.cancel())
        self.assertEqual(self.client.call("libraries.info", library_id=library["id"])["name"], "Home")

    def test_ctrl_c_cancels_the_call(self):
        library = self.library()
        database = self.lock(library)
        with self.client.subscribe(["LogMessage"], filter={"target": "server"}) as lines:
            main = threading.main_thread().ident
            def interrupt():
                deadline = time.monotonic() + PATIENCE
                waits = False
                while not waits and time.monotonic() < deadline:
                    frame = sys._current_frames()[main]
                    waits = frame.f_code.co_name == "wait" and "result" in (f.name for f in traceback.extract_stack(frame))
                signal.pthread_kill(main, signal.SIGINT)
            thread = threading.Thread(target=interrupt)
            with self.assertRaises(KeyboardInterrupt):
                thread.start()
                self.client.call("action:libraries.rename.input.v1", {"new_name": "x"}, library_id=library["id"])
            thread.join()
            self.client.ping()  # the cancel before it has been heard
            database.close()
            while True:
                event = lines.next(PATIENCE)
                if event.data["fields"].get("method") == "libraries.rename":
                    break
        self.assertEqual(self.client.call("libraries.info", library_id=library["id"])["name"], "Home")

    def test_a_thousand_calls_from_many_threads(self):
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            traces = [f"trace-{i}" for i in range(1000)]
            def unknown(trace):
                return self.refused("not_found", self.client.call, "query:core.methods.v1", {"method": trace}, trace_id=trace)
            for trace, error in zip(traces, pool.map(unknown, traces)):
                self.assertEqual(error.details["method"], trace)

    def test_a_thousand_calls_in_a_pipe(self):
        calls = [self.client.start("query:core.methods.v1", {"method": "core.status"}) for _ in range(1000)]
        for call in calls:
            self.assertEqual(call.result()["methods"][0]["name"], "core.status")

    def test_a_full_connection_still_hears_a_cancel(self):
        library = self.library()
        database = self.lock(library)
        begin = lambda: self.client.start("libraries.rename", {"new_name": "x"}, library_id=library["id"])
        calls = [begin() for _ in range(self.client.hello["limits"]["calls"])]
        one_more = []
        waiting = threading.Thread(target=lambda: one_more.append(begin()))
        waiting.start()
        self.assertEqual(one_more, [])
        cancelling = threading.Thread(target=calls[-1].cancel, daemon=True)
        cancelling.start()
        cancelling.join(PATIENCE)
        self.assertFalse(cancelling.is_alive())
        for call in calls:
            call.cancel()
        database.close()
        waiting.join()
        one_more[0].result()

    def test_why_the_daemon_closes_is_why_calls_fail(self):
        self.send_too_much(self.client._stream)  # which call would have refused
        self.client._reader.join(PATIENCE)
        self.refused("request_too_large", self.client.ping)

    def test_half_close_loses_no_answer(self):
        calls = [self.client.start("query:core.status.v1") for _ in range(100)]
        self.client.finish()
        for call in calls:
            self.assertTrue(call.done)
            self.assertEqual(call.result()["pid"], self.daemon.process.pid)
        raw = self.raw()
        raw.send({"type": "subscribe", "id": 7})
        raw.send({"type": "ping"})
        raw.half_close()
        messages = list(iter(lambda: raw.receive(PATIENCE), None))
        self.assertEqual([m["type"] for m in messages], ["subscribed", "pong", "end"])
        self.assertEqual(messages[-1]["reason"], "half-close")

    def test_large_requests_and_answers(self):
        library = self.library()
        long = "x" * (1 << 20)
        self.assertEqual(self.client.call("search.files", {"query": long}, library_id=library["id"])["hits"], [])
        # 10,000 entries whose paths alone outgrow a message, but not in halves.
        deep = os.path.join(*[bytes([c]) * 250 for c in b"abcd"])
        root = self.daemon.tree(os.path.join(deep, b"first"))
        for i in range(10_000):
            with open(os.path.join(root, deep, b"%05d" % i), "w"):
                pass
        self.index(library, root)
        found = self.client.call("search.files", {"limit": 3000}, library_id=library["id"])
        self.assertEqual(len(found["hits"]), 3000)
        self.assertGreater(sum(len(hit["path"]) for hit in found["hits"]), 3_000_000)
        # A page ends before it outgrows a message.
        page = self.client.call("search.files", {"limit": 10_000}, library_id=library["id"])
        self.assertLess(len(page["hits"]), 10_000)
        self.assertTrue(page["next_cursor"])

    def test_paths_that_are_not_utf8(self):
        library = self.library()
        # Sixteen bytes, as an id has.
        name = b"sixteen bytes \xff\xfe"
        root = self.daemon.tree(b"caf\xe9/" + name)
        folder = os.path.join(root, b"caf\xe9")
        for form in (folder, os.fsdecode(folder), pathlib.Path(os.fsdecode(folder))):
            location = self.index(library, form)
            self.assertEqual(spacedrive.path_bytes(location["path"]), folder)
            hits = self.client.call("search.files", {"scope": {"path": location["path"]}}, library_id=library["id"])["hits"]
            (hit,) = [hit for hit in hits if hit["entry"]["kind"] != "folder"]
            self.assertEqual(spacedrive.path_bytes(hit["path"]), os.path.join(folder, name))
            self.assertEqual(spacedrive.path_bytes(hit["entry"]["name"]), name)
            with open(hit["path"], "rb") as file:
                self.assertEqual(file.read(), b"caf\xe9/" + name)
            error = self.refused("conflict", self.client.call, "locations.add", {"path": form}, library_id=library["id"])
            self.assertEqual(spacedrive.path_bytes(error.details["path"]), folder)
            self.client.call("locations.remove", {"location_id": location["id"]}, library_id=library["id"])

    # ---- events

    def test_a_state_and_what_follows_it(self):
        before = self.client.start("libraries.list")
        position = before.position
        library = self.library()
        with self.client.subscribe(after=position) as events:
            event = events.next(PATIENCE)
            self.assertEqual((event.seq, event.type, event.library_id), (position.seq + 1, "LibraryCreated", library["id"]))
            self.assertEqual((event.data["name"], event.data["path"]), ("Home", library["path"]))
            self.assertIsInstance(event.time, Time)
            self.assertEqual(event.coalesced, 1)

    def test_events_with_a_filter(self):
        one, other = self.library("One"), self.library("Other")
        with self.client.subscribe(["LibraryRenamed"], filter={"library_id": other["id"]}) as events:
            for library in (one, other):
                self.client.call("libraries.rename", {"new_name": library["name"] + "!"}, library_id=library["id"], trace_id="mine")
            event = events.next(PATIENCE)
            self.assertEqual((event.library_id, event.data["name"], event.trace_id), (other["id"], "Other!", "mine"))
            with self.assertRaises(TimeoutError):
                events.next(0)
        with self.assertRaises(StopIteration):
            events.next()
        self.refused("validation", self.client.subscribe, ["Nonsense"])

    def test_heartbeats(self):
        with self.client.subscribe(heartbeat=0.01) as events:
            self.assertEqual(events.next(PATIENCE), Heartbeat(events.position.seq))

    def test_a_daemon_that_falls_silent_is_left_and_found_again(self):
        library = self.library()
        with self.client.subscribe(["LibraryRenamed"], heartbeat=0.05) as events, concurrent.futures.ThreadPoolExecutor() as pool:
            first = events._stream
            renamed = pool.submit(lambda: next(m for m in events if isinstance(m, Event)))
            try:
                self.daemon.process.send_signal(signal.SIGSTOP)
                deadline = time.monotonic() + PATIENCE
                while events._stream is first:
                    self.assertLess(time.monotonic(), deadline)
            finally:
                self.daemon.process.send_signal(signal.SIGCONT)
            self.client.call("libraries.rename", {"new_name": "Away"}, library_id=library["id"])
            self.assertEqual(renamed.result(PATIENCE).data["name"], "Away")

    def test_silence_adds_up_over_short_waits(self):
        kept, spacedrive.HELLO_TIMEOUT = spacedrive.HELLO_TIMEOUT, 0.05
        self.addCleanup(setattr, spacedrive, "HELLO_TIMEOUT", kept)
        with self.client.subscribe(["LibraryRenamed"], heartbeat=0.05) as events:
            first = events._stream
            try:
                self.daemon.process.send_signal(signal.SIGSTOP)
                deadline = time.monotonic() + PATIENCE
                while events._stream is first:
                    self.assertLess(time.monotonic(), deadline)
                    try:
                        events.next(0.01)
                    except TimeoutError:
                        pass
            finally:
                self.daemon.process.send_signal(signal.SIGCONT)
            spacedrive.HELLO_TIMEOUT = kept
            self.assertIsInstance(events.next(PATIENCE), Heartbeat)

    def test_a_wait_ends_while_the_daemon_is_away_and_the_next_goes_on(self):
        with self.client.subscribe(["LibraryRenamed"]) as events:
            self.library()
            self.daemon.kill()
            for wait in (0, 0.01, 0.5):
                with self.assertRaises(TimeoutError):
                    events.next(wait)
            self.daemon.start()
            deadline = time.monotonic() + PATIENCE
            while True:
                self.assertLess(time.monotonic(), deadline)
                try:
                    message = events.next(0.01)
                    break
                except TimeoutError:
                    pass
            self.assertEqual(message.reason, "restarted")

    def test_log_lines(self):
        with self.client.subscribe(["LogMessage"], filter={"min_level": "info"}, tail=1) as lines:
            first = lines.next(PATIENCE)
            self.assertEqual((first.type, first.seq), ("LogMessage", None))
            self.library()
            line = lines.next(PATIENCE)
            while line.data["fields"].get("method") != "libraries.create":
                line = lines.next(PATIENCE)
            self.assertGreater(line.log_seq, first.log_seq)

    def test_a_slow_reader_finds_gaps_and_misses_nothing_else(self):
        library = self.library()
        with self.client.subscribe(["LogMessage"]) as lines:
            calls = [self.client.start("libraries.session.set_current", library_id=library["id"]) for _ in range(6000)]
            for call in calls:
                call.result()
            self.client.call("libraries.rename", {"new_name": "last"}, library_id=library["id"])
            expected, gaps = None, []
            while True:
                message = lines.next(PATIENCE)
                first, last = (message.first, message.last) if isinstance(message, Gap) else (message.log_seq,) * 2
                self.assertEqual(first, expected or first)
                expected = last + 1
                if isinstance(message, Gap):
                    gaps.append(message)
                elif message.data["fields"].get("method") == "libraries.rename":
                    break
        self.assertTrue(gaps)
        self.assertEqual({(gap.reason, gap.log) for gap in gaps}, {("overflow", True)})

    def test_events_go_on_over_a_broken_connection(self):
        with self.client.subscribe() as events, self.client.subscribe(["LogMessage"], tail=1) as lines:
            one = self.library("One")
            seqs = [events.next(PATIENCE).seq, events.next(PATIENCE).seq]
            log = [lines.next(PATIENCE).log_seq]
            for stream in (events._stream, lines._stream):
                stream.hang_up()  # as if the daemon had dropped the connection
            self.library("Two")
            for _ in range(2):
                seqs.append(events.next(PATIENCE).seq)
            self.assertEqual(seqs, list(range(seqs[0], seqs[0] + 4)))
            self.client.call("libraries.rename", {"new_name": "Last"}, library_id=one["id"])
            while (line := lines.next(PATIENCE)).data["fields"].get("method") != "libraries.rename":
                log.append(line.log_seq)
            self.assertEqual(log, list(range(log[0], line.log_seq)))
            self.assertEqual(events.next(PATIENCE).type, "LibraryRenamed")
            with self.assertRaises(TimeoutError):
                events.next(0)

    def test_a_restart_is_told_although_the_connection_breaks_before_its_gap(self):
        with self.client.subscribe(["LibraryRenamed"]) as events:
            self.library()
            self.daemon.kill()
            self.daemon.start()
            for _ in range(2):
                events._resume(None)
            self.assertEqual(events.next(PATIENCE).reason, "restarted")

    def test_events_go_on_over_a_killed_daemon(self):
        with self.client.subscribe(["LibraryRenamed"]) as events, self.client.subscribe(["LogMessage"], tail=1) as lines:
            library = self.library()
            old = events.position.boot_id
            lines.next(PATIENCE)
            self.daemon.kill()
            self.daemon.start()
            gap = events.next(PATIENCE)
            self.assertIsInstance(gap, Gap)
            self.assertEqual((gap.reason, gap.first, gap.last), ("restarted", 1, events.position.seq))
            self.assertNotEqual(events.position.boot_id, old)
            self.client = self.connect()
            self.client.call("libraries.rename", {"new_name": "Again"}, library_id=library["id"])
            self.assertEqual(events.next(PATIENCE).data["name"], "Again")
            # Between events and log lines there is no order.
            first = reason = None
            while first is None or reason is None:
                message = lines.next(PATIENCE)
                if isinstance(message, Gap):
                    reason = message.reason
                elif message.log_seq == 1:
                    first = message.data["fields"]["boot_id"]
            self.assertEqual((first, reason), (events.position.boot_id, "restarted"))

    def test_a_subscription_that_may_not_reconnect_ends(self):
        with self.client.subscribe(reconnect=False) as events:
            self.client.shutdown()
            messages = list(events)
            self.assertEqual((messages[-1].type, events.reason), ("CoreShutdown", "shutdown"))
        self.daemon.process.wait(PATIENCE)
        self.daemon.start()
        self.client = self.connect()
        with self.client.subscribe(reconnect=False) as events:
            self.daemon.kill()
            self.refused("read_error", events.next)

    def test_another_thread_ends_a_subscription(self):
        with self.client.subscribe(heartbeat=0.01) as events:
            events.next(PATIENCE)
            closer = threading.Thread(target=events.close)
            closer.start()
            for _ in events:
                pass
            closer.join()

    def test_readers_leave_no_thread_behind(self):
        self.connect().close()
        self.client.close()
        self.assertEqual([t.name for t in threading.enumerate() if t.name == "spacedrive"], [])


class TestOverJSON(WithDaemon, unittest.TestCase):
    encoding = "json"

    def test_payload_cbor(self):
        raw = self.raw()
        item = spacedrive.cbor_encode({"name": "Boxed"})
        raw.send({"type": "action", "id": 1, "method": "libraries.create", "payload_cbor": base64.b64encode(item).decode()})
        answer = raw.receive(PATIENCE)
        self.assertNotIn("payload", answer)
        library = spacedrive.cbor_decode(base64.b64decode(answer["payload_cbor"]))
        self.assertEqual((library["name"], len(library["id"])), ("Boxed", 16))


class TestOverCBOR(WithDaemon, unittest.TestCase):
    encoding = "cbor"


class TestProgram(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon(self).start()
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("SPACEDRIVE_")}
        self.environment.update(SPACEDRIVE_DATA_DIR=self.daemon.data, PYTHONDONTWRITEBYTECODE="1")

    def run_it(self, *arguments, **options):
        return subprocess.run(arguments, cwd=HERE, env=self.environment, timeout=PATIENCE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def test_the_command_line(self):
        for encoding in ("json", "cbor"):
            def run(*arguments):
                return self.run_it(sys.executable, "spacedrive.py", "--encoding", encoding, *arguments)
            made = run("call", "libraries.create", json.dumps({"name": encoding}))
            self.assertEqual((made.returncode, made.stderr), (0, ""))
            library = json.loads(made.stdout)
            info = run("call", "libraries.info", "--library-id", library["id"])
            self.assertEqual(json.loads(info.stdout)["created_at"], library["created_at"])
            absent = run("call", "jobs.info", json.dumps({"job_id": NOBODY}), "--library-id", library["id"])
            self.assertEqual((absent.returncode, absent.stdout), (4, ""))
            self.assertIn("no job", absent.stderr)
            self.assertEqual(run("call", "core.status", "{").returncode, 2)
        self.daemon.kill()
        self.assertEqual(run("call", "core.status").returncode, 3)

    def test_events_from_the_command_line(self):
        with subprocess.Popen([sys.executable, "spacedrive.py", "events", "--type", "LibraryRenamed"], cwd=HERE,
                              env=self.environment, stdout=subprocess.PIPE, text=True) as events:
            with spacedrive.connect(self.daemon.socket) as client:
                library = client.call("libraries.create", {"name": "Home"})
                deadline = time.monotonic() + PATIENCE
                while client.call("core.status")["subscriptions"]["count"] == 0:
                    self.assertLess(time.monotonic(), deadline)
                client.call("libraries.rename", {"new_name": "Away"}, library_id=library["id"])
            event = json.loads(events.stdout.readline())
            self.assertEqual((event["message"], event["data"]["name"]), ("event", "Away"))
            events.send_signal(signal.SIGINT)
            self.assertEqual(events.wait(PATIENCE), 130)

    def test_the_examples_of_the_readme(self):
        text = (HERE / "README.md").read_text()
        blocks = re.findall(r"^```(python|sh)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        self.assertGreaterEqual(len(blocks), 6)
        for language, block in 2 * blocks:  # a reader's daemon knows the libraries already
            with self.subTest(block):
                command = (sys.executable, "-c", block) if language == "python" else ("sh", "-euc", block)
                done = self.run_it(*command)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout)


if __name__ == "__main__":
    unittest.main()
