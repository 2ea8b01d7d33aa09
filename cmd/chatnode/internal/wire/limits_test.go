package wire_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
)

func TestCheckToken(t *testing.T) {
	for _, row := range []struct {
		name, token string
		want        codes.Code
	}{
		{"one byte", "x", codes.OK},
		{"the longest", strings.Repeat("x", wire.MaxTokenBytes), codes.OK},
		{"one byte longer", strings.Repeat("x", wire.MaxTokenBytes+1), codes.Unauthenticated},
		{"empty", "", codes.Unauthenticated},
		{"not UTF-8", "a\xff", codes.Unauthenticated},
	} {
		err := wire.CheckToken(row.token)
		if got := status.Code(err); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
		if err != nil && row.token != "" && strings.Contains(err.Error(), row.token) {
			t.Errorf("%s: the error repeats the token: %v", row.name, err)
		}
	}
}
