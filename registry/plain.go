package registry

import (
	"strings"
	"unsafe"
)

// plain reads a record in the form in which [Encode] and most other writers
// spell it: one object of known members, each once, without white space, nothing
// in it that needs an escape. It decides nothing else: of whatever it
// does not understand, or does not like, it says so, and the parser has the word.
//
// It is there because a directory's worth of values has to be read after every
// reconnect, and this takes a tenth of the time. FuzzPlain holds it to what the
// parser says.
type plain struct {
	rest string // what has not been read
	ok   bool   // nothing was strange so far

	in     Instance
	seen   members
	sum    string // the digits
	sumEnd int    // the offset just behind the literal of sum
}

// decodePlain returns false for what is not plain, or not good.
func decodePlain(service, id, value string) (Instance, bool) {
	p := plain{rest: value, ok: true}
	p.expect('{')
	for more := true; more && p.ok; more = p.goesOn() {
		p.member(len(value))
	}
	if !p.ok || p.rest != "" || p.seen&required != required ||
		p.in.Version != Version || p.in.Service != service || p.in.ID != id || !p.summed(value) {
		return Instance{}, false
	}
	in := p.in
	if !p.seen.has(memberWeight) {
		in.Weight = DefaultWeight
	}
	if !p.seen.has(memberState) {
		in.State = StateUp
	}
	if in.check() != nil {
		return Instance{}, false
	}
	in.Service, in.ID = service, id
	in.own()
	return in, true
}

// goesOn reads what is behind a member: a comma, or the end of the object.
func (p *plain) goesOn() bool {
	if strings.HasPrefix(p.rest, ",") {
		p.rest = p.rest[1:]
		return true
	}
	p.expect('}')
	return false
}

func (p *plain) expect(c byte) {
	if p.rest == "" || p.rest[0] != c {
		p.ok = false
		return
	}
	p.rest = p.rest[1:]
}

// member reads one member of a value of so many bytes.
func (p *plain) member(size int) {
	m := memberNamed(bytesOf(p.text()))
	p.expect(':')
	if m == memberUnknown || p.seen.has(m) {
		p.ok = false
		return
	}
	p.seen |= 1 << m
	switch m {
	case memberV:
		p.in.Version = p.number()
	case memberPort:
		p.in.Port = p.number()
	case memberWeight:
		p.in.Weight = p.number()
	case memberService:
		p.in.Service = p.text()
	case memberID:
		p.in.ID = p.text()
	case memberIncarnation:
		p.in.Incarnation = p.text()
	case memberHost:
		p.in.Host = p.text()
	case memberZone:
		p.in.Zone = p.text()
	case memberState:
		p.in.State = stateNamed(p.text())
	case memberSum:
		p.sum, p.sumEnd = p.text(), size-len(p.rest)
	case memberMeta:
		p.meta()
	case memberUnknown: // refused above
	}
}

// meta reads the object that is for the application.
func (p *plain) meta() {
	p.expect('{')
	if strings.HasPrefix(p.rest, "}") {
		p.rest = p.rest[1:]
		return
	}
	p.in.Meta = make(map[string]string)
	for more := true; more && p.ok; more = p.goesOn() {
		name := p.text()
		p.expect(':')
		text := p.text()
		if _, twice := p.in.Meta[name]; twice || len(p.in.Meta) == maxMeta {
			p.ok = false
		}
		p.in.Meta[strings.Clone(name)] = strings.Clone(text)
	}
}

// text reads a string of printable ASCII without an escape.
func (p *plain) text() string {
	p.expect('"')
	for i := range len(p.rest) {
		switch c := p.rest[i]; {
		case c == '"':
			s := p.rest[:i]
			p.rest = p.rest[i+1:]
			return s
		case c < ' ' || c > '~' || c == '\\':
			p.ok = false
			return ""
		}
	}
	p.ok = false
	return ""
}

// number reads a whole number of few digits: all that can be good are below 65536.
func (p *plain) number() int {
	n, digits := 0, 0
	for digits < len(p.rest) && '0' <= p.rest[digits] && p.rest[digits] <= '9' && digits < 6 {
		n = 10*n + int(p.rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits > 1 && p.rest[0] == '0' {
		p.ok = false
	}
	p.rest = p.rest[digits:]
	return n
}

// summed checks the sum, if there is one.
func (p *plain) summed(value string) bool {
	if !p.seen.has(memberSum) {
		return true
	}
	if len(p.sum) != sumDigits {
		return false
	}
	data := bytesOf(value)
	sum := checksum(data[:p.sumEnd-sumDigits-1], data[p.sumEnd-1:])
	for i := sumDigits - 1; i >= 0; i-- {
		if p.sum[i] != "0123456789abcdef"[sum&15] {
			return false
		}
		sum >>= 4
	}
	return true
}

// stateNamed returns the constant, so that a state does not keep its record alive.
func stateNamed(name string) State {
	switch name {
	case string(StateUp):
		return StateUp
	case string(StateDraining):
		return StateDraining
	}
	return State(name)
}

// own copies what is left of the record that was read, all at once, so that the
// record can go: it may be long.
func (in *Instance) own() {
	a, b := len(in.Incarnation), len(in.Incarnation)+len(in.Host)
	var copied strings.Builder // a sum of strings would be no copy where only one is not empty
	copied.Grow(b + len(in.Zone))
	copied.WriteString(in.Incarnation)
	copied.WriteString(in.Host)
	copied.WriteString(in.Zone)
	all := copied.String()
	in.Incarnation, in.Host, in.Zone = all[:a], all[a:b], all[b:]
}

// bytesOf returns the bytes of a string, without a copy, to be read only. The
// standard library's CRC32 takes no strings, and for what it does with a value
// a copy would be the greater part of the cost.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
