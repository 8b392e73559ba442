//go:build !linux

package main

import (
	"errors"
	"runtime"
)

func oneCore() (starter, error) {
	return nil, errors.New(runtime.GOOS + " lets no program choose its core")
}
