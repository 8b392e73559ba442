package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// keysOfLaunchd are the keys that the property lists use, with the types that
// launchd.plist(5) gives them. The manual says of those that are not here what
// the daemon must not have: KeepAlive and RunAtLoad start a job that nobody has
// asked for.
var keysOfLaunchd = map[string]string{
	"Label": "string", "ProgramArguments": "array of string", "Sockets": "dict",
	"UserName": "string", "GroupName": "string", "ProcessType": "string", "ExitTimeOut": "integer", "StandardErrorPath": "string",
}

var keysOfSocket = map[string]string{"SockPathName": "string", "SockPathMode": "integer", "SockPathGroup": "integer"}

func TestLaunchdCanReadTheLists(t *testing.T) {
	lists, err := filepath.Glob("testdata/launchd-*/*.plist")
	if err != nil || len(lists) == 0 {
		t.Fatal("there are no lists", err)
	}
	for _, list := range lists {
		t.Run(list, func(t *testing.T) {
			job := readPlist(t, list)
			checkKeys(t, job, keysOfLaunchd)
			if name := strings.TrimSuffix(filepath.Base(list), ".plist"); job["Label"] != name {
				t.Errorf("the label is %v; launchd wants the file's name, %s", job["Label"], name)
			}
			arguments, _ := job["ProgramArguments"].([]any)
			if program, _ := arguments[0].(string); !filepath.IsAbs(program) {
				t.Errorf("the program is %q, and launchd has no PATH", program)
			}
			if job["ProcessType"] != "Interactive" {
				t.Errorf("the process is of type %v, which launchd slows down", job["ProcessType"])
			}
			sockets, _ := job["Sockets"].(map[string]any)
			if len(sockets) != 1 {
				t.Fatalf("sockets: %v", sockets)
			}
			for name, s := range sockets {
				socket, _ := s.(map[string]any)
				checkKeys(t, socket, keysOfSocket)
				if arguments[1] != "--instance" || arguments[2] != name {
					t.Errorf("the socket is %s's, and the program is called by %v", name, arguments)
				}
				path, _ := socket["SockPathName"].(string)
				const sunPath = 104 // bytes with the NUL, unix(4) of macOS
				if !filepath.IsAbs(path) || len(path) >= sunPath {
					t.Errorf("the socket's path is %q", path)
				}
				mode, _ := socket["SockPathMode"].(float64)
				_, forGroup := socket["SockPathGroup"]
				if want := map[bool]int{false: 0o600, true: 0o660}[forGroup]; int(mode) != want {
					t.Errorf("the socket's mode is %o, want %o", int(mode), want)
				}
			}
		})
	}
}

func checkKeys(t *testing.T, dict map[string]any, types map[string]string) {
	t.Helper()
	for key, value := range dict {
		is := "dict"
		switch v := value.(type) {
		case string:
			is = "string"
		case float64:
			is = "integer"
		case []any:
			is = "array of string"
			for _, element := range v {
				if _, ok := element.(string); !ok {
					is = "array"
				}
			}
		}
		if types[key] != is {
			t.Errorf("%s is of type %s, want %q", key, is, types[key])
		}
	}
}

// readPlist has Python's plistlib read a list, which is not our own idea of
// what one is.
func readPlist(t *testing.T, path string) map[string]any {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CLIENTS") == "required" {
			t.Fatal("python3 is required, and missing")
		}
		t.Skip("NOT TESTED that property lists can be read: python3 is missing")
	}
	out, err := exec.Command(python, "-c", "import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'),fmt=plistlib.FMT_XML)))", path).Output()
	if err != nil {
		t.Fatalf("plistlib cannot read it: %v", err)
	}
	var job map[string]any
	if err := json.Unmarshal(out, &job); err != nil {
		t.Fatal(err)
	}
	return job
}
