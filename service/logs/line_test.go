package logs

import "testing"

func TestFieldText(t *testing.T) {
	for _, tt := range []struct {
		raw, want string
	}{
		{`{"pid":4194304}`, "4194304"},
		{`{"took_ms":0.25}`, "0.25"},
		{`{"code":"not_found"}`, "not_found"},
		{`{"ok":true}`, "true"},
	} {
		l, err := parse([]byte(tt.raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range l.fields {
			if got := fieldText(value); got != tt.want {
				t.Errorf("%s is %q, want %q", name, got, tt.want)
			}
		}
	}
}
