package registrytest

import (
	"fmt"
	"strconv"
	"strings"
)

// The piece of a value that a failure shows.
const (
	excerptBytes = 80
	excerptLead  = 32 // of them before the place of the damage
)

// failureText is one failure: which case, what was got and wanted, an excerpt.
func failureText(s subject, m damage, seed uint64, complaint string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "certify: sample %d, %s", s.number, m.kind)
	if m.kind == kindRandom {
		fmt.Fprintf(&b, " %d of seed %d", m.number, seed)
	}
	if m.note != "" {
		b.WriteString(" (" + m.note + ")")
	}
	fmt.Fprintf(&b, " at byte %d: %s; %d bytes, here %s", m.at, complaint, len(m.value), excerpt(m.value, m.at))
	return b.String()
}

// excerpt quotes the piece of a text around an offset in ASCII on one line, so
// that neither a terminal nor a log suffers from it.
func excerpt(text string, at int) string {
	from := max(0, min(at, len(text))-excerptLead)
	to := min(len(text), from+excerptBytes)
	quoted := strconv.QuoteToASCII(text[from:to])
	if from > 0 {
		quoted = "..." + quoted
	}
	if to < len(text) {
		quoted += "..."
	}
	return quoted
}
