package mask

import (
	"regexp"
	"sync"
)

// lazy compiles an expression when it is first asked for: these are large, and
// every command of the program would wait for those that only a bundle needs.
func lazy(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
