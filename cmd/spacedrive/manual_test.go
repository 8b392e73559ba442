package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/spacedrive-go/spacedrive/packaging/manual"
)

// pagesOf writes the manual as a package is made, and returns its files.
func pagesOf(t *testing.T) map[string][]byte {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1790000000")
	t.Setenv("HOME", "/home/whoever") // who builds it is nobody's business
	t.Setenv("XDG_CONFIG_HOME", "/somewhere")
	pages, err := manualPages()
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	for _, p := range pages {
		files[p.File()] = p.Text
	}
	return files
}

// The version is the only thing in a page that is not the source's.
func TestTheManualIsTheGoldenOne(t *testing.T) {
	pages := pagesOf(t)
	if *update { // and what there is no more goes
		if err := os.RemoveAll(goldenPath("manual")); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range pages {
		golden(t, filepath.Join("manual", name), text)
	}
	old, err := filepath.Glob(goldenPath("manual/man*/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old {
		if name, _ := filepath.Rel(goldenPath("manual"), path); pages[name] == nil {
			t.Errorf("there is no page %s any more: run go generate ./...", name)
		}
	}
}

func TestTheManualHasNoFaults(t *testing.T) {
	for name, text := range pagesOf(t) {
		for _, command := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-ww", "-z"}} {
			c := exec.Command(manualReader(t, command[0]), command[1:]...)
			c.Stdin = bytes.NewReader(text)
			if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %s: %v\n%s", name, command[0], err, out)
			}
		}
		for _, place := range []string{"/home/whoever", "/somewhere"} {
			if bytes.Contains(text, []byte(place)) {
				t.Errorf("%s names %s, which is of whoever wrote it", name, place)
			}
		}
	}
}

// A path or a NAME that is cut in two at the end of a line cannot be copied.
func TestTheManualCutsNothingThatIsTyped(t *testing.T) {
	cut := regexp.MustCompile(`(?m)^.*(\b[A-Z_]{2,}|/\S*)\x{2010}$`)
	for name, text := range pagesOf(t) {
		for _, width := range []string{"60", "80"} {
			c := exec.Command(manualReader(t, "groff"), "-man", "-Tutf8", "-P-cbou", "-rLL="+width+"n")
			c.Stdin = bytes.NewReader(text)
			out, err := c.Output()
			if line := cut.Find(out); line != nil || err != nil {
				t.Errorf("%s, at %s columns: %q, %v", name, width, line, err)
			}
		}
	}
}

func manualReader(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("MANUAL") == "required" {
			t.Fatalf("%s is not installed, and MANUAL=required", name)
		}
		t.Skipf("SKIPPED, NOT TESTED: %s is not installed; with MANUAL=required this fails", name)
	}
	return path
}

// Every page that another one names is there, or is another program's.
func TestReferencesOfTheManualLeadSomewhere(t *testing.T) {
	pages := pagesOf(t)
	for name, text := range pages {
		for _, word := range strings.FieldsFunc(string(text), func(c rune) bool { return strings.ContainsRune(" \n,", c) }) {
			word = strings.NewReplacer(`\%`, "", `\fB`, "", `\fR`, "", `\-`, "-", ".", ".").Replace(word)
			page, section, ok := strings.Cut(strings.TrimRight(word, ".:;"), "(")
			if !ok || !strings.HasPrefix(page, "spacedrive") {
				continue
			}
			if section = strings.TrimSuffix(section, ")"); pages["man"+section+"/"+page+"."+section] == nil {
				t.Errorf("%s refers to %s", name, word)
			}
		}
	}
}

// NAME.md is about the command NAME, and its sections about the commands below.
func TestEveryCommandHasAText(t *testing.T) {
	texts := manualTexts()
	about := map[string]bool{"spacedrive": true, "spacedrived": true, settingsName: true}
	for _, command := range model().Children {
		if command.Hidden {
			continue
		}
		about[command.FullPath()] = true
		text := texts[command.FullPath()]
		if text.Summary == "" || len(text.Examples()) == 0 {
			t.Errorf("%s.md: there is no %q with a summary and examples", command.Name, "# "+command.FullPath())
		}
		var below []string
		for _, sub := range command.Children {
			below = append(below, command.Name+" "+sub.Name)
		}
		for _, s := range text.Sections {
			if strings.HasPrefix(s.Title, command.Name+" ") && !slices.Contains(below, s.Title) {
				t.Errorf("%s.md: there is no command %q", command.Name, s.Title)
			}
		}
	}
	for name := range texts {
		if !about[name] {
			t.Errorf("a text is about %q, which is no command", name)
		}
	}
}

// What a page's examples need, beside a daemon with the library Home and the
// locations Documents and Photos in it.
var exampleScenes = map[string]string{
	"search":   "truncate -s 2G Documents/film.mkv; touch -d '2 years ago' Documents/film.mkv; spacedrive -q location rescan Documents",
	"location": "spacedrive location remove Documents; spacedrive location remove Photos",
	"config":   "mkdir -p work; cd work",
}

// Every example of the manual is run, in a shell as the page has it, and must
// do without an error.
func TestTheExamplesOfTheManualAreTrue(t *testing.T) {
	for name, text := range manualTexts() {
		if name == settingsName {
			continue // these are settings
		}
		name = strings.TrimPrefix(name, "spacedrive ")
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			s := exampleStage(t)
			if scene := exampleScenes[name]; scene != "" {
				s.run("sh", "-ec", scene)
			}
			if name == "job" {
				s.longJob()
			}
			for _, e := range text.Examples() {
				if !strings.Contains(e.Command, "job pause") {
					if wrong := s.example(e); wrong != "" {
						t.Error(wrong)
					}
					continue
				}
				s.eventually(func() string { // a fast machine may have done the job already
					s.run("spacedrive", "location", "rescan", "Many", "--full", "--no-wait")
					return s.example(e)
				})
			}
		})
	}
}

// exampleStage has the home of somebody who uses spacedrive.
func exampleStage(t *testing.T) *stage {
	s := newStage(t)
	s.env = append(s.env, "XDG_DATA_HOME=", "XDG_CONFIG_HOME=", "TERM=dumb")
	s.mkdir("Documents/Letters", "Photos/Holiday", "bin")
	// ssh runs here what it would run there.
	s.write("bin/ssh", "#!/bin/sh\nwhile [ \"$1\" != ann@nas ]; do shift; done\nshift\nexec sh -c \"$*\"\n", 0o755)
	for _, name := range []string{
		"Documents/Annual Report 2025.pdf", "Documents/Letters/report.odt", "Documents/Letters/Größe.txt", "Documents/Letters/-draft.txt",
		"Documents/invoice 17.pdf", "Documents/.hidden", "Photos/Holiday/beach.jpg", "Photos/Holiday/invoice.png",
	} {
		s.write(name, "content of "+name, 0o644)
	}
	s.run("spacedrive", "-q", "quickstart", "Documents")
	s.run("spacedrive", "-q", "quickstart", "Photos")
	return s
}

func (s *stage) write(name, text string, mode os.FileMode) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), mode); err != nil {
		s.Fatal(err)
	}
}

// longJob makes a location that takes seconds to index, be it on a fast machine:
// files without blocks, to be read whole.
func (s *stage) longJob() {
	s.Helper()
	s.mkdir("Many")
	for i := range 16 {
		name := fmt.Sprintf("Many/%d", i)
		s.write(name, "", 0o644)
		if err := os.Truncate(filepath.Join(s.dir, name), 256<<20); err != nil {
			s.Fatal(err)
		}
	}
	s.run("spacedrive", "-q", "location", "add", "Many", "--mode", "content", "--no-wait")
}

// job is the id that examples have.
const job = "019f2c7a"

// streams are the examples that go on until Ctrl-C.
var streams = []string{"spacedrive events", "spacedrive --json events --type JobUpdate --after 0", "spacedrive logs -f -n 0"}

// example runs an example, and returns what is wrong with it. One that goes on
// for ever is interrupted once it goes.
func (s *stage) example(e manual.Example) string {
	s.Helper()
	s.run("spacedrive", "start")
	command := e.Command
	if strings.Contains(command, job) {
		command = strings.ReplaceAll(command, job, s.newestJob()[:len("01a209d7-b97a-77b6-b2e8")])
	}
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-eu", "-o", "pipefail", "-c", command)
	c.Dir, c.Env = s.dir, s.env
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	endless := slices.Contains(streams, command) || strings.HasPrefix(command, "spacedrived --data-dir")
	switch {
	case strings.Contains(command, "--type EntriesChanged"): // until the daemon is stopped
		s.awaitSubscriber()
		s.run("spacedrive", "stop")
	case strings.HasPrefix(command, "spacedrived --data-dir"):
		socket := s.dir + "/trial/daemon/daemon.sock"
		s.eventually(func() string {
			if s.command("spacedrive", "--socket", socket, "status").Run() != nil {
				return "no daemon at " + socket
			}
			return ""
		})
	case endless:
		s.awaitSubscriber()
	}
	if endless {
		if err := syscall.Kill(-c.Process.Pid, syscall.SIGINT); err != nil {
			s.Fatal(err)
		}
	}
	err := c.Wait()
	var exit *exec.ExitError
	if endless && errors.As(err, &exit) && exit.ExitCode() == exitInterrupted {
		err = nil
	}
	if err != nil {
		return fmt.Sprintf("%s:\n%s\n%v\n%s%s", e.Does, e.Command, err, out.String(), errs.String())
	}
	if strings.HasPrefix(command, "spacedrive search") && out.Len() == 0 && !strings.Contains(command, ">") && !strings.Contains(command, "tar") {
		return fmt.Sprintf("%s:\n%s\nfinds nothing", e.Does, e.Command)
	}
	return ""
}

func (s *stage) newestJob() string {
	s.Helper()
	out, err := s.command("spacedrive", "--json", "job", "list", "--limit", "1").Output()
	var jobs struct {
		Jobs []struct {
			ID string `json:"id"`
		} `json:"jobs"`
	}
	if err == nil {
		err = json.Unmarshal(out, &jobs)
	}
	if err != nil || len(jobs.Jobs) == 0 {
		s.Fatalf("no job: %v in %s", err, out)
	}
	return jobs.Jobs[0].ID
}

func (s *stage) awaitSubscriber() {
	s.Helper()
	s.eventually(func() string {
		out, _ := s.command("spacedrive", "status").Output()
		if !strings.Contains(string(out), "subscribers  1") {
			return "nobody has subscribed"
		}
		return ""
	})
}
