package cli

import (
	"runtime"
	"strings"
	"testing"
)

func TestDescriptors(t *testing.T) {
	for _, row := range []struct {
		name     string
		limit    descriptors
		sessions int
		line     string
		refused  bool
	}{
		{"ample", descriptors{20_000, true}, 2000, "file descriptors: limit 20000, sessions 19616 fit", false},
		{"just", descriptors{20_000, true}, 19_616, "limit 20000", false},
		{"one too many", descriptors{20_000, true}, 19_617, "limit 20000", true},
		{"hardly any", descriptors{64, true}, 1, "file descriptors: limit 64, sessions 0 fit", true},
		{"endless", descriptors{1<<63 - 1, true}, 1_000_000, "file descriptors: no limit", false},
		{"unknown", descriptors{}, 1_000_000, "file descriptors: no limit", false},
	} {
		if got := row.limit.line(256); !strings.Contains(got, row.line) {
			t.Errorf("%s: got %q, want %q", row.name, got, row.line)
		}
		err := row.limit.need(row.sessions, 256)
		if (err != nil) != row.refused || (err != nil && strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: got %v, want a refusal in one line: %v", row.name, err, row.refused)
		}
	}
	if d := openFiles(); runtime.GOOS == "linux" && (!d.known || d.limit < 64) {
		t.Errorf("this process: got %+v, want its limit", d)
	}
}
