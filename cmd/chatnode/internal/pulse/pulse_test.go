package pulse_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

func TestPulseTellsWhatHasChanged(t *testing.T) {
	var reads atomic.Int64
	server := httptest.NewServer(pulse.Handler(func() pulse.Pulse {
		// The same thrice, then another: three lines would be one too many.
		n := int(reads.Add(1))
		return pulse.Pulse{Sessions: (n + 2) / 3, Guards: []string{"expiry"}}
	}))
	defer server.Close()
	reply, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	lines := bufio.NewScanner(reply.Body)
	for want := 1; want <= 2; want++ {
		var p pulse.Pulse
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &p) != nil || p.Sessions != want || p.Guards[0] != "expiry" {
			t.Fatalf("line %d: got %q, want %d sessions", want, lines.Text(), want)
		}
	}
	if n := reads.Load(); n != 4 {
		t.Errorf("readings until the second line: got %d, want 4", n)
	}
}
