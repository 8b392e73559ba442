package config

import "testing"

func TestEveryKeyIsExplained(t *testing.T) {
	for _, key := range Keys() {
		if About(key) == "" {
			t.Errorf("nothing says what %s is for", key)
		}
	}
}
