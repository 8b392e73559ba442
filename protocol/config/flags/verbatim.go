package flags

import (
	"reflect"

	"github.com/alecthomas/kong"
)

// Verbatim has kong take text byte for byte. Its own way leads through JSON,
// which makes U+FFFD of bytes that are not UTF-8, and a path may hold such.
func Verbatim() kong.Option {
	return kong.KindMapper(reflect.String, kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		token, err := ctx.Scan.PopValue("string")
		if err == nil {
			target.SetString(token.String())
		}
		return err
	}))
}
