package wire

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Refuse makes the error of a call that is refused for a reason that callers
// tell apart by [ReasonOf].
func Refuse(code codes.Code, reason Refusal_Reason, format string, args ...any) error {
	refused := status.New(code, fmt.Sprintf(format, args...))
	if detailed, err := refused.WithDetails(&Refusal{Reason: reason}); err == nil { // fails for OK only
		refused = detailed
	}
	return refused.Err()
}

// ReasonOf returns why a call was refused, or NONE.
func ReasonOf(err error) Refusal_Reason {
	for _, detail := range status.Convert(err).Details() {
		if r, ok := detail.(*Refusal); ok {
			return r.GetReason()
		}
	}
	return Refusal_NONE
}
