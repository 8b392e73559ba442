package listen

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"github.com/ebitengine/purego"
)

// libSystem is where launch_activate_socket(3) is; every process has it loaded.
const libSystem = "/usr/lib/libSystem.B.dylib"

// launchdJob reports whether launchd started this process as a job. A process
// started from a terminal has XPC_SERVICE_NAME "0" or that of another program,
// and another parent.
func launchdJob() bool {
	name := os.Getenv("XPC_SERVICE_NAME")
	return name != "" && name != "0" && os.Getppid() == 1
}

// activateSocket returns the descriptors that launchd holds under a name for
// this process (launch_activate_socket(3)). It works once for each name. An
// error from launchd is a syscall.Errno.
func activateSocket(name string) ([]int, error) {
	lib, err := purego.Dlopen(libSystem, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("cannot ask launchd: %w", err)
	}
	var activate func(name string, fds **int32, count *uintptr) int32
	var free func(unsafe.Pointer)
	for symbol, f := range map[string]any{"launch_activate_socket": &activate, "free": &free} {
		at, err := purego.Dlsym(lib, symbol)
		if err != nil {
			return nil, fmt.Errorf("cannot ask launchd: %w", err)
		}
		purego.RegisterFunc(f, at)
	}
	var array *int32 // of C's int, from malloc(3)
	var count uintptr
	if errno := activate(name, &array, &count); errno != 0 {
		return nil, syscall.Errno(errno)
	}
	defer free(unsafe.Pointer(array))
	var fds []int
	for _, fd := range unsafe.Slice(array, count) {
		fds = append(fds, int(fd))
	}
	return fds, nil
}
