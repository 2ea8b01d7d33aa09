package work

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
)

// Refused is the error of a call that a lane did not work on.
type Refused struct {
	// Lane is the lane's name.
	Lane string
	desk.Refusal
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s: %v: try another instance, or again in %v", r.Lane, r.Reason, r.RetryAfter.Round(time.Millisecond))
}

// GRPCStatus makes a refusal that a handler returns what gRPC clients expect of a
// server that sheds load.
func (r *Refused) GRPCStatus() *status.Status {
	s := status.New(codes.ResourceExhausted, r.Error())
	if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(r.RetryAfter)}); err == nil { // fails for OK only
		return detailed
	}
	return s
}

// RetryAfter returns when whoever refused a call wants to be asked again, here or
// at the other end of a connection; false when the error does not say.
func RetryAfter(err error) (time.Duration, bool) {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.RetryAfter, true
	}
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return max(info.GetRetryDelay().AsDuration(), 0), true
		}
	}
	return 0, false
}
