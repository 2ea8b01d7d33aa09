package registry

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Class says in which way a value is bad.
type Class uint8

// The classes, in the order in which a value is checked: of several faults the
// first is reported.
const (
	// ClassOversize is a value of more than [MaxValueBytes].
	ClassOversize Class = iota + 1
	// ClassEmpty is no value at all, or only white space: a lost body.
	ClassEmpty
	// ClassSyntax is no JSON by RFC 7493: cut off, followed by something, a
	// member named twice, bytes that are not UTF-8.
	ClassSyntax
	// ClassNull is the value null.
	ClassNull
	// ClassChecksum is a sum that does not match the other members.
	ClassChecksum
	// ClassUnsupported is a record of another version than ours. It is not
	// corruption: a newer writer is ahead of this reader.
	ClassUnsupported
	// ClassShape is JSON that is no record: a required member is missing, one
	// has the wrong type, or a name is spelled in other case.
	ClassShape
	// ClassIdentity is a record that belongs to another key.
	ClassIdentity
	// ClassSemantic is a member outside its bounds.
	ClassSemantic
	// ClassSlow is a value whose decoding took too long. [Decode] never says so;
	// whoever runs it with a time limit does.
	ClassSlow
	// ClassPanic is a value that made its decoder panic. [Decode] never says so.
	ClassPanic
	// ClassRefused is a value that its consumer did not take, however often it
	// was asked; see [View.Refuse]. It may be the consumer's fault, so it counts
	// as no corruption, and the consumer is asked again now and then.
	ClassRefused
)

// again reports whether the same value may turn out well another time.
func (c Class) again() bool { return c == ClassSlow || c == ClassRefused }

// corrupts reports whether values of the class count as corruption.
func (c Class) corrupts() bool { return c != ClassUnsupported && c != ClassRefused }

// String returns the class in one lower-case word.
func (c Class) String() string {
	switch c {
	case ClassOversize:
		return "oversize"
	case ClassEmpty:
		return "empty"
	case ClassSyntax:
		return "syntax"
	case ClassNull:
		return "null"
	case ClassChecksum:
		return "checksum"
	case ClassUnsupported:
		return "unsupported"
	case ClassShape:
		return "shape"
	case ClassIdentity:
		return "identity"
	case ClassSemantic:
		return "semantic"
	case ClassSlow:
		return "slow"
	case ClassPanic:
		return "panic"
	case ClassRefused:
		return "refused"
	}
	return "unknown"
}

// MaxReasonBytes bounds [Fault.Reason] and [Bad.Sample].
const MaxReasonBytes = 256

// Fault is what is wrong with a value. It is an error, always by pointer.
type Fault struct {
	Class Class
	// Reason is one line of at most [MaxReasonBytes]. It quotes no more than a
	// short piece of the value, and that with escapes. What another package
	// puts here is cut when a [View] takes it.
	Reason string
}

// Error implements error.
func (f *Fault) Error() string { return "registry: bad value (" + f.Class.String() + "): " + f.Reason }

func faultf(class Class, format string, args ...any) *Fault {
	return &Fault{Class: class, Reason: clip(fmt.Sprintf(format, args...), MaxReasonBytes)}
}

// clip cuts a text to at most limit bytes, between two characters as far as it
// consists of characters.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && end > limit-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// quote makes foreign text fit for a message: short, one line, ASCII.
func quote(s string) string { return quoteWithin(s, 80) }

// quoteWithin quotes as much of the beginning of s as fits into limit bytes.
func quoteWithin(s string, limit int) string {
	piece := clip(s, limit)
	quoted := strconv.QuoteToASCII(piece)
	for len(quoted) > limit {
		piece = clip(piece, len(piece)*3/4)
		quoted = strconv.QuoteToASCII(piece)
	}
	return quoted
}
