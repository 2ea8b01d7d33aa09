package registrytest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// swaps puts values of other types and out of bounds in place of every member's
// and element's, also its own value as text and in an array.
func (s subject) swaps(yield func(damage) bool) bool {
	for _, m := range s.members {
		own := s.Value[m.start:m.end]
		for _, text := range []string{
			"null", "true", "false", "0", "-1", "1.5", "1e999", "99999999999999999999", `""`, `"x"`, `"\u0000"`,
			"[]", "{}", "[null]", `{"x":null}`, quoted(own), "[" + own + "]",
		} {
			swapped := s.replaced(kindSwap, m.start, m.end, text)
			swapped.note = excerpt(m.name, 0) + " to " + excerpt(text, 0)
			if text != own && !yield(swapped) {
				return false
			}
		}
	}
	return true
}

// duplicates names every member twice: with the same value and another one, as
// the first and the second, by an escaped name and one in other case.
func (s subject) duplicates(yield func(damage) bool) bool {
	for _, m := range s.members {
		if m.nameStart < 0 {
			continue
		}
		own := s.Value[m.start:m.end]
		names := []string{quoted(m.name), escaped(m.name)}
		if upper := strings.ToUpper(m.name); upper != m.name {
			names = append(names, quoted(upper))
		}
		for _, name := range names {
			for _, text := range []string{own, "null", "0", `"x"`, "[]", "{}"} {
				pair := name + ":" + text
				before := s.replaced(kindDuplicate, m.nameStart, m.nameStart, pair+",")
				before.note = excerpt(pair, 0) + " before"
				after := s.replaced(kindDuplicate, m.end, m.end, ","+pair)
				after.note = excerpt(pair, 0) + " after"
				if !yield(before) || !yield(after) {
					return false
				}
			}
		}
	}
	return true
}

// quoted is a text as JSON writes it.
func quoted(text string) string {
	b, _ := jsontext.AppendQuote(nil, text) // complains of bad UTF-8, which it replaces
	return string(b)
}

// escaped is a name whose first byte is written as an escape where it can be.
func escaped(name string) string {
	plain := quoted(name)
	if name == "" || name[0] >= utf8.RuneSelf || plain[1] == '\\' {
		return plain
	}
	return fmt.Sprintf(`"\u%04x%s`, plain[1], plain[2:])
}
