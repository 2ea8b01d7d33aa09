package registry

import (
	"bytes"
	"math/bits"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// parser reads a record in one pass over its tokens. A fault that is not one of
// syntax is kept and reading goes on: only a value that is whole can be said to
// be of another version, or to have a wrong checksum.
type parser struct {
	service, id string // what the key says

	in        Instance
	kind      jsontext.Kind // of the whole value
	seen      members
	versioned bool   // v is a number, in in.Version
	fault     *Fault // the first one
	sum       uint32
	sumEnd    int64 // the offset just behind the literal of sum; -1: no sum to check
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom. An error is one of syntax.
func (p *parser) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	p.kind = d.PeekKind()
	if p.kind != jsontext.KindBeginObject {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		m, err := p.name(d)
		if err != nil {
			return err
		}
		if err := p.member(m, d); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// name reads a member's name. One of ours in another case is a fault: ignored
// like an unknown one, it would silently not do what its writer meant.
func (p *parser) name(d *jsontext.Decoder) (member, error) {
	raw, err := d.ReadValue()
	if err != nil {
		return memberUnknown, err
	}
	name := unquoted(raw)
	m := memberNamed(name)
	if m != memberUnknown {
		p.seen |= 1 << m
	} else if len(name) <= len("incarnation") {
		if meant := memberNamed(bytes.ToLower(name)); meant != memberUnknown {
			p.fail(ClassShape, "the member %s is spelled %s", meant, quote(string(name)))
		}
	}
	return m, nil
}

// member reads a member's value.
func (p *parser) member(m member, d *jsontext.Decoder) error {
	if m == memberUnknown {
		return d.SkipValue()
	}
	if m == memberMeta && d.PeekKind() == jsontext.KindBeginObject {
		return p.meta(d)
	}
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	if want := m.kind(); raw.Kind() != want {
		p.fail(ClassShape, "the member %s is %s, want %s", m, kindName(raw.Kind()), kindName(want))
		return nil
	}
	p.set(m, raw, d.InputOffset())
	return nil
}

// set takes a value of the right kind.
func (p *parser) set(m member, raw jsontext.Value, end int64) {
	switch m {
	case memberV:
		p.in.Version, p.versioned = p.integer(m, raw)
	case memberPort:
		p.in.Port, _ = p.integer(m, raw)
	case memberWeight:
		p.in.Weight, _ = p.integer(m, raw)
	case memberService:
		p.in.Service = textLike(raw, p.service)
	case memberID:
		p.in.ID = textLike(raw, p.id)
	case memberIncarnation:
		p.in.Incarnation = text(raw)
	case memberHost:
		p.in.Host = text(raw)
	case memberZone:
		p.in.Zone = text(raw)
	case memberState:
		p.in.State = State(textLike(raw, string(StateUp)))
	case memberSum:
		p.readSum(raw, end)
	case memberUnknown, memberMeta: // handled by the caller
	}
}

func (p *parser) meta(d *jsontext.Decoder) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		raw, err := d.ReadValue()
		if err != nil {
			return err
		}
		name := text(raw)
		if raw, err = d.ReadValue(); err != nil {
			return err
		}
		switch {
		case raw.Kind() != jsontext.KindString:
			p.fail(ClassShape, "an entry of meta is %s, want a string", kindName(raw.Kind()))
		case len(p.in.Meta) > maxMeta: // too many already, and check will say so
		case p.in.Meta == nil:
			p.in.Meta = map[string]string{name: text(raw)}
		default:
			p.in.Meta[name] = text(raw)
		}
	}
	_, err := d.ReadToken()
	return err
}

func (p *parser) readSum(raw jsontext.Value, end int64) {
	digits := string(raw[1 : len(raw)-1])
	sum, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != sumDigits || strings.ToLower(digits) != digits {
		p.fail(ClassChecksum, "sum is %s, want eight lower-case hexadecimal digits", quote(digits))
		return
	}
	p.sum, p.sumEnd = uint32(sum), end
}

func (p *parser) integer(m member, raw jsontext.Value) (n int, ok bool) {
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		p.fail(ClassShape, "the member %s is %s, want a whole number", m, quote(string(raw)))
		return 0, false
	}
	return n, true
}

func (p *parser) fail(class Class, format string, args ...any) {
	if p.fault == nil {
		p.fault = faultf(class, format, args...)
	}
}

// missing returns the first required member that was not there, or memberUnknown.
func (p *parser) missing() member {
	absent := required &^ p.seen
	if absent == 0 {
		return memberUnknown
	}
	return member(bits.TrailingZeros16(uint16(absent)))
}

// unquoted returns the text of a JSON string that the decoder has accepted.
func unquoted(raw jsontext.Value) []byte {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	plain, _ := jsontext.AppendUnquote(nil, raw) // cannot fail on what was accepted
	return plain
}

func text(raw jsontext.Value) string { return string(unquoted(raw)) }

// textLike spares the copy where the text is the expected one.
func textLike(raw jsontext.Value, expected string) string {
	if plain := unquoted(raw); string(plain) != expected {
		return string(plain)
	}
	return expected
}
