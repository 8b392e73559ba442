package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

func TestWhatTheShellWillMakeOfAWord(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	t.Setenv("DIR", "/a b")
	for word, want := range map[string]string{
		"plain": "plain", `a\ b`: "a b", `"a b"`: "a b", `'a b'`: "a b", `"a b`: "a b", `it\'s`: "it's",
		"~/x": "/home/me/x", "$DIR/x": "/a b/x", "${DIR}x": "/a bx", `"$HOME"/x`: "/home/me/x", `'$HOME'`: "$HOME",
		`"\$HOME \x"`: `$HOME \x`, `a\`: "a", "a~": "a~", `'\'`: `\`, "日本": "日本", `"(;"`: "(;",
	} {
		if got, _, ok := unquoted(word); !ok || got != want {
			t.Errorf("%s is %q, %v; want %q", word, got, ok, want)
		}
	}
	for _, word := range []string{"$(touch x)", "`touch x`", `"$(touch x)"`, "${DIR:-x}", "a;b", "a|b", "a>b", "{a,b}", "$'a'", "$1"[:1], "$((1))", "<(x)"} {
		if got, _, ok := unquoted(word); ok {
			t.Errorf("%s is %q without being evaluated", word, got)
		}
	}
	for word, want := range map[string]string{"~/it's": "/home/me/it's", "$DIR/$HOME": "/a b//home/me", `a"b`: `a"b`} {
		if got, ok := expanded(word); !ok || got != want {
			t.Errorf("of fish, %s is %q, %v; want %q", word, got, ok, want)
		}
	}
	if got, ok := expanded("(touch x)"); ok {
		t.Errorf("of fish, a command is %q", got)
	}
}

func TestHowBashGetsAWord(t *testing.T) {
	for _, test := range []struct{ word, candidate, want string }{
		{"", "a b", `a\ b`}, {"a", "a$b", `a\$b`}, {`a\ `, "a b", `a\ b`}, {"", "~a", `\~a`}, {"", "a~", "a~"}, {"", "ünï", "ünï"},
		{`"a`, "a $b", `a \$b`}, {`"`, "`a`", "\\`a\\`"}, {`"`, `a"`, `a\""`}, {`"`, `\`, `\\`},
		{`"w`, "wow!", ""}, {"'w", "wow!", "wow!"}, {"w", "wow!", `wow\!`},
		{"'a", "a'b", `a'\''b`}, {"'", "a'", `a'\'''`},
		{"b", "a", ""}, {`a"b`, "ab c", ""}, {`"a"`, "ab", ""}, {"$(x)", "x", ""},
	} {
		got, ok := completed(test.word, test.candidate)
		if ok != (test.want != "") || got != test.want {
			t.Errorf("%s is inserted for %s as %s, %v; want %s", test.candidate, test.word, got, ok, test.want)
		}
	}
}

// Where systemd holds the socket, to connect would be to start the daemon.
func TestTabStartsNoDaemon(t *testing.T) {
	s := newStage(t)
	s.mkdir("x/spacedrive/daemon")
	l, err := net.Listen("unix", filepath.Join(s.dir, "x/spacedrive/daemon/daemon.sock"))
	if err != nil {
		t.Fatal(err)
	}
	connections := make(chan struct{}, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(connections)
				return
			}
			connections <- struct{}{}
			_ = c.Close()
		}
	}()
	ended := s.command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(s.dir, "x/spacedrive/lock")
	stale := []string{"", strconv.Itoa(ended.Process.Pid) + "\n"}
	if runtime.GOOS == "linux" {
		stale = append(stale, strconv.Itoa(os.Getpid())+"\n") // another process has the number now
	}
	for _, pid := range stale {
		if pid != "" {
			if err := os.WriteFile(lock, []byte(pid), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out := s.run("spacedrive", "complete", "--shell=zsh", "libraries", "--", "spacedrive", "library", "info", ""); out != "" {
			t.Errorf("it says %q", out)
		}
		if len(connections) > 0 {
			t.Errorf("with %q in the lock, it connected", pid)
		}
	}
	// With a daemon that lives it does; this one says nothing.
	held, err := os.Create(lock)
	if err == nil {
		defer held.Close()
		_, err = fmt.Fprintln(held, os.Getpid())
		err = errors.Join(err, syscall.Flock(int(held.Fd()), syscall.LOCK_EX))
	}
	if err != nil {
		t.Fatal(err)
	}
	if out := s.run("spacedrive", "complete", "--shell=zsh", "libraries", "--", "spacedrive", "library", "info", ""); out != "" {
		t.Errorf("it says %q", out)
	}
	_ = l.Close()
	count := 0
	for range connections {
		count++
	}
	if count == 0 {
		t.Error("it did not connect to a daemon that runs")
	}
}
