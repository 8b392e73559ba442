package main

type completeCmd struct {
	Kind string   `arg:"" help:"What is completed."`
	Line []string `arg:"" optional:"" help:"The command line, up to the cursor."`
}

func (c *completeCmd) Run(a *app) error { return nil }
