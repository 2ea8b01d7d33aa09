package fault

import (
	"fmt"
	"slices"
	"strings"

	"github.com/firebreak-go/firebreak/registry"
)

// BadValue is a way in which a record can be bad.
type BadValue string

// The bad values, each of the class of its name but for markup, which is a syntax fault.
const (
	BadEmpty       BadValue = "empty"
	BadSyntax      BadValue = "syntax"
	BadMarkup      BadValue = "markup"
	BadNull        BadValue = "null"
	BadShape       BadValue = "shape"
	BadSemantic    BadValue = "semantic"
	BadIdentity    BadValue = "identity"
	BadChecksum    BadValue = "checksum"
	BadOversize    BadValue = "oversize"
	BadUnsupported BadValue = "unsupported"
)

// BadValues lists them all.
func BadValues() []BadValue {
	return []BadValue{
		BadEmpty, BadSyntax, BadMarkup, BadNull, BadShape, BadSemantic, BadIdentity, BadChecksum, BadOversize, BadUnsupported,
	}
}

// For is a record of a service's instance that is bad in this way.
func (b BadValue) For(service, id string) (string, error) {
	good, err := registry.Encode(registry.Instance{Service: service, ID: id, Host: "127.0.0.1", Port: 1})
	if err != nil {
		return "", err
	}
	swap := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	switch b {
	case BadEmpty:
		return "", nil
	case BadSyntax:
		return good[:len(good)/2], nil
	case BadMarkup:
		return `<img src="x" onerror="alert(1)">`, nil
	case BadNull:
		return "null", nil
	case BadShape:
		return withoutSum(swap(`"port":1`, `"port":"one"`)), nil
	case BadSemantic:
		return withoutSum(swap(`"port":1`, `"port":0`)), nil
	case BadIdentity:
		other, err := registry.Encode(registry.Instance{Service: service, ID: id + "x", Host: "127.0.0.1", Port: 1})
		return other, err
	case BadChecksum:
		return swap(`"port":1`, `"port":2`), nil
	case BadOversize:
		return withoutSum(swap(`"port":1`, `"port":1,"filler":"`+strings.Repeat("x", registry.MaxValueBytes)+`"`)), nil
	case BadUnsupported:
		return withoutSum(swap(`"v":1`, `"v":99`)), nil
	}
	return "", fmt.Errorf("fault: %q is no bad value: want one of %v", b, slices.Collect(slices.Values(BadValues())))
}

// withoutSum takes the checksum away, so that it is not what is wrong.
func withoutSum(value string) string {
	at := strings.Index(value, `,"sum":"`)
	if at < 0 {
		return value
	}
	end := strings.Index(value[at+len(`,"sum":"`):], `"`)
	return value[:at] + value[at+len(`,"sum":"`)+end+1:]
}
