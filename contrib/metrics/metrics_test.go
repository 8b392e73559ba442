package metrics

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// An installation is the programs, a data folder, and a folder for node_exporter.
type installation struct {
	t      *testing.T
	env    []string
	folder string
}

func install(t *testing.T) *installation {
	t.Helper()
	// Not t.TempDir: a socket's path has to be short.
	dir, err := os.MkdirTemp("", "metrics")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	i := &installation{t: t, folder: filepath.Join(dir, "node exporter")}
	if err := os.Mkdir(i.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", dir, "../../cmd/spacedrive", "../../cmd/spacedrived")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	i.env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "SPACEDRIVE_DATA_DIR="+filepath.Join(dir, "data"),
		"XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_RUNTIME_DIR=", "DBUS_SESSION_BUS_ADDRESS=")
	t.Cleanup(func() { _ = i.command("spacedrive", "stop").Run() })
	return i
}

func (i *installation) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", `exec "$0" "$@"`, name}, args...)...) // which finds it on i's PATH
	cmd.Env = i.env
	return cmd
}

func (i *installation) run(name string, args ...string) {
	i.t.Helper()
	if out, err := i.command(name, args...).CombinedOutput(); err != nil {
		i.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// scrape runs the script and reads what node_exporter would.
func (i *installation) scrape() (up float64, families int) {
	i.t.Helper()
	i.run("./spacedrive-metrics", i.folder)
	files, err := os.ReadDir(i.folder)
	if err != nil {
		i.t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != "spacedrive.prom" {
		i.t.Fatalf("the folder has %v", files)
	}
	text, err := os.ReadFile(filepath.Join(i.folder, "spacedrive.prom"))
	if err != nil {
		i.t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	got, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		i.t.Fatal(err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		i.t.Errorf("%v, %v", problems, err)
	}
	return got["spacedrive_up"].GetMetric()[0].GetGauge().GetValue(), len(got)
}

func TestTheScriptWritesWhatNodeExporterReads(t *testing.T) {
	i := install(t)
	if up, families := i.scrape(); up != 0 || families != 1 {
		t.Errorf("without a daemon: spacedrive_up is %v, of %d metrics", up, families)
	}
	i.run("spacedrive", "start")
	if up, families := i.scrape(); up != 1 || families < 30 {
		t.Errorf("with a daemon: spacedrive_up is %v, of %d metrics", up, families)
	}
	info, err := os.Stat(filepath.Join(i.folder, "spacedrive.prom"))
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("node_exporter, which is another user, cannot read it: %v, %v", info.Mode(), err)
	}
	i.run("spacedrive", "stop")
	if up, families := i.scrape(); up != 0 || families != 1 {
		t.Errorf("without a daemon again: spacedrive_up is %v, of %d metrics", up, families)
	}
}

func TestTheUnitsAreGood(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT TESTED: the units, because there is no systemd-analyze to verify them")
	}
	dir := t.TempDir()
	script, err := filepath.Abs("spacedrive-metrics")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, name := range []string{"spacedrive-metrics.service", "spacedrive-metrics.timer"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("%h/.local/bin/spacedrive-metrics"), []byte(script))
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(files[len(files)-1], text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command("systemd-analyze", append([]string{"--user", "--man=no", "verify"}, files...)...)
	verify.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
	out, err := verify.CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}
