package registry

import "github.com/go-json-experiment/json/jsontext"

// member is a member of a record that this version knows.
type member uint8

const (
	memberUnknown member = iota
	memberV
	memberService
	memberID
	memberIncarnation
	memberHost
	memberPort
	memberZone
	memberWeight
	memberState
	memberMeta
	memberSum
)

// String returns the member's name in JSON.
func (m member) String() string {
	switch m {
	case memberUnknown:
		return "unknown"
	case memberV:
		return "v"
	case memberService:
		return "service"
	case memberID:
		return "id"
	case memberIncarnation:
		return "incarnation"
	case memberHost:
		return "host"
	case memberPort:
		return "port"
	case memberZone:
		return "zone"
	case memberWeight:
		return "weight"
	case memberState:
		return "state"
	case memberMeta:
		return "meta"
	case memberSum:
		return "sum"
	}
	return "unknown"
}

// memberNamed takes bytes because the compiler then compares without a copy.
func memberNamed(name []byte) member {
	switch string(name) {
	case "v":
		return memberV
	case "service":
		return memberService
	case "id":
		return memberID
	case "incarnation":
		return memberIncarnation
	case "host":
		return memberHost
	case "port":
		return memberPort
	case "zone":
		return memberZone
	case "weight":
		return memberWeight
	case "state":
		return memberState
	case "meta":
		return memberMeta
	case "sum":
		return memberSum
	}
	return memberUnknown
}

// kind is the member's type in JSON.
func (m member) kind() jsontext.Kind {
	switch m {
	case memberV, memberPort, memberWeight:
		return jsontext.KindNumber
	case memberMeta:
		return jsontext.KindBeginObject
	case memberUnknown, memberService, memberID, memberIncarnation, memberHost, memberZone, memberState, memberSum:
		return jsontext.KindString
	}
	return jsontext.KindString
}

// members is a set, one bit each.
type members uint16

func (s members) has(m member) bool { return s&(1<<m) != 0 }

const required members = 1<<memberV | 1<<memberService | 1<<memberID | 1<<memberHost | 1<<memberPort

// kindName names a type of JSON in a message.
func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a truth value"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	case jsontext.KindInvalid, jsontext.KindEndObject, jsontext.KindEndArray:
	}
	return "no value"
}
