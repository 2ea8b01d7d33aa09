package registry

import (
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads the value of the key <service>/<id>. The error is always a
// *[Fault], and the instance is then the zero value. Decode is strict where a
// value may be torn or hostile, and lenient where a newer writer may be ahead:
//
//   - The value is one JSON object by RFC 7493, at most [MaxValueBytes] long:
//     no member twice at any depth, nothing but UTF-8, nothing behind it.
//   - v, service, id, host and port are required; service and id must be those
//     of the key. No member of ours may be null or of another type; numbers are
//     written as integers.
//   - Members that are not known are ignored, unless one is the name of a known
//     one in other case.
//   - A record of another version than [Version] is [ClassUnsupported], whatever
//     else is in it.
//   - Every member keeps the bounds that [Instance] states.
//   - The member sum is optional and checked when present, see below.
//
// Absent optional members become their defaults, so that an instance can be
// compared and encoded again.
//
// # The checksum
//
// sum is a string of eight lower-case hexadecimal digits: the CRC32C
// (Castagnoli) of the value's bytes with these eight digits left out. It covers
// all other members, also those that this version does not know, and the
// spelling: whoever formats a record anew must compute it anew or leave it out.
// A CRC32C finds every fault of one byte, every run of faults of up to four,
// and all but one in four thousand million of the others. It is a guard against
// accidents, not against forgery. Its definition is the same for every version
// of the record; a later version that wants another checksum names it otherwise.
func Decode(service, id, value string) (Instance, error) {
	if fault := Screen(value); fault != nil {
		return Instance{}, fault
	}
	if fault := checkNames(service, id); fault != nil {
		return Instance{}, fault
	}
	if in, ok := decodePlain(service, id, value); ok {
		return in, nil
	}
	return parse(service, id, value)
}

// parse reads any record, and says what is wrong with it.
func parse(service, id, value string) (Instance, error) {
	data := []byte(value)
	p := parser{service: service, id: id, sumEnd: -1}
	if err := json.Unmarshal(data, &p); err != nil {
		return Instance{}, syntaxFault(err)
	}
	if fault := p.verdict(data); fault != nil {
		return Instance{}, fault
	}
	return p.in, nil
}

// Screen refuses what need not be looked at, whatever the value is for: one that
// is too long, and one that is empty or only white space, for that is what a lost
// body leaves behind. It returns nil for any other.
func Screen(value string) *Fault {
	switch {
	case len(value) > MaxValueBytes:
		return faultf(ClassOversize, "the value has %d bytes, more than %d", len(value), MaxValueBytes)
	case strings.Trim(value, " \t\r\n") == "":
		return faultf(ClassEmpty, "the value is empty (%d bytes)", len(value))
	}
	return nil
}

func checkNames(service, id string) *Fault {
	if !validName(service) {
		return faultf(ClassIdentity, "service name %s: %s", quote(service), nameRule)
	}
	if !validName(id) {
		return faultf(ClassIdentity, "instance ID %s: %s", quote(id), nameRule)
	}
	return nil
}

// syntaxFault keeps the place and the kind of the fault, and leaves out the
// path to it, which consists of names from the value.
func syntaxFault(err error) *Fault {
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return faultf(ClassSyntax, "%v after byte %d", syntactic.Err, syntactic.ByteOffset)
	}
	return faultf(ClassSyntax, "no JSON")
}

// verdict weighs what was found, after the whole value was read. The order is
// from the most to the least fundamental explanation: a flipped bit in a member
// is a wrong checksum first, and a record of another version owes nothing else.
func (p *parser) verdict(data []byte) *Fault {
	in := &p.in
	switch {
	case p.kind == jsontext.KindNull:
		return faultf(ClassNull, "the value is null")
	case p.kind != jsontext.KindBeginObject:
		return faultf(ClassShape, "the value is %s, want an object", kindName(p.kind))
	}
	if p.sumEnd >= 0 {
		if sum := checksum(data[:p.sumEnd-sumDigits-1], data[p.sumEnd-1:]); sum != p.sum {
			return faultf(ClassChecksum, "the checksum is %08x, the record says %08x", sum, p.sum)
		}
	}
	if p.versioned && in.Version != Version {
		return faultf(ClassUnsupported, "record version %d, this program reads %d", in.Version, Version)
	}
	if p.fault != nil {
		return p.fault
	}
	if missing := p.missing(); missing != memberUnknown {
		return faultf(ClassShape, "the member %s is missing", missing)
	}
	if in.Service != p.service || in.ID != p.id {
		return faultf(ClassIdentity, "the record is of %s %s, its key of %s %s",
			quote(in.Service), quote(in.ID), quote(p.service), quote(p.id))
	}
	if !p.seen.has(memberWeight) {
		in.Weight = DefaultWeight
	}
	if !p.seen.has(memberState) {
		in.State = StateUp
	}
	return in.check()
}

// Encode writes an instance as [Decode] reads it: members in fixed order, no
// white space, empty ones left out, meta sorted, and a sum. It fills in the
// defaults that [Instance] states and refuses what Decode would refuse, with
// the same faults; what it returns decodes to an equal instance.
func Encode(in Instance) (string, error) {
	in = in.withDefaults()
	if in.Version != Version {
		return "", faultf(ClassUnsupported, "record version %d, this program writes %d", in.Version, Version)
	}
	if fault := checkNames(in.Service, in.ID); fault != nil {
		return "", fault
	}
	if fault := in.check(); fault != nil {
		return "", fault
	}
	b := appendMembers(make([]byte, 0, 256), in)
	b = append(b, `,"sum":"`...)
	tail := []byte(`"}`)
	sum := strconv.FormatUint(1<<32|uint64(checksum(b, tail)), 16)[1:] // the 1 keeps leading zeros
	b = append(b, sum...)
	b = append(b, tail...)
	if len(b) > MaxValueBytes {
		return "", faultf(ClassOversize, "the record has %d bytes, more than %d: shorten meta", len(b), MaxValueBytes)
	}
	return string(b), nil
}

func appendMembers(b []byte, in Instance) []byte {
	b = append(b, `{"v":`...)
	b = strconv.AppendInt(b, int64(in.Version), 10)
	b = appendText(b, `,"service":`, in.Service)
	b = appendText(b, `,"id":`, in.ID)
	if in.Incarnation != "" {
		b = appendText(b, `,"incarnation":`, in.Incarnation)
	}
	b = appendText(b, `,"host":`, in.Host)
	b = append(b, `,"port":`...)
	b = strconv.AppendInt(b, int64(in.Port), 10)
	if in.Zone != "" {
		b = appendText(b, `,"zone":`, in.Zone)
	}
	b = append(b, `,"weight":`...)
	b = strconv.AppendInt(b, int64(in.Weight), 10)
	b = appendText(b, `,"state":`, string(in.State))
	if len(in.Meta) == 0 {
		return b
	}
	b = append(b, `,"meta":`...)
	separator := byte('{')
	for _, name := range slices.Sorted(maps.Keys(in.Meta)) {
		b = appendText(append(b, separator), "", name)
		b = appendText(b, ":", in.Meta[name])
		separator = ','
	}
	return append(b, '}')
}

// appendText appends a string that has been checked to be UTF-8.
func appendText(b []byte, before, text string) []byte {
	b = append(b, before...)
	b, _ = jsontext.AppendQuote(b, text) // fails on bad UTF-8 only
	return b
}

// sumDigits is how many digits a sum has.
const sumDigits = 8

// checksum is the CRC32C of a record without the digits of its sum.
func checksum(before, after []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // the standard library's own; not built again
	return crc32.Update(crc32.Update(0, table, before), table, after)
}
