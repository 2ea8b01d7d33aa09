package rest

import (
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

// Discord's codes for errors.
const (
	codeGeneral       = 0
	codeBodyTooLarge  = 40005
	codeEmptyMessage  = 50006
	codeInvalidForm   = 50035
	codeInvalidAPI    = 50041
	codeInvalidJSON   = 50109
	codeOverloaded    = 130000
	overloadedMessage = "API resource is currently overloaded. Try again a little later"
)

// fault is an answer that says what went wrong.
type fault struct {
	status  int
	code    int
	message string
	// field is the member of a form that is wrong, with what and why.
	field, fieldCode, fieldMessage string
}

func (f *fault) Error() string { return fmt.Sprintf("%d: %s (%d)", f.status, f.message, f.code) }

// plain is a fault without a code of its own.
func plain(httpStatus int) *fault {
	return &fault{status: httpStatus, message: fmt.Sprintf("%d: %s", httpStatus, http.StatusText(httpStatus))}
}

// badField says what is wrong with a member of a form or a parameter.
func badField(field, code, format string, args ...any) *fault {
	return &fault{
		status: http.StatusBadRequest, code: codeInvalidForm, message: "Invalid Form Body",
		field: field, fieldCode: code, fieldMessage: fmt.Sprintf(format, args...),
	}
}

// body is the fault in Discord's shape.
func (f *fault) body() any {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	type details struct {
		Errors []detail `json:"_errors"`
	}
	form := map[string]details(nil)
	if f.field != "" {
		form = map[string]details{f.field: {[]detail{{f.fieldCode, f.fieldMessage}}}}
	}
	return struct {
		Message string             `json:"message"`
		Code    int                `json:"code"`
		Errors  map[string]details `json:"errors,omitempty"`
	}{f.message, f.code, form}
}

// toFault turns the error of a handler, often the store's, into an answer. False
// says that it is a fault of our own.
func toFault(err error) (*fault, bool) {
	if f, ok := errors.AsType[*fault](err); ok {
		return f, true
	}
	if f := refused(wire.ReasonOf(err)); f != nil {
		return f, true
	}
	code := status.Code(err)
	if code == codes.InvalidArgument { // what the checks here let through
		return badField("_", "BASE_TYPE_BAD_VALUE", "Value is out of bounds."), true
	}
	if code == codes.ResourceExhausted {
		return &fault{status: http.StatusServiceUnavailable, code: codeOverloaded, message: overloadedMessage}, true
	}
	plainly := map[codes.Code]int{
		codes.Unauthenticated:  http.StatusUnauthorized,
		codes.Unavailable:      http.StatusServiceUnavailable,
		codes.DeadlineExceeded: http.StatusGatewayTimeout,
		codes.Canceled:         http.StatusGatewayTimeout,
	}
	if answer, known := plainly[code]; known {
		return plain(answer), true
	}
	return plain(http.StatusInternalServerError), false
}

// refused is the answer to what the store refuses for a reason, or nil.
func refused(reason wire.Refusal_Reason) *fault {
	switch reason {
	case wire.Refusal_UNKNOWN_CHANNEL:
		return &fault{status: http.StatusNotFound, code: 10003, message: "Unknown Channel"}
	case wire.Refusal_UNKNOWN_GUILD:
		return &fault{status: http.StatusNotFound, code: 10004, message: "Unknown Guild"}
	case wire.Refusal_UNKNOWN_MEMBER:
		return &fault{status: http.StatusNotFound, code: 10007, message: "Unknown Member"}
	case wire.Refusal_UNKNOWN_MESSAGE:
		return &fault{status: http.StatusNotFound, code: 10008, message: "Unknown Message"}
	case wire.Refusal_UNKNOWN_USER:
		return &fault{status: http.StatusNotFound, code: 10013, message: "Unknown User"}
	case wire.Refusal_NO_ACCESS:
		return &fault{status: http.StatusForbidden, code: 50001, message: "Missing Access"}
	case wire.Refusal_NOT_AUTHOR:
		return &fault{status: http.StatusForbidden, code: 50005, message: "Cannot edit a message authored by another user"}
	case wire.Refusal_NO_PERMISSION:
		return &fault{status: http.StatusForbidden, code: 50013, message: "Missing Permissions"}
	case wire.Refusal_TOO_MANY_GUILDS:
		return &fault{status: http.StatusBadRequest, code: 30001, message: fmt.Sprintf("Maximum number of guilds reached (%d)", wire.MaxUserGuilds)}
	case wire.Refusal_TOO_MANY_CHANNELS:
		return &fault{status: http.StatusBadRequest, code: 30013, message: fmt.Sprintf("Maximum number of guild channels reached (%d)", wire.MaxChannels)}
	case wire.Refusal_FULL:
		return &fault{status: http.StatusServiceUnavailable, code: codeOverloaded, message: overloadedMessage}
	case wire.Refusal_NONE, wire.Refusal_STALE_EPOCH: // written again without a claim
	}
	return nil
}
