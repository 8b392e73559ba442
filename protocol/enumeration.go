package protocol

import "reflect"

// enumerations is written while packages are initialized, one after the other.
var enumerations = make(map[reflect.Type][]string)

// Enumeration declares all words that a type of text stands for, and returns
// them. Schemas list them.
func Enumeration[T ~string](all ...T) []T {
	words := make([]string, len(all))
	for i, word := range all {
		words[i] = string(word)
	}
	enumerations[reflect.TypeFor[T]()] = words
	return all
}

// Enumerations returns the words of each declared enumeration.
func Enumerations() map[reflect.Type][]string { return enumerations }
