package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFirstByteChoosesTheEncoding(t *testing.T) {
	for _, tt := range []struct {
		stream string
		want   Encoding // 0: refused
	}{
		{"{}\n", JSON}, {" {}\n", JSON}, {"\t{}\n", JSON}, {"\r\n{}\n", JSON}, {"\n{}\n", JSON},
		{"\x00\x00\x00\x01\xa0", CBOR},
		{"\xa0", 0}, {"[]\n", 0}, {"GET / HTTP/1.1\r\n", 0}, {"\x01\x00\x00\x00", 0}, {"\xef\xbb\xbf{}\n", 0},
	} {
		r := NewFrameReader(strings.NewReader(tt.stream), 0, nil)
		if r.Encoding() != 0 {
			t.Fatal("an encoding before the first byte")
		}
		frame, err := r.Next()
		if r.Encoding() != tt.want {
			t.Errorf("%q: %v, want %v", tt.stream, r.Encoding(), tt.want)
		}
		if tt.want != 0 {
			if err != nil || len(frame) == 0 {
				t.Errorf("%q: %q, %v", tt.stream, frame, err)
			}
			continue
		}
		if !HasCode(err, InvalidRequest) || !strings.Contains(AsError(err).Hint, "CBOR") || !strings.Contains(AsError(err).Hint, "JSON") {
			t.Errorf("%q: %v", tt.stream, err)
		}
		if _, again := r.Next(); !HasCode(again, InvalidRequest) {
			t.Errorf("%q: read on after a wrong first byte: %v", tt.stream, again)
		}
	}
}

// cborFrame returns body with its length before it.
func cborFrame(body string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body
}

func TestFrames(t *testing.T) {
	for _, tt := range []struct {
		name   string
		stream string
		want   []string
		end    error
	}{
		{"empty stream", "", nil, io.EOF},
		{"one line", "{}\n", []string{"{}"}, io.EOF},
		{"carriage return", "{}\r\n{1}\r\n", []string{"{}", "{1}"}, io.EOF},
		{"blank lines", "\n \n\t\r\n\r \r\n{}\n\n{1}\n  ", []string{"{}", "{1}"}, io.EOF},
		{"last line without newline", "{}\n{1}", []string{"{}", "{1}"}, io.EOF},
		{"last line with a lone carriage return", "{}\r", []string{"{}"}, io.EOF},
		{"only blank", " \r\n\t", nil, io.EOF},
		{"white space of Unicode is none of JSON's", "{}\v", []string{"{}\v"}, io.EOF},
		{"a line of anything once JSON is chosen", "{}\n\x00\xff\n", []string{"{}", "\x00\xff"}, io.EOF},
		{"a frame", cborFrame("abc"), []string{"abc"}, io.EOF},
		{"an empty frame", cborFrame("") + cborFrame("a"), []string{"", "a"}, io.EOF},
		{"frames that hold newlines", cborFrame("\n") + cborFrame("{}\n"), []string{"\n", "{}\n"}, io.EOF},
		{"half a header", cborFrame("a") + "\x00\x00", []string{"a"}, io.ErrUnexpectedEOF},
		{"half a body", cborFrame("a") + "\x00\x00\x00\x02x", []string{"a"}, io.ErrUnexpectedEOF},
		{"larger than the first buffer", "{" + strings.Repeat("x", 3*firstBuffer) + "}\n{}\n", []string{"{" + strings.Repeat("x", 3*firstBuffer) + "}", "{}"}, io.EOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"at once":       strings.NewReader(tt.stream),
				"by the byte":   iotest.OneByteReader(strings.NewReader(tt.stream)),
				"data with EOF": iotest.DataErrReader(strings.NewReader(tt.stream)),
			} {
				r := NewFrameReader(src, 0, nil)
				got, err := readAll(r)
				if !slices.Equal(got, tt.want) || err != tt.end {
					t.Errorf("%s: %.80q, %v, want %.80q, %v", name, got, err, tt.want, tt.end)
				}
				if r.Partial() {
					t.Errorf("%s: partial at the end", name)
				}
			}
		})
	}
}

func readAll(r *FrameReader) (frames []string, err error) {
	for {
		frame, err := r.Next()
		if err != nil {
			return frames, err
		}
		frames = append(frames, string(frame))
	}
}

// A filler yields n bytes of c without holding them.
type filler struct {
	n int
	c byte
}

func (f *filler) Read(p []byte) (int, error) {
	if f.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(len(p), f.n)]
	for i := range p {
		p[i] = f.c
	}
	f.n -= len(p)
	return len(p), nil
}

func TestLongestFrame(t *testing.T) {
	const limit = MaxFrame // of the contract: 16 MiB − 1
	if limit != 16<<20-1 {
		t.Fatal(limit)
	}
	line := func(n int, end string) io.Reader {
		return io.MultiReader(strings.NewReader("{"), &filler{n - 1, 'x'}, strings.NewReader(end))
	}
	frame := func(n int) io.Reader {
		return io.MultiReader(bytes.NewReader(binary.BigEndian.AppendUint32(nil, uint32(n))), &filler{n, 'x'})
	}
	for _, tt := range []struct {
		name string
		src  io.Reader
		ok   bool
	}{
		{"line", line(limit, "\n{}\n"), true},
		{"line with carriage return", line(limit, "\r\n{}\n"), true},
		{"last line", line(limit, ""), true},
		{"last line with carriage return", line(limit, "\r"), true},
		{"line, one more", line(limit+1, "\n"), false},
		{"line with carriage return, one more", line(limit+1, "\r\n"), false},
		{"last line, one more", line(limit+1, ""), false},
		{"line that never ends", line(64<<20, ""), false},
		{"frame", frame(limit), true},
		{"frame, one more", io.MultiReader(strings.NewReader(cborFrame("a")), frame(limit+1)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := NewFrameReader(tt.src, 0, nil)
			got, err := r.Next()
			if string(got) == "a" {
				got, err = r.Next()
			}
			if tt.ok && (err != nil || len(got) != limit) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if !tt.ok && (!HasCode(err, RequestTooLarge) || AsError(err).Details["limit"] != limit) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// stalled fails the test where more than its data is read.
type stalled struct {
	t    *testing.T
	data *strings.Reader
}

func (s stalled) Read(p []byte) (int, error) {
	if s.data.Len() == 0 {
		s.t.Fatal("read on, although the answer is clear")
	}
	return s.data.Read(p)
}

func TestTooLargeIsToldWithoutReadingOn(t *testing.T) {
	for name, stream := range map[string]string{
		"length":            "\x01\x00\x00\x00",
		"length of 1 GiB":   "\x40\x00\x00\x00",
		"length of 4 GiB":   "\xff\xff\xff\xff",
		"line of one more":  "{" + strings.Repeat("x", 64),
		"line of many more": "{" + strings.Repeat("x", 1000),
	} {
		enc := CBOR
		if stream[0] == '{' {
			enc = JSON
		}
		r := NewFrameReader(stalled{t, strings.NewReader(stream)}, enc, nil)
		r.limit = 64
		if _, err := r.Next(); !HasCode(err, RequestTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFalseLengthTakesNoMemory(t *testing.T) {
	budget := &ledger{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		for _, header := range []string{"\x40\x00\x00\x00", "\x00\xff\xff\xff"} {
			r := NewFrameReader(strings.NewReader(header+"some"), CBOR, budget)
			if _, err := r.Next(); err == nil || err == io.EOF {
				t.Fatal(err)
			}
			r.Close()
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 200*2*firstBuffer {
		t.Errorf("%d bytes allocated", took)
	}
	if budget.most != 0 {
		t.Errorf("%d bytes asked of the budget", budget.most)
	}
}

// A ledger is a Budget that counts.
type ledger struct {
	held, most int64
	acquired   int
	refuse     error
}

func (l *ledger) Acquire(n int64) error {
	if l.refuse != nil {
		return l.refuse
	}
	l.held += n
	l.most = max(l.most, l.held)
	l.acquired++
	return nil
}

func (l *ledger) Release(n int64) { l.held -= n }

func TestBudgetIsGivenBackAfterALargeFrame(t *testing.T) {
	for _, enc := range []Encoding{JSON, CBOR} {
		t.Run(enc.String(), func(t *testing.T) {
			wrap := cborFrame
			if enc == JSON {
				wrap = func(s string) string { return s + "\n" }
			}
			// Frames well above the first buffer, so that a part of one
			// nearly always stands behind another.
			small := strings.Repeat("s", 10*firstBuffer)
			large := strings.Repeat("l", 1<<20)
			var want []string
			stream := &strings.Builder{}
			for range 3 {
				for _, body := range append([]string{large}, slices.Repeat([]string{small}, 100)...) {
					want = append(want, body)
					stream.WriteString(wrap(body))
				}
			}
			budget := &ledger{}
			r := NewFrameReader(strings.NewReader(stream.String()), enc, budget)
			var got []string
			held := 0
			for {
				frame, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(frame))
				if budget.held > 0 {
					held++
				}
			}
			if !slices.Equal(got, want) {
				t.Error("the frames are not those that were sent")
			}
			if budget.acquired != 3 || budget.held != 0 || budget.most != MaxFrame {
				t.Errorf("%+v", *budget)
			}
			// Some 1 MiB of small frames is read along with a large one.
			if held > len(want)/2 {
				t.Errorf("the budget was held for %d of %d frames", held, len(want))
			}
		})
	}
}

func TestCloseGivesTheBudgetBack(t *testing.T) {
	budget := &ledger{}
	r := NewFrameReader(io.MultiReader(strings.NewReader("\x00\xff\xff\xff"), &filler{1 << 20, 'x'}), 0, budget)
	if _, err := r.Next(); err != io.ErrUnexpectedEOF || budget.held != MaxFrame {
		t.Fatalf("%v, %+v", err, *budget)
	}
	r.Close()
	r.Close()
	if budget.held != 0 {
		t.Errorf("%+v", *budget)
	}
}

func TestBudgetRefusal(t *testing.T) {
	gone := errors.New("connection gone")
	r := NewFrameReader(io.MultiReader(strings.NewReader("{"), &filler{1 << 20, 'x'}), 0, &ledger{refuse: gone})
	if _, err := r.Next(); err != gone {
		t.Errorf("%v", err)
	}
	r.Close()
}

func TestMemoryFollowsWhatIsReceived(t *testing.T) {
	// A large frame, then small ones: the buffer must shrink again.
	stream := io.MultiReader(strings.NewReader("{"), &filler{1 << 20, 'x'}, strings.NewReader("\n{}\n{}\n"))
	r := NewFrameReader(iotest.OneByteReader(stream), 0, nil)
	if _, err := r.Next(); err != nil || len(r.buf) < 1<<20 {
		t.Fatal(len(r.buf), err)
	}
	if _, err := r.Next(); err != nil || len(r.buf) > firstBuffer {
		t.Errorf("%d bytes of buffer for a frame of 2: %v", len(r.buf), err)
	}
}

func TestAFrameIsValidUntilTheNextCall(t *testing.T) {
	stream := strings.Repeat("{\"a\":1}\n", 10_000)
	r := NewFrameReader(strings.NewReader(stream), 0, nil)
	for {
		frame, err := r.Next()
		if err == io.EOF {
			break
		}
		if string(frame) != `{"a":1}` {
			t.Fatalf("%q, %v", frame, err)
		}
		if cap(frame) != len(frame) {
			t.Fatal("appending to a frame would write into the next one")
		}
		clear(frame) // its owner may; the next one must not notice
	}
}

func TestPartialWhileWaitingForTheRest(t *testing.T) {
	r := NewFrameReader(nil, 0, nil)
	var seen []bool
	feed := []string{"{}\n", "{", "}", "\n"}
	r.src = readerFunc(func(p []byte) (int, error) {
		seen = append(seen, r.Partial())
		if len(feed) == 0 {
			return 0, io.EOF
		}
		n := copy(p, feed[0])
		feed = feed[1:]
		return n, nil
	})
	if _, err := readAll(r); err != io.EOF {
		t.Fatal(err)
	}
	if want := []bool{false, false, true, true, false}; !slices.Equal(seen, want) {
		t.Errorf("%v, want %v", seen, want)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestReadErrorsPassThroughAndMayBeRetried(t *testing.T) {
	slow := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("{}\n")))
	r := NewFrameReader(slow, 0, nil)
	if _, err := r.Next(); err != iotest.ErrTimeout {
		t.Fatal(err)
	}
	if frame, err := r.Next(); err != nil || string(frame) != "{}" {
		t.Errorf("%q, %v", frame, err)
	}
}

func BenchmarkFrames(b *testing.B) {
	for _, size := range []int{100, 10_000, 1_000_000} {
		for _, enc := range []Encoding{JSON, CBOR} {
			b.Run(fmt.Sprintf("%v/%d", enc, size), func(b *testing.B) {
				frame := []byte(cborFrame(strings.Repeat("x", size)))
				if enc == JSON {
					frame = []byte(strings.Repeat("x", size) + "\n")
				}
				src := new(bytes.Reader)
				r := NewFrameReader(src, enc, nil)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					src.Reset(frame)
					if _, err := r.Next(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
