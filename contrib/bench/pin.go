package main

// A place is where processes run.
type place struct {
	name  string
	start starter
}

// anyCore is wherever the kernel puts them.
var anyCore = place{"any core", anywhere}

// oneCoreOrAny is one core, the same for all processes. On a system where no
// core can be chosen it is any, and its name says so.
func oneCoreOrAny() place {
	start, err := oneCore()
	if err != nil {
		return place{"any core (" + err.Error() + ")", anywhere}
	}
	return place{"one core", start}
}
