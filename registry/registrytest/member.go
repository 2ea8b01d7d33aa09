package registrytest

import (
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// member is where one member of an object, or one element of an array, lies in
// a JSON text.
type member struct {
	name      string // without quotes and escapes
	nameStart int    // -1: an element
	start     int    // of its value
	end       int    // just behind its value
	depth     int    // 1: of the whole value
}

// members returns all members and elements of a JSON text at any depth, each
// before those inside it, and whether the text is one JSON object at all. It
// accepts what decoders differ about: names that come twice, invalid UTF-8.
func members(text string) (all []member, object bool) {
	s := scanner{decoder: jsontext.NewDecoder(strings.NewReader(text),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	object = s.decoder.PeekKind() == jsontext.KindBeginObject
	if _, _, err := s.value(0); err != nil {
		return nil, false
	}
	if _, err := s.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return s.found, object
}

type scanner struct {
	decoder *jsontext.Decoder
	found   []member
}

// value reads one value and returns where it lies. The decoder bounds the depth.
func (s *scanner) value(depth int) (start, end int, err error) {
	opening := s.decoder.PeekKind()
	if opening != jsontext.KindBeginObject && opening != jsontext.KindBeginArray {
		raw, err := s.decoder.ReadValue()
		end = int(s.decoder.InputOffset())
		return end - len(raw), end, err
	}
	if _, err := s.decoder.ReadToken(); err != nil {
		return 0, 0, err
	}
	start = int(s.decoder.InputOffset()) - 1
	for {
		next := s.decoder.PeekKind()
		if next == jsontext.KindEndObject || next == jsontext.KindEndArray {
			break
		}
		if err := s.member(opening, depth+1); err != nil {
			return 0, 0, err
		}
	}
	_, err = s.decoder.ReadToken()
	return start, int(s.decoder.InputOffset()), err
}

func (s *scanner) member(opening jsontext.Kind, depth int) error {
	m := member{nameStart: -1, depth: depth}
	if opening == jsontext.KindBeginObject {
		raw, err := s.decoder.ReadValue()
		if err != nil {
			return err
		}
		m.nameStart = int(s.decoder.InputOffset()) - len(raw)
		name, _ := jsontext.AppendUnquote(nil, raw) // complains of bad UTF-8, which it replaces
		m.name = string(name)
	}
	place := len(s.found)
	s.found = append(s.found, m)
	start, end, err := s.value(depth)
	s.found[place].start, s.found[place].end = start, end
	return err
}

// sumDigits is how many digits a sum has.
const sumDigits = 8

// sum returns the member of the whole value with its checksum.
func sum(all []member) (m member, there bool) {
	for _, m := range all {
		if m.depth == 1 && m.name == "sum" {
			return m, true
		}
	}
	return member{}, false
}

// isSum reports whether a JSON text is that of a checksum.
func isSum(raw string) bool {
	return len(raw) == sumDigits+2 && raw[0] == '"' && strings.Trim(raw[1:1+sumDigits], "0123456789abcdef") == ""
}
