package job

// SetMaxUnfinished changes how many unfinished jobs a queue takes, and returns
// the function that changes it back.
func SetMaxUnfinished(n int) (restore func()) {
	was := maxUnfinished
	maxUnfinished = n
	return func() { maxUnfinished = was }
}
